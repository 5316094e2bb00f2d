"""Names, and what they are saved as; the libraries are in `test_libraries.py`."""

import pickle
import sys

import numpy as np
import pytest

from inlay import Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, MissingPackageError
from inlay.tokenizers import (
    NotOpened,
    characters,
    get_tokenizer,
    is_local,
    lower,
    saved_tokenizer,
    tokenizer_name,
    words,
)
from inlay.tokenizers.named import ELSEWHERE, NAMES, _is_file


def test_names_and_callables():
    assert get_tokenizer("words") is words
    assert get_tokenizer(words) is words
    own = get_tokenizer(str.split)
    assert own("a good film") == ["a", "good", "film"]
    assert get_tokenizer(own) is own
    assert pickle.loads(pickle.dumps(own))("a b") == ["a", "b"]
    assert tokenizer_name(lower) == "lower"
    assert tokenizer_name(str.split) is None
    with pytest.raises(ArgumentError, match=r"one of \['words', 'lower', 'split', 'characters'"):
        get_tokenizer("wrods")
    with pytest.raises(ArgumentTypeError):
        get_tokenizer(3)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("wrods", "words"),
        ("Korean", "kiwi"),
        ("한국어", "kiwi"),
        ("konlpy", "kiwi"),
        ("中文", "jieba"),
        ("japanese", "mecab"),
        ("ไทย", "icu"),
        ("chars", "characters"),
        ("whitespace", "split"),
        ("bert", "path/to/tokenizer.json"),
    ],
)
def test_a_language_or_another_s_name_leads_to_a_tokenizer(name, meant):
    with pytest.raises(ArgumentError) as raised:
        get_tokenizer(name)
    assert raised.value.hint == f"tokenizer={meant!r}"


def test_a_name_like_none_is_not_guessed():
    with pytest.raises(ArgumentError) as raised:
        get_tokenizer("xyzzy")
    assert raised.value.hint == ""
    for meant in ELSEWHERE.values():
        assert meant in NAMES or _is_file(meant)


@pytest.mark.parametrize("answer", ["a b", None, [1, 2], {"a": 1}, {"a", "b"}, 3])
def test_a_tokenizer_that_returns_no_tokens_is_found_out(answer):
    """A string would be counted character by character, numbers as unknown words."""
    with pytest.raises(ArgumentTypeError, match=r"^what the tokenizer returned"):
        Vocabulary.from_texts(["a b"], tokenizer=lambda text: answer)


def test_a_tokenizer_that_returns_a_string_is_told_to_split_it():
    with pytest.raises(ArgumentTypeError, match=r"Try: lambda text: text.lower\(\).split\(\)"):
        get_tokenizer(str.lower)("A b")


@pytest.mark.parametrize("answer", [("a", "b"), np.array(["a", "b"]), iter(["a", "b"])])
def test_a_tokenizer_may_return_tokens_in_whatever_holds_them(answer):
    assert get_tokenizer(lambda text: answer)("a b") == ["a", "b"]


def commas(text):
    """A tokenizer that other processes can import: a generator."""
    yield from text.split(",")


OWN = "tests.tokenizers.test_named:commas"


def test_a_function_by_name_is_imported_and_may_be_a_generator():
    assert get_tokenizer(OWN)("a,b c") == ["a", "b c"]
    assert get_tokenizer("shlex:split")("a 'b c'") == ["a", "b c"]
    assert tokenizer_name(OWN) == OWN
    assert pickle.loads(pickle.dumps(get_tokenizer(OWN)))("a,b") == ["a", "b"]


def test_a_function_that_was_given_itself_has_a_name_if_one_leads_to_it():
    assert tokenizer_name(commas) == OWN
    assert tokenizer_name(lambda text: [text]) is None
    copy = type(commas)(commas.__code__, globals(), "commas")
    assert tokenizer_name(copy) is None  # the name leads to another


@pytest.mark.parametrize(
    "name",
    ["tests.tokenizers.test_named:nothing", "no_such_module:cut", "tests.nothing:cut", "a.:b"],
)
def test_a_function_that_is_not_there(name):
    with pytest.raises(ArgumentError, match="a function that can be imported"):
        get_tokenizer(name)


def test_a_function_of_the_script_itself(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "own_cut", str.split, raising=False)
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert get_tokenizer("__main__:own_cut")("a b") == ["a", "b"]


def test_a_name_that_is_no_function():
    with pytest.raises(ArgumentTypeError, match="test_named:OWN' to be callable"):
        get_tokenizer("tests.tokenizers.test_named:OWN")


def test_a_module_that_fails_within_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_tokenizer.py").write_text("import no_such_thing_at_all")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_thing_at_all"):
        get_tokenizer("broken_tokenizer:cut")


def test_a_module_in_the_working_folder_is_found(tmp_path, monkeypatch):
    (tmp_path / "own_tokenizer_here.py").write_text("def cut(text): return text.split(';')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert get_tokenizer("own_tokenizer_here:cut")("a;b") == ["a", "b"]


def test_prefixes():
    assert get_tokenizer("nfc+words")("\u1112\u1161 e\u0301") == ["하", "\u00e9"]
    assert words("\u1112\u1161") == ["\u1112\u1161"]  # nothing is changed unasked
    assert get_tokenizer("nfkc+lower+characters")("ＡＢ") == ["a", "b"]
    assert get_tokenizer("nfkc+words")("ＧＯＯＤ ㅋㅋㅋ１ ㅎㅏ") == ["GOOD", "ㅋㅋㅋ1", "ㅎㅏ"]
    decomposed = "\u1112\u1161\u11ab\u1100\u1173\u11af"
    assert get_tokenizer("nfkc+words")(decomposed) == ["한글"]
    assert get_tokenizer("lower+split")("A-B c") == ["a-b", "c"]
    assert tokenizer_name("nfkc+lower+words") == "nfkc+lower+words"
    with pytest.raises(ArgumentError, match="got str 'wrods'"):
        get_tokenizer("nfc+wrods")
    with pytest.raises(ArgumentError, match=r"got str 'nfd\+words'"):
        get_tokenizer("nfd+words")


@pytest.mark.parametrize("name", ["ngrams:0", "ngrams:21", "ngrams:x", "ngrams:", "ngrams:-1"])
def test_ngrams_of_what_is_no_length(name):
    with pytest.raises(ArgumentError, match="a number from 1 to 20"):
        get_tokenizer(name)


def test_what_never_looks_across_white_space():
    local = ["words", "lower", "split", "ngrams:2", "nfkc+words", "nfc+lower+split"]
    assert all(is_local(get_tokenizer(name)) for name in local)
    others = ["characters", "unwrap+words", "nfc+characters", OWN]
    assert not any(is_local(get_tokenizer(name)) for name in others)


def test_auto_needs_texts():
    with pytest.raises(ArgumentError, match="there are none to look at"):
        get_tokenizer("auto")


@pytest.mark.parametrize("name", ["words", "ngrams:3", "nfkc+characters"])
def test_what_was_saved_is_a_name(name):
    assert saved_tokenizer(name, hint="load(path, tokenizer=...)") == name


def test_a_saved_function_is_never_imported(tmp_path, monkeypatch):
    (tmp_path / "dangerous_tokenizer.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("dangerous_tokenizer:cut", "nfkc+dangerous_tokenizer:cut"):
        found = saved_tokenizer(name, hint="load(path, tokenizer=...)")
        assert isinstance(found, NotOpened)
        assert tokenizer_name(found) == name
        with pytest.raises(ArgumentError, match=r"not imported.*load\(path, tokenizer='"):
            get_tokenizer(found)("a")
        with pytest.raises(ArgumentError, match="not imported"):
            pickle.loads(pickle.dumps(found))("a")


@pytest.mark.parametrize("name", ["wrods", "auto", "nfc+wrods", "ngrams:x", ""])
def test_a_saved_name_that_never_was_one(name):
    with pytest.raises(ArgumentError):
        saved_tokenizer(name, hint="")


@pytest.mark.parametrize("name", [3, ["words"], True])
def test_what_is_no_name_at_all(name):
    with pytest.raises(ArgumentTypeError, match="tokenizer: expected a name"):
        saved_tokenizer(name, hint="")


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("jieba", "jieba", "jieba"),
        ("kiwi", "kiwipiepy", "kiwi"),
        ("mecab", "fugashi", "mecab"),
        ("icu", "icu4py", "icu"),
        ("nfkc+kiwi", "kiwipiepy", "kiwi"),
    ],
)
def test_a_missing_library_says_what_to_install_before_any_text(name, module, extra, monkeypatch):
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setattr(sys, "meta_path", [_Without(module), *sys.meta_path])
    with pytest.raises(MissingPackageError, match=rf'pip install "inlay\[{extra}\]"'):
        get_tokenizer(name)
    found = saved_tokenizer(name, hint="load(path, tokenizer=...)")
    assert tokenizer_name(found) == name  # and what was saved with it opens
    with pytest.raises(MissingPackageError, match="pip install"):
        found("a")


class _Without:
    """An importer for which one package is not installed."""

    def __init__(self, module):
        self.module = module

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.module:
            raise ModuleNotFoundError(f"No module named {self.module!r}", name=self.module)


def test_plain_ones_pickle_as_themselves():
    for tokenizer in (words, lower, characters):
        assert pickle.loads(pickle.dumps(tokenizer)) is tokenizer
    assert pickle.loads(pickle.dumps(get_tokenizer("nfkc+ngrams:2")))("ＡＢc") == ["AB", "Bc"]
