"""`inlay.compat.torchtext`: vectors as tensors, vocabularies, and the rules of its tokenizer."""

import copy
import importlib
import pickle
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

import inlay
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    IdError,
    MissingFileError,
    NotOfferedError,
    UnknownNameError,
    UnknownTokenError,
)
from inlay.sources import Source, find

torch = pytest.importorskip("torch")

from inlay.compat.torchtext.data import get_tokenizer, ngrams_iterator, to_map_style_dataset  # noqa: E402
from inlay.compat.torchtext.data.utils import basic_english  # noqa: E402
from inlay.compat.torchtext.vocab import (  # noqa: E402
    FastText,
    GloVe,
    Vectors,
    Vocab,
    build_vocab_from_iterator,
    pretrained_aliases,
    vectors,
    vocab,
)

GLOVE = "good 1 0 0.5\nfilm 0 1 0\nbad -1 0.25 0\n"


@pytest.fixture
def path(make):
    return make(GLOVE, "small.txt")


def equal(tensor, numbers):
    return tensor.dtype == torch.float32 and torch.equal(tensor, torch.tensor(numbers))


# -- Vectors ---------------------------------------------------------------------------------


def test_what_vectors_have(path):
    v = Vectors(path)
    assert equal(v.vectors, [[1, 0, 0.5], [0, 1, 0], [-1, 0.25, 0]])
    assert v.stoi == {"good": 0, "film": 1, "bad": 2}
    assert list(v.itos) == ["good", "film", "bad"]
    assert v.itos[:2] == ["good", "film"]
    assert (v.dim, len(v), "film" in v, "no" in v) == (3, 3, True, False)
    assert equal(v["film"], [0.0, 1, 0])
    assert equal(v["no"], [0.0, 0, 0])


def test_tokens_are_looked_up(path):
    v = Vectors(path)
    assert equal(v.get_vecs_by_tokens("bad"), [-1, 0.25, 0])
    both = v.get_vecs_by_tokens(["film", "Good", "no"])
    assert equal(both, [[0.0, 1, 0], [0, 0, 0], [0, 0, 0]])
    lowered = v.get_vecs_by_tokens(["film", "Good", "no"], lower_case_backup=True)
    assert equal(lowered, [[0.0, 1, 0], [1, 0, 0.5], [0, 0, 0]])
    assert v.get_vecs_by_tokens([]).shape == (0, 3)
    both[0] = 9  # a copy, as torchtext's stack is
    assert equal(v["film"], [0.0, 1, 0])
    with pytest.raises(ArgumentTypeError):
        v.get_vecs_by_tokens([3])


def test_unknown_tokens_are_what_unk_init_makes_of_them(path):
    v = Vectors(path, unk_init=lambda tensor: tensor.fill_(7))
    assert equal(v["no"], [7.0, 7, 7])
    assert equal(v.get_vecs_by_tokens(["no", "film"]), [[7.0, 7, 7], [0, 1, 0]])
    torch.manual_seed(0)
    normal = Vectors(path, unk_init=torch.Tensor.normal_)
    assert not torch.equal(normal["no"], normal["no"])
    with pytest.raises(ArgumentTypeError, match="unk_init"):
        Vectors(path, unk_init=3)


def test_the_tensor_is_in_the_memory_of_the_table(path, tmp_path):
    v = Vectors(path)
    assert v.vectors.data_ptr() == v.table.storage.ctypes.data
    native = tmp_path / "small.safetensors"
    inlay.save(v.table, native)
    mapped = Vectors(native)
    assert mapped.vectors.data_ptr() == mapped.table.storage.ctypes.data
    before = native.read_bytes()
    mapped.vectors[0] = 5
    assert native.read_bytes() == before
    wide = inlay.Table(["a"], np.ones((1, 2), "float64"))
    inlay.save(wide, native)
    assert Vectors(native).vectors.dtype == torch.float32


def test_an_embedding_of_all_vectors(path):
    layer = torch.nn.Embedding.from_pretrained(Vectors(path).vectors)
    assert equal(layer(torch.tensor([1, 2])), [[0, 1, 0], [-1, 0.25, 0]])


@pytest.mark.parametrize(("most", "n"), [(None, 3), (2, 2), (0, 3), (99, 3)])
def test_max_vectors(path, most, n):
    assert len(Vectors(path, max_vectors=most)) == n


def test_they_are_pickled_and_copied(path):
    v = Vectors(path)
    for again in (pickle.loads(pickle.dumps(v)), copy.deepcopy(v)):
        assert torch.equal(again.vectors, v.vectors)


def test_what_lies_in_a_cache_of_torchtexts_is_found(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "glove.6B.50d.txt").write_text(GLOVE)
    assert len(GloVe("6B", 50, cache=tmp_path / "mine")) == 3
    assert len(Vectors("glove.6B.50d.txt", cache=tmp_path / "mine")) == 3
    (tmp_path / "mine").rename(tmp_path / ".vector_cache")
    monkeypatch.chdir(tmp_path)
    assert len(GloVe(name="6B", dim="50", max_vectors=2)) == 2


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and a working folder without files."""
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_an_address(cache, tmp_path):
    (tmp_path / "small.vec").write_text("3 3\n" + GLOVE)
    assert len(Vectors("small.vec", url=(tmp_path / "small.vec").as_uri())) == 3
    with zipfile.ZipFile(tmp_path / "several.zip", "w") as archive:
        archive.writestr("a.3d.txt", GLOVE)
        archive.writestr("b.3d.txt", "only 1 2 3\n")
    found = Vectors("b.3d.txt", url=(tmp_path / "several.zip").as_uri())
    assert list(found.itos) == ["only"]
    with pytest.raises(MissingFileError):
        Vectors("no such file")


@pytest.fixture
def catalogue(cache, tmp_path, monkeypatch):
    """Every name that is looked for in the catalogue is this small file; the names are noted."""
    (tmp_path / "small.txt").write_text(GLOVE)
    asked = []

    def found(name):
        source = find(name)
        if source is None:
            return None
        asked.append(source.name)
        return Source(name="small", url=(tmp_path / "small.txt").as_uri())

    monkeypatch.setattr(vectors, "find", found)
    return asked


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_public_vectors_by_torchtexts_names(catalogue):
    assert equal(GloVe(name="840B", dim=300)["film"], [0.0, 1, 0])
    assert len(GloVe("twitter.27B", "25", max_vectors=1)) == 1
    assert FastText(language="ko").dim == 3
    assert FastText(unk_init=lambda tensor: tensor.fill_(2))["no"][0] == 2
    wanted = ["glove.840B.300d", "glove.twitter.27B.25d", *["wiki.ko"] * 2, *["wiki.en"] * 2]
    assert catalogue == wanted


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
@pytest.mark.parametrize("alias", sorted(pretrained_aliases))
def test_every_alias_is_in_the_catalogue(catalogue, alias):
    assert len(pretrained_aliases[alias]()) == 3
    assert catalogue[-1] in (alias, f"wiki.{alias.split('.')[1]}")


def test_vectors_that_there_are_not():
    for call in (lambda: GloVe("6B", 64), lambda: GloVe("7B"), lambda: FastText("xx-none")):
        with pytest.raises(ArgumentError):
            call()
    with pytest.raises(ArgumentError, match="'6B' with dim 50, 100, 200, 300"):
        GloVe("6B", 64)


# -- Vocab -----------------------------------------------------------------------------------


def test_the_order_of_a_dict_is_kept():
    counts = OrderedDict(Counter("b b b a a c".split()).most_common())
    v = vocab(counts, min_freq=2)
    assert v.get_itos() == ["b", "a"]
    assert vocab(counts, specials=["<unk>", "a"]).get_itos() == ["<unk>", "a", "b", "c"]
    last = vocab(counts, specials=["<unk>"], special_first=False)
    assert last.get_itos() == ["b", "a", "c", "<unk>"]
    assert vocab({"a": 0, "b": 1}, min_freq=0).get_itos() == ["a", "b"]
    assert list(counts) == ["b", "a", "c"]
    with pytest.raises(ArgumentTypeError, match="build_vocab_from_iterator"):
        vocab(["a", "b"])
    with pytest.raises(ArgumentError, match="'<unk>', which has the id 0"):
        vocab(counts, specials=["<unk>", "<unk>"])


LISTS = ["c b b".split(), "a a b d".split(), ["c"]]


@pytest.mark.parametrize(
    ("settings", "tokens"),
    [
        ({}, "b a c d"),  # equal counts by their letters
        ({"min_freq": 2}, "b a c"),
        ({"specials": ["<unk>", "<pad>"]}, "<unk> <pad> b a c d"),
        ({"specials": ["<unk>"], "special_first": False}, "b a c d <unk>"),
        ({"specials": ["<unk>"], "max_tokens": 3}, "<unk> b a"),
        ({"max_tokens": 2}, "b a"),
        ({"specials": ["b"], "max_tokens": 3}, "b a"),  # cut first, and then the special one left
        ({"min_freq": 3, "max_tokens": 3}, "b"),
    ],
)
def test_lists_of_tokens_are_counted(settings, tokens):
    assert build_vocab_from_iterator(iter(LISTS), **settings).get_itos() == tokens.split()


def test_lists_that_cannot_be_counted():
    with pytest.raises(ArgumentError, match="more than the 1 special"):
        build_vocab_from_iterator(LISTS, specials=["<unk>"], max_tokens=1)
    with pytest.raises(ArgumentTypeError, match=r"tokenizer\(text\) for each text"):
        build_vocab_from_iterator(["a good film"])


@pytest.fixture
def v():
    return build_vocab_from_iterator(LISTS, specials=["<unk>"])


def test_ids_and_tokens(v):
    assert v["b"] == 1
    assert v(["b", "a", "d"]) == v.forward(["b", "a", "d"]) == v.lookup_indices(["b", "a", "d"])
    assert v(["b", "a", "d"]) == [1, 2, 4]
    assert v.lookup_token(4) == "d"
    assert v.lookup_tokens([1, 0]) == ["b", "<unk>"]
    assert len(v) == 5
    assert "b" in v
    assert "x" not in v
    assert v.get_stoi() == {"<unk>": 0, "b": 1, "a": 2, "c": 3, "d": 4}
    for wrong in (5, -1):
        with pytest.raises(IdError):
            v.lookup_token(wrong)
    with pytest.raises(ArgumentTypeError):
        v("b a")
    for ids in ("a", 5, [1.5], [True]):
        with pytest.raises(ArgumentTypeError):
            v.lookup_tokens(ids)
    with pytest.raises(ArgumentTypeError, match="an id, a whole number, got str 'a'"):
        v.lookup_token("a")
    assert v.lookup_tokens(torch.tensor([1, 0])) == ["b", "<unk>"]


def test_what_is_of_another_kind_is_refused(tmp_path):
    (tmp_path / "v.txt").write_text("good 1 0\n")
    for wrong, call in (
        ("a count: expected a number", lambda: vocab({"a": "x"})),
        ("line: expected a text", lambda: get_tokenizer("basic_english")(5)),
        ("iter_data: expected a list", lambda: to_map_style_dataset(5)),
        ("max_vectors: expected", lambda: Vectors(tmp_path / "v.txt", max_vectors="x")),
        ("GloVe: expected '6B'", lambda: GloVe("6B", dim="x")),
        ("of unk_init", lambda: Vectors(tmp_path / "v.txt", unk_init=lambda t: t[:1])["bad"]),
    ):
        with pytest.raises((ArgumentTypeError, ArgumentError), match=wrong):
            call()
    filled = Vectors(tmp_path / "v.txt", unk_init=lambda t: [t.fill_(7)].clear())
    assert filled["bad"].tolist() == [7, 7]


def test_the_default_index(v):
    assert v.get_default_index() is None
    with pytest.raises(UnknownTokenError, match=r"Try: v.set_default_index\(v\['<unk>'\]\)"):
        v(["b", "x"])
    v.set_default_index(v["<unk>"])
    assert v(["b", "x"]) == [1, 0]
    v.set_default_index(-1)
    assert (v["x"], v.get_default_index()) == (-1, -1)
    v.set_default_index(None)
    with pytest.raises(UnknownTokenError):
        _ = v["x"]


def test_tokens_are_added(v):
    v.append_token("e")
    assert v["e"] == 5
    v.insert_token("first", 0)
    assert v.get_itos() == ["first", "<unk>", "b", "a", "c", "d", "e"]
    assert [v[token] for token in v.get_itos()] == list(range(7))
    for call in (lambda: v.append_token("b"), lambda: v.insert_token("b", 0)):
        with pytest.raises(ArgumentError):
            call()
    for place in (8, -1, "0"):
        with pytest.raises(IdError):
            v.insert_token("new", place)
    v.insert_token("last", 7)
    assert v.lookup_token(7) == "last"


def test_what_it_gives_is_ones_own(v):
    v.get_itos().append("x")
    v.get_stoi()["x"] = 9
    assert "x" not in v
    assert len(v.get_itos()) == 5


def test_it_is_a_module(v):
    assert isinstance(v, torch.nn.Module)
    assert isinstance(v, Vocab)
    assert torch.nn.Sequential(v)(["a", "b"]) == [2, 1]
    v.set_default_index(0)
    for again in (pickle.loads(pickle.dumps(v)), copy.deepcopy(v)):
        assert again(["a", "x"]) == [2, 0]
        again.append_token("x")
        assert "x" not in v


def test_names_of_older_versions(v):
    with pytest.raises(UnknownNameError, match=r"Try: v.get_stoi\(\)"):
        _ = v.stoi
    with pytest.raises(AttributeError):
        _ = v.no_such_name
    with pytest.raises(ArgumentTypeError, match=r"vocab\(ordered_dict\)"):
        Vocab(Counter("a a b".split()))


# -- tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("You can now install TorchText!", "you can now install torchtext !"),
        ("Don't", "don ' t"),
        ('say "so-so"', "say so-so"),
        ('a"b', "ab"),  # a quotation mark parts nothing
        ("one<br />two <BR />three", "one two three"),
        ("a<br/>b", "a<br/>b"),
        ("(see: 3.5); yes, really?", "( see 3 . 5 ) yes , really ?"),
        ("wait...", "wait . . ."),
        ("  tabs\tand\nlines ", "tabs and lines"),
        ("50% & more #1", "50% & more #1"),
        ("", ""),
    ],
)
def test_basic_english(text, tokens):
    assert get_tokenizer("basic_english")(text) == tokens.split()


def test_basic_english_is_its_twelve_replacements_in_a_row():
    """As torchtext documents them: patterns, and what stands in the place of each."""
    import re

    rules = [(r"'", " '  "), ('"', ""), (r"\.", " . "), ("<br />", " "), (",", " , ")]
    rules += [(r"\(", " ( "), (r"\)", " ) "), ("!", " ! "), (r"\?", " ? ")]
    rules += [(";", " "), (":", " "), (r"\s+", " ")]
    rng = np.random.default_rng(0)
    pieces = [*"'\".,()!?;:<>/ \t\nAbé한-", "<br />", '<br" />', "<b", "r />", "İ", "\u2028"]
    for _ in range(2000):
        text = "".join(rng.choice(pieces, rng.integers(0, 30)))
        expected = text.lower()
        for pattern, replacement in rules:
            expected = re.sub(pattern, replacement, expected)
        assert basic_english(text) == expected.split(), repr(text)


def test_other_tokenizers():
    assert get_tokenizer(None)("A b,c") == ["A", "b,c"]
    assert get_tokenizer(str.split) == str.split
    assert get_tokenizer("lower")("A b,c") == ["a", "b", ",", "c"]
    with pytest.raises(ArgumentError, match=r"spacy\.blank"):
        get_tokenizer("spacy")
    with pytest.raises(ArgumentError, match="'en'"):
        get_tokenizer("basic_english", language="de")
    with pytest.raises(ArgumentError):
        get_tokenizer("no such tokenizer")


def test_a_vocabulary_of_ours_takes_its_tokenizer(tmp_path):
    made = inlay.Vocabulary.from_texts(["Don't!"], tokenizer=get_tokenizer("basic_english"))
    made.save(tmp_path / "v.json")
    again = inlay.Vocabulary.load(tmp_path / "v.json", tokenizer=basic_english)
    assert again.encode(["DON'T"]).tolist() == made.encode(["don't"]).tolist()
    assert made["don"] > 1


def test_ngrams():
    tokens = "here we are".split()
    assert list(ngrams_iterator(tokens, 1)) == tokens
    assert list(ngrams_iterator(tokens, 2)) == [*tokens, "here we", "we are"]
    assert list(ngrams_iterator(tokens, 5)) == [*tokens, "here we", "we are", "here we are"]
    assert list(ngrams_iterator(tokens, 0)) == tokens
    assert list(ngrams_iterator([], 3)) == []


def test_a_list_of_an_iterator():
    assert to_map_style_dataset(iter([(1, "a"), (2, "b")])) == [(1, "a"), (2, "b")]


# -- what is not there -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("from inlay.compat.torchtext.vocab import SubwordVocab", "cc.en.300.bin"),
        ("from inlay.compat.torchtext.datasets import AG_NEWS", "inlay.read_labelled"),
        ("from inlay.compat.torchtext.datasets import IMDB", r"inlay.read_labelled\('imdb'"),
        ("from inlay.compat.torchtext import datasets; datasets.IMDB", "inlay.read_labelled"),
        ("from inlay.compat.torchtext.data import Field, BucketIterator", "inlay.Vocabulary"),
        ("from inlay.compat.torchtext import data; data.BucketIterator", "DataLoader"),
        ("from inlay.compat.torchtext.legacy import data; data.Field", "inlay.read_labelled"),
        ("from inlay.compat.torchtext.legacy.data import Field", "inlay.read_labelled"),
        ("import inlay.compat.torchtext.transforms as T; T.VocabTransform", r"encode\(texts"),
        ("from inlay.compat.torchtext import models", "inlay.load_encoder"),
        ("from inlay.compat.torchtext.data.utils import RandomShuffler", "shuffle"),
        ("from inlay.compat.torchtext.data.metrics import bleu_score", "sacrebleu"),
        ("from inlay.compat.torchtext.functional import to_tensor", r"encode\(texts"),
        ("from inlay.compat.torchtext.models import XLMR_BASE_ENCODER", "inlay.load_encoder"),
        ("from inlay.compat.torchtext.datasets.imdb import IMDB", r"inlay.read_labelled\('imdb'"),
        ("from inlay.compat.torchtext.utils import download_from_url", "inlay.sources.fetch"),
        ("import inlay.compat.torchtext.experimental.datasets", "inlay.read_labelled"),
    ],
)
def test_what_is_not_offered_says_what_to_write(line, instead):
    with pytest.raises(NotOfferedError, match=f"Try: .*{instead}"):
        exec(line)
    assert issubclass(NotOfferedError, ImportError)


def test_a_name_of_neither_library():
    with pytest.raises(ImportError, match="cannot import name"):
        exec("from inlay.compat.torchtext.vocab import NoSuchName")
    for name in ("torchtext", "torchtext.data", "torchtext.datasets", "torchtext.vocab"):
        assert not hasattr(importlib.import_module(f"inlay.compat.{name}"), "no_such_name")


def test_the_tokenizer_needs_no_pytorch():
    script = (
        "import sys; from inlay.compat.torchtext.data.utils import get_tokenizer\n"
        "from inlay.compat.torchtext.vocab import GloVe, vocab\n"
        "print(get_tokenizer('basic_english')('A b!'), 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == "['a', 'b', '!'] False", answer.stderr
