"""The tokenizers of libraries, each where it is installed, by what they are known to answer."""

import pickle
import subprocess
import sys

import pytest

from inlay import Vocabulary
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.tokenizers import batched, get_tokenizer, saved_tokenizer, tokenizer_name
from tests.data import shared
from tests.processes import STARTS, in_worker

LIBRARIES = [
    ("jieba", "jieba", "我来到北京清华大学 hello，好", "我|来到|北京|清华大学|hello|，|好"),
    ("kiwi", "kiwipiepy", "영화가 정말 재밌었어요", "영화|가|정말|재밌|었|어요"),
    ("mecab", "fugashi", "私は東京に住んでいます。", "私|は|東京|に|住ん|で|い|ます|。"),
    ("icu", "icu4py", "ผมชอบภาพยนตร์เรื่องนี้มาก good!", "ผม|ชอบ|ภาพยนตร์|เรื่อง|นี้|มาก|good|!"),
    ("unwrap+jieba", "jieba", "这部电\n影很好", "这部|电影|很|好"),
]
each = pytest.mark.parametrize(("name", "module", "text", "expected"), LIBRARIES)


def opened(name, module):
    pytest.importorskip(module)
    return get_tokenizer(name)


@each
def test_words_of_the_language(name, module, text, expected):
    tokenizer = opened(name, module)
    assert tokenizer(text) == expected.split("|")
    assert tokenizer("") == tokenizer(" \n\t ") == []
    assert tokenizer_name(tokenizer) == name == saved_tokenizer(name, hint="")
    # Many at once give the same, whatever lies between them.
    assert list(batched(tokenizer, iter([text, "", "ok", text]))) == [
        tokenizer(text),
        [],
        ["ok"],
        tokenizer(text),
    ]


@each
def test_what_is_no_text(name, module, text, expected):
    tokenizer = opened(name, module)
    with pytest.raises(ArgumentTypeError, match="expected a text, as one string"):
        tokenizer(None)
    try:  # half a surrogate pair: an answer, or a sentence of ours
        assert isinstance(tokenizer("a \ud800 b"), list)
    except ArgumentError as error:
        assert "surrogate" in str(error)  # noqa: PT017
        with pytest.raises(ArgumentError, match="surrogate"):
            list(batched(tokenizer, ["a \ud800 b"]))


@each
def test_vocabularies_know_it(name, module, text, expected, tmp_path):
    opened(name, module)
    vocab = Vocabulary.from_texts([text], tokenizer=name)
    vocab.save(tmp_path / "v.json")
    loaded = Vocabulary.load(tmp_path / "v.json")
    assert loaded.tokenizer == name
    assert loaded.tokenize(text) == expected.split("|")
    assert (loaded.encode([text]) > 1).all()


def in_use(name, module, text):
    """A tokenizer and a text; it has its threads, which a fork does not."""
    tokenizer = opened(name, module)
    list(batched(tokenizer, [text] * 50))
    return tokenizer, text


def answer(given):
    tokenizer, text = given
    return tokenizer(text)


@pytest.mark.parametrize("start", STARTS)
@each
def test_it_goes_to_workers(name, module, text, expected, start):
    opened(name, module)  # else skips
    assert in_worker(start, answer, in_use, name, module, text) == expected.split("|")


def test_hangul_from_file_names_is_read_like_any_other():
    tokenizer = opened("kiwi", "kiwipiepy")
    decomposed = "\u110b\u1167\u11bc\u1112\u116a\u1100\u1161"
    assert tokenizer(decomposed) == tokenizer("영화가") == ["영화", "가"]


def test_endings_of_less_than_a_syllable_are_as_they_are_typed():
    tokenizer = opened("kiwi", "kiwipiepy")
    expected = ["보", "ㄴ다", ".", "가", "ㅂ니다"]
    assert tokenizer("본다. 갑니다") == expected
    assert list(batched(tokenizer, ["본다. 갑니다"])) == [expected]


def test_kiwi_sees_a_space_of_no_width():
    tokenizer = opened("kiwi", "kiwipiepy")
    assert tokenizer("영화\u200b관에") == tokenizer("영화 관에") == ["영화", "관", "에"]


def test_kiwi_reads_many_texts_no_further_ahead_than_it_must():
    tokenizer = opened("kiwi", "kiwipiepy")
    taken = []
    texts = (taken.append(i) or f"영화 {i}" for i in range(100_000))
    first = next(iter(tokenizer.batch(texts)))
    assert first == ["영화", "0"]
    assert len(taken) < 10_000


@pytest.mark.parametrize("emoji", ["👍🏽", "❤️", "👨‍👩‍👧", "🇨🇳", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_jieba_keeps_emoji_of_several_characters_together(emoji):
    from inlay.tokenizers.jieba import _cut

    tokenizer = opened("jieba", "jieba")
    expected = ["很", "好", emoji, "，", "好吃", emoji, emoji]
    assert tokenizer(f"很好{emoji}，好吃{emoji}{emoji}") == expected
    plain = "C++和c#、3.5分…好！！:-)é"
    assert tokenizer(plain) == _cut()(plain)


def test_jieba_is_quiet_and_does_not_depend_on_the_process():
    opened("jieba", "jieba")
    code = """if True:
        import jieba
        from inlay.tokenizers import get_tokenizer
        tokenizer = get_tokenizer("jieba")
        jieba.add_word("很好吃")
        print("|".join(tokenizer("很好吃")))
    """
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip().split("|") == get_tokenizer("jieba")("很好吃")
    assert done.stderr == ""


FILES = [
    ("tokenizers", "model2vec-minilm/tokenizer.json", "Unbelievable film", "unbelievable|film"),
    (
        "sentencepiece",
        "sentencepiece-tftext/test_oss_model.model",
        "this is",
        "▁this|▁is",
    ),
]


@pytest.mark.parametrize(("module", "file", "text", "expected"), FILES)
def test_files_of_pieces(module, file, text, expected, tmp_path):
    pytest.importorskip(module)
    path = tmp_path / file.rpartition("/")[2]
    path.write_bytes(shared(*file.split("/")).read_bytes())
    tokenizer = get_tokenizer(path)
    assert tokenizer(text) == expected.split("|") == get_tokenizer(str(path))(text)
    many = list(batched(tokenizer, [text, ""] * 1000))
    assert many == [tokenizer(text), []] * 1000
    assert pickle.loads(pickle.dumps(tokenizer))(text) == tokenizer(text)
    name = tokenizer_name(path)
    assert name.startswith(f"{path}#sha256=")
    assert len(name) == len(f"{path}#sha256=") + 64
    assert get_tokenizer(name)(text) == tokenizer(text)
    assert tokenizer_name(f"lower+{path}") == f"lower+{name}"

    vocab = Vocabulary.from_texts([text], tokenizer=str(path))
    vocab.save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").tokenize(text) == tokenizer(text)

    path.write_bytes(path.read_bytes() + b"\n")  # another file in its place
    with pytest.raises(FormatError, match="another file, of"):
        get_tokenizer(name)
    with pytest.raises(FormatError, match="another file, of"):
        tokenizer(text)
    changed = Vocabulary.load(tmp_path / "v.json")  # its ids are as good as before
    with pytest.raises(FormatError, match=r"Try: Vocabulary.load\(path, tokenizer=\.\.\.\)"):
        changed.tokenize(text)
    path.unlink()
    with pytest.raises(MissingFileError, match="nothing there"):
        get_tokenizer(name)
    with pytest.raises(MissingFileError, match="tokenizer="):
        Vocabulary.load(tmp_path / "v.json").tokenize(text)


@pytest.mark.parametrize(
    ("module", "name", "content"),
    [
        ("tokenizers", "tokenizer.json", b'{"version": 3}'),
        ("tokenizers", "tokenizer.json", b"{"),
        ("sentencepiece", "x.model", b"no model"),
        ("sentencepiece", "x.model", b""),
    ],
)
def test_files_that_are_no_tokenizers(module, name, content, tmp_path):
    pytest.importorskip(module)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=name):
        get_tokenizer(tmp_path / name)


def test_padding_and_truncation_of_a_file_are_not_for_us(tmp_path):
    library = pytest.importorskip("tokenizers")
    model = library.models.WordLevel({"a": 0, "b": 1, "[UNK]": 2, "[PAD]": 3}, unk_token="[UNK]")
    made = library.Tokenizer(model)
    made.pre_tokenizer = library.pre_tokenizers.Whitespace()
    made.enable_truncation(2)
    made.enable_padding(length=5, pad_id=3, pad_token="[PAD]")
    made.save(str(tmp_path / "tokenizer.json"))
    assert get_tokenizer(tmp_path)("a b a") == ["a", "b", "a"]  # the folder will do
