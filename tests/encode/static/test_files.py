"""Folders of model2vec, held to model2vec's own output; our own folders; any file of vectors."""

import json
import lzma
import shutil
from itertools import islice

import numpy as np
import pytest
from fuzz.others import safetensors_of

import inlay
from inlay import Table, load_encoder
from inlay.encode import ENCODERS, as_encoder
from inlay.encode.kinds import recognise
from inlay.encode.static import StaticEncoder
from inlay.errors import ArgumentError, FormatError, InlayWarning
from inlay.tokenizers.protocol import splits_at_spaces
from tests.conformance.check_encoder import TEXTS, check_encoder
from tests.data import shared
from tests.encode.static.tables import FLOATS, WORDS, composing, table

PIECES = ["[PAD]", "[UNK]", "a", "good", "film", "##s", "##y", ",", "!", "é", "영", "##화"]
PIECES += ["很", "好", "long", "e", ".", "movie", "actor", "story", "##ing"]
PIECES += ["화", "가", "나"]  # the median has 2 characters, and 3 bytes
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True}
BERT |= {"strip_accents": None, "lowercase": True}
ODD = [
    *TEXTS,
    "A GOOD, good film!",
    "films filmy 영화 很好 🎬",
    "[UNK] good [PAD] film[UNK]",
    "a\x1cgood\x85b film\x0bs\tgood\nfilm a\u00a0good",
    "e\u0301 \u0301 é e \u0301",
    "  good   film  ",
    " ".join(np.random.default_rng(3).choice(["good", "film", "long", "a"], 700)),
    "x" * 4000 + " good",
    "good\u3000film\u2028a",
]


def tokenizer(normalizer=BERT, splitter="BertPreTokenizer", kind="WordPiece", added=()):
    """A `tokenizer.json` of a few pieces; of two it says that they were added."""
    special = [(0, "[PAD]"), (1, "[UNK]"), *added]
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    vocab = {piece: i for i, piece in enumerate(PIECES)}
    model = {"type": kind, "unk_token": "[UNK]", "vocab": vocab}
    model |= {"continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    if kind == "Unigram":
        vocab = [[piece, -float(i)] for i, piece in enumerate(PIECES)]
        model = {"type": kind, "unk_id": 1, "vocab": vocab, "byte_fallback": False}
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 3, "strategy": "LongestFirst"}
        | {"stride": 0},
        "padding": None,
        "added_tokens": [
            {"id": i, "content": content, "special": True} | flags for i, content in special
        ],
        "normalizer": normalizer,
        "pre_tokenizer": splitter if isinstance(splitter, dict) else {"type": splitter},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }


def folder_of(path, config=None, pieces=None, **arrays):
    """Write a folder of model2vec."""
    path.mkdir(exist_ok=True)
    floats = np.random.default_rng(0).normal(0, 0.1, (len(PIECES), 4)).astype(np.float32)
    (path / "model.safetensors").write_bytes(safetensors_of(**arrays or {"embeddings": floats}))
    (path / "tokenizer.json").write_text(json.dumps(pieces or tokenizer()))
    (path / "config.json").write_text(json.dumps({"model_type": "model2vec"} | (config or {})))
    return path


def quantised():
    """Rows that pieces share, and weights, as of a quantised vocabulary."""
    rng = np.random.default_rng(1)
    return {
        "embeddings": rng.normal(0, 0.1, (5, 4)).astype(np.float32),
        "mapping": rng.integers(0, 5, len(PIECES)),
        "weights": rng.uniform(0.5, 2, len(PIECES)).astype(np.float32),
    }


METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
CASES = {
    "plain": {},
    "unit": {"config": {"normalize": True}},
    "short": {"config": {"max_length": 2}},
    "whole": {"config": {"max_length": None}},
    "quantised": quantised(),
    "int8": {"embeddings": (np.arange(len(PIECES) * 4) % 250 - 120).reshape(-1, 4).astype("i1")},
    "unigram": {"pieces": tokenizer(None, METASPACE, "Unigram")},
}


@pytest.mark.parametrize("case", CASES)
def test_a_folder_of_model2vec_is_what_it_is_there(case, tmp_path):
    peer = pytest.importorskip("model2vec", reason="model2vec itself is not installed").StaticModel
    folder = folder_of(tmp_path / "m", **CASES[case])
    expected = peer.from_pretrained(folder).encode(ODD)
    encoder = load_encoder(folder)
    assert isinstance(encoder, StaticEncoder)
    np.testing.assert_allclose(encoder.encode(ODD), expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(encoder.encode(ODD), [encoder.encode([t])[0] for t in ODD])
    asked = load_encoder(folder, max_length=3).encode(ODD)
    expected = peer.from_pretrained(folder, max_length=3).encode(ODD)
    np.testing.assert_allclose(asked, expected, rtol=0, atol=1e-6)


def test_settings_of_model2vec_are_read_without_it(tmp_path):
    """The same by hand: pieces as the folder's tokenizer makes them, unknown ones left out."""
    library = pytest.importorskip("tokenizers")
    folder = folder_of(tmp_path / "m")
    encoder = load_encoder(folder)
    assert (encoder.max_length, encoder.max_characters, encoder.normalize) == (512, 512 * 2, False)
    own = library.Tokenizer.from_file(str(folder / "tokenizer.json"))
    own.no_truncation()
    rows = inlay.load(folder).vectors
    for text in ODD[:16]:
        ids = [i for i in own.encode(text, add_special_tokens=False).ids if i != 1]
        expected = rows[ids].mean(0) if ids else np.zeros(4)
        np.testing.assert_allclose(encoder.encode([text])[0], expected, atol=1e-6)
    folder_of(tmp_path / "m", {"normalize": True, "max_length": 9})
    encoder = load_encoder(folder)
    assert (encoder.max_length, encoder.max_characters, encoder.normalize) == (9, 18, True)
    assert load_encoder(folder, max_length=2).max_characters == 4
    with pytest.warns(InlayWarning, match="by the tokenizer in the folder, not by 'words'"):
        assert load_encoder(folder, tokenizer="words").tokenize("films") == ["films"]
    load_encoder(folder, tokenizer=folder / "tokenizer.json")  # warnings are errors here
    (folder / "config.json").write_text("{}")
    (folder / "modules.json").write_text(json.dumps([{"type": "a.StaticEmbedding"}]))
    assert not load_encoder(folder).normalize
    (folder / "modules.json").write_text(
        json.dumps([{"type": "a.StaticEmbedding"}, {"type": "b.Normalize"}])
    )
    assert load_encoder(folder).normalize
    (folder / "modules.json").write_text(
        json.dumps([{"type": "StaticEmbedding"}, {"type": "Dense"}])
    )
    with pytest.raises(FormatError, match=r"StaticEmbedding, then Normalize.*got .*Dense"):
        load_encoder(folder)


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("truncation", [True, False])
def test_static_embeddings_of_sentence_transformers(unit, truncation, tmp_path):
    """The unknown token counts, and nothing is cut but as the tokenizer says."""
    library = pytest.importorskip("tokenizers")
    pieces = tokenizer()
    if not truncation:
        pieces["truncation"] = None
    floats = np.random.default_rng(0).normal(0, 0.1, (len(PIECES), 4)).astype(np.float32)
    inside = folder_of(tmp_path / "0_StaticEmbedding", None, pieces, **{"embedding.weight": floats})
    (inside / "config.json").unlink()
    names = ["StaticEmbedding", *(["Normalize"] if unit else [])]
    modules = [{"type": f"sentence_transformers.models.{name}"} for name in names]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    encoder = load_encoder(tmp_path)
    own = library.Tokenizer.from_file(str(inside / "tokenizer.json"))
    expected = np.zeros((len(ODD), 4))
    for i, found in enumerate(own.encode_batch(ODD, add_special_tokens=False)):
        if found.ids:
            expected[i] = floats[found.ids].astype(float).mean(0)
    if unit:
        lengths = np.linalg.norm(expected, axis=1, keepdims=True)
        expected = expected / np.where(lengths, lengths, 1)
    np.testing.assert_allclose(encoder.encode(ODD), expected, atol=1e-6)
    assert (encoder.max_length, encoder.max_characters) == (3 if truncation else None, None)
    assert load_encoder(tmp_path, max_length=2).max_length == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, True),
        ({"normalizer": None}, True),
        ({"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFD"}, BERT]}}, True),
        ({"splitter": "Whitespace"}, True),
        (
            {"splitter": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}]}},
            True,
        ),
        ({"normalizer": {"type": "Prepend", "prepend": "▁"}}, False),
        ({"splitter": METASPACE}, False),
        ({"added": [(2, "a good")]}, False),
    ],
)
def test_which_tokenizers_never_look_across_a_space(given, expected, tmp_path):
    pytest.importorskip("tokenizers")
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(tokenizer(**given)))
    split = inlay.tokenizers.get_tokenizer(path)
    assert splits_at_spaces(split) is expected
    cut = [[piece for part in text.split(" ") for piece in split(part)] for text in ODD]
    if expected:
        assert list(split.batch(ODD)) == cut
    for texts in (ODD, [part for text in ODD for part in text.split(" ")], [" a ", "", "\u0301 "]):
        assert list(split.batch(texts)) == [split(text) for text in texts]


def test_the_real_model(tmp_path):
    pytest.importorskip("tokenizers")
    folder = shared("model2vec-minilm")
    check_encoder(lambda: load_encoder(folder), tmp_path, means=False, words=4_000)


def test_the_real_model_is_what_it_is_there():
    peer = pytest.importorskip("model2vec", reason="model2vec itself is not installed").StaticModel
    folder = shared("model2vec-minilm")
    texts = [*ODD]
    for file in ("kowiki", "zhwiki"):
        path = next(path for path in sorted(shared(f"corpus-{file}").iterdir()) if path.is_file())
        opened = lzma.open if path.suffix == ".xz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            texts += [line for line in islice(lines, 200) if line.strip()]
    with lzma.open(shared("imdb", "imdb_unsup.txt.xz"), "rt", encoding="utf-8") as lines:
        texts += islice(lines, 300)
    vectors = load_encoder(folder).encode(texts)
    exact = peer.from_pretrained(folder, quantize_to="float32").encode(texts)
    np.testing.assert_allclose(vectors, exact, rtol=0, atol=1e-6)
    rounded = peer.from_pretrained(folder).encode(texts)  # in the float16 of its embeddings
    np.testing.assert_allclose(vectors, rounded.astype(np.float32), rtol=2e-3, atol=1e-6)


# -- folders of ours ----------------------------------------------------------------------------


@pytest.mark.parametrize("pool", ["sif", "tfidf", "mean+max"])
def test_what_was_learned_comes_back(pool, tmp_path):
    encoder = StaticEncoder([table(), composing()], pool=pool, max_length=7, tokenizer="lower")
    if pool != "mean+max":
        encoder.fit(TEXTS)
    encoder.save(tmp_path / "e")
    again = load_encoder(tmp_path / "e")
    assert (again.hash, again.settings) == (encoder.hash, encoder.settings)
    np.testing.assert_array_equal(again.encode(TEXTS), encoder.encode(TEXTS))
    if pool == "sif":
        assert again.fitted.about == encoder.fitted.about
        StaticEncoder(table(), pool="sif").save(tmp_path / "not")
        assert load_encoder(tmp_path / "not").fitted is None
    assert load_encoder(tmp_path / "e", max_length=2, verify=True).tokenize("a b c") == ["a", "b"]
    assert load_encoder(tmp_path / "e", tokenizer="split").tokenize("A!") == ["A!"]


def test_a_function_that_splits_is_given_again(tmp_path):
    StaticEncoder(table(), tokenizer=lambda text: text.split()).save(tmp_path / "e")
    again = load_encoder(tmp_path / "e")
    assert again.encode([["good"]]).any()
    with pytest.raises(ArgumentError, match=r"no file can hold.*tokenizer=\.\.\."):
        again.encode(["good"])
    given = load_encoder(tmp_path / "e", tokenizer=lambda text: text.split("-"))
    assert given.tokenize("a-good") == ["a", "good"]
    again.save(tmp_path / "f")  # once more without
    assert load_encoder(tmp_path / "f").encode([["good"]]).any()


def test_a_folder_is_whole_in_itself(tmp_path):
    """Its tokenizer is in it, wherever it is moved."""
    pytest.importorskip("tokenizers")
    folder_of(tmp_path / "m")
    encoder = load_encoder(tmp_path / "m")
    encoder.save(tmp_path / "e")
    expected = encoder.encode(ODD)
    shutil.rmtree(tmp_path / "m")
    (tmp_path / "e").rename(tmp_path / "moved")
    again = load_encoder(tmp_path / "moved")
    np.testing.assert_array_equal(again.encode(ODD), expected)
    assert again.settings == encoder.settings


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"pool": "median"}, "settings of a static encoder"),
        ({"tables": ["../table_0.safetensors"]}, "names of files in the folder"),
        ({"tables": []}, "settings of a static encoder"),
        ({"max_length": "7"}, "settings of a static encoder"),
        ({"version": 2}, "of version 2"),
        ({"pool": None}, "settings of a static encoder"),
        ({"tables": ["other.safetensors"]}, "learned"),
    ],
)
def test_damaged_folders(change, match, tmp_path):
    StaticEncoder(table(), pool="sif").fit(TEXTS).save(tmp_path / "e")
    Table(WORDS[1:], FLOATS[1:]).save(tmp_path / "e" / "other.safetensors")
    file = tmp_path / "e" / "encoder.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(FormatError, match=match):
        load_encoder(tmp_path / "e")


@pytest.mark.parametrize("name", ["encoder.json", "learned.safetensors", "table_0.safetensors"])
def test_files_cut_short(name, tmp_path):
    StaticEncoder(table(), pool="sif").fit(TEXTS).save(tmp_path / "e")
    file = tmp_path / "e" / name
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(FormatError):
        load_encoder(tmp_path / "e", kind="static")
    file.unlink()
    with pytest.raises((FormatError, FileNotFoundError)):
        load_encoder(tmp_path / "e", kind="static")


# -- any file of vectors ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["v.txt", "v.safetensors", "v.bin", "v.npz"])
def test_a_file_of_vectors_is_an_encoder(name, tmp_path):
    path = tmp_path / name
    if name == "v.npz":
        np.savez(path, tokens=np.array(WORDS), vectors=FLOATS)
    else:
        inlay.save(Table(WORDS, FLOATS), path, format="glove" if name == "v.txt" else None)
    found = load_encoder(path)
    assert recognise(path, ENCODERS).name == "static"
    expected = StaticEncoder(Table(WORDS, FLOATS)).encode(TEXTS)
    np.testing.assert_allclose(found.encode(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(as_encoder(path).encode(TEXTS), expected, atol=1e-5)
    assert load_encoder(path, max_length=1, tokenizer="split").tokenize("a b") == ["a"]


def test_a_flipped_bit_is_found(tmp_path):
    path = tmp_path / "v.safetensors"
    table().save(path)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(FormatError):
        load_encoder(path, verify=True)
    folder_of(tmp_path / "m")
    with pytest.raises(ArgumentError, match="verify"):
        load_encoder(tmp_path / "m", verify=True)


def test_half_a_surrogate_pair_is_told_of_in_our_words(tmp_path):
    pytest.importorskip("tokenizers")
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(tokenizer()))
    split = inlay.tokenizers.get_tokenizer(path)
    for texts in (["a", "good \ud800 film"], ["\ud800" + "good film " * 9]):
        for run in (lambda t=texts: list(split.batch(t)), lambda t=texts: [*map(split, t)]):
            with pytest.raises(ArgumentError, match=r"half of a surrogate pair, '\\ud800'"):
                run()


def test_another_tokenizer_than_that_of_the_training_is_told_of(tmp_path):
    made = Table(["good"], np.ones((1, 2), "f4"), provenance={"tokenizer": "lower"})
    made.save(tmp_path / "v.safetensors")
    StaticEncoder(made).save(tmp_path / "e")
    for path in (tmp_path / "v.safetensors", tmp_path / "e"):
        with pytest.warns(InlayWarning, match="these vectors .* 'lower', not by 'split'") as told:
            load_encoder(path, tokenizer="split")
        assert told[0].filename == __file__
        assert load_encoder(path, tokenizer="lower").tokenize("Good") == ["good"]
