"""Models of fastText: read, composed, written, against a plain reading of fastText's code.

Where gensim or fastText itself is installed, they are asked too, on real models.
"""

import copy
import gzip
import json
import pickle
import struct
import tracemalloc

import numpy as np
import pytest
from fuzz.fasttext import (
    LABELS,
    MODELS,
    SUPERVISED,
    WORDS,
    dense,
    model,
    quantised,
    supervised,
)

import inlay
from inlay import Table, Vocabulary, load, save
from inlay.errors import (
    ArgumentError,
    FormatError,
    InlayError,
    InlayWarning,
    UnknownTokenError,
)
from inlay.formats import FastText, FastTextVec
from inlay.jobs.threads import thread_count
from tests.data import shared
from tests.processes import in_fresh

LETTERS = "abcdefgxyzéüñß<>_АБВ가나다라영화中文字漢😀👩🔬\u200d🏽 \n"


def unseen(n, seed=0):
    """Words of all kinds, long ones, borders and the end of a sentence among them."""
    rng = np.random.default_rng(seed)
    lengths = rng.choice([1, 2, 3, 5, 8, 20], n)
    made = ["".join(rng.choice(list(LETTERS), size)) for size in lengths.tolist()]
    korean = ["".join(map(chr, rng.integers(0xAC00, 0xD7A4, 4).tolist())) for _ in range(n // 10)]
    chinese = ["".join(map(chr, rng.integers(0x4E00, 0x9FFF, 2).tolist())) for _ in range(n // 10)]
    fixed = ["", "<", ">", "<>", "</s>", "a", "가", "x" * 3000, "__label__good", "__label__", "\0"]
    return [*fixed, *made, *korean, *chinese]


@pytest.fixture(params=MODELS, ids=str)
def made(request):
    return MODELS[request.param]


@pytest.fixture
def path(made, tmp_path):
    (tmp_path / "m.bin").write_bytes(made.dump())
    return tmp_path / "m.bin"


def written(made, folder, name="m.bin"):
    (folder / name).write_bytes(made.dump())
    return folder / name


def test_the_vectors_are_fasttext_s(made, path):
    table = load(path)
    assert table.tokens.tolist() == list(WORDS)
    assert table.counts.tolist() == list(range(10**6, 10**6 - len(WORDS), -1))
    expected = np.stack([made.vector(word) for word in WORDS])
    assert table.matrix.dtype == np.float32
    assert table.matrix.tobytes() == expected.tobytes()
    assert table.can_compose == (made.max_n > 0)
    assert table.provenance["format"] == "fasttext"
    assert table.provenance["settings"]["epoch"] == 7


def test_words_that_are_not_there_are_composed(made, path):
    table = load(path)
    words = unseen(300)
    words = [word for word in words if word not in WORDS]
    assert not any(word in table for word in words)
    assert {table.find(word) for word in words} == {-1}
    if not table.can_compose:
        with pytest.raises(UnknownTokenError, match="expected a token of the table"):
            table[words[0]]
        return
    expected = np.stack([made.vector(word) for word in words])
    assert table[words].tobytes() == expected.tobytes()
    for word in words[:20]:
        assert table[word].tobytes() == made.vector(word).tobytes()
    mixed = ["film", words[0], "영화"]
    assert table[mixed].tobytes() == np.stack([made.vector(word) for word in mixed]).tobytes()


def test_few_rows_are_made_without_the_matrix(tmp_path):
    table = load(written(MODELS["skipgram"], tmp_path))
    some = table["film"], table[["a", "xyz"]], table.mean(["film", "q"]), table.align(["é", "o"])
    assert table.shape == (len(WORDS), 5)
    assert repr(table) == f"Table({len(WORDS)} x 5 float32, m.bin)"
    assert not isinstance(table._rows, np.ndarray), "all rows were made for a few"
    assert table.matrix[table.find("film")].tolist() == some[0].tolist()
    assert np.shares_memory(table.storage, table.matrix)


def test_a_large_matrix_is_made_in_blocks(tmp_path):
    made = model([f"w{i}" for i in range(20_000)], dim=3)
    table = load(written(made, tmp_path))
    for row in (0, 1, 4095, 4096, 12_288, 19_999):
        assert table.matrix[row].tobytes() == made.vector(f"w{row}").tobytes()
    again = load(tmp_path / "m.bin")
    assert again._rows[5:7].tobytes() == table.matrix[5:7].tobytes()
    assert again._rows[np.array([9, 2])].tobytes() == table.matrix[[9, 2]].tobytes()


def test_what_composing_is_used_for(tmp_path):
    made = MODELS["skipgram"]
    table = load(written(made, tmp_path))
    mean, known = table.mean(["film", "films", ""])
    assert known == 3
    assert np.allclose(mean, sum(made.vector(w) for w in ("film", "films", "")) / 3, atol=1e-6)
    assert table.mean(["films"], unknown="error")[0].tolist() == made.vector("films").tolist()
    near = table.most_similar("films", topn=None)
    cosine = made.vector("films") @ table["film"]
    cosine /= np.linalg.norm(made.vector("films")) * np.linalg.norm(table["film"])
    assert abs(near[table.find("film")] - cosine) < 1e-6
    assert len(table.most_similar("films", topn=99)) == len(WORDS)  # none is the word itself
    assert abs(table.similarity("films", "film") - cosine) < 1e-6


def test_a_word_of_no_n_gram_is_zeros_and_is_not_known(tmp_path):
    made = model(["film"], min_n=6, max_n=6)
    table = load(written(made, tmp_path))
    assert not made.vector("ab").any()
    assert table["ab"].tolist() == [0] * 5
    assert table.mean(["ab"])[1] == 0
    with pytest.raises(UnknownTokenError):
        table.mean(["ab"], unknown="error")
    aligned = table.align(["film", "films", "ab"], "mean")
    assert aligned.coverage.found_by["subwords"] == 1
    assert aligned["ab"].tolist() == aligned["film"].tolist()


def test_aligning_composes_last(tmp_path):
    made = MODELS["skipgram"]
    table = load(written(made, tmp_path))
    vocab = Vocabulary.from_texts(["film Film films films 드라마"])
    aligned = table.align(vocab, "error")
    assert aligned.coverage.found_by == {
        "exact": 1, "nfc": 0, "lower": 1, "capitalize": 0, "upper": 0, "nfkc": 0, "subwords": 2,
    }  # fmt: skip
    assert str(aligned.coverage).splitlines() == [
        "types found: 4 of 4, 100.0% (1 exact, 1 in lower case, 2 composed of subwords)",
        "tokens found: 5 of 5, 100.0%",
    ]
    assert not aligned.can_compose
    assert aligned["Film"].tolist() == table["film"].tolist()
    assert aligned["films"].tobytes() == made.vector("films").tobytes()
    assert aligned["드라마"].tobytes() == made.vector("드라마").tobytes()
    assert not aligned.matrix[aligned.pad_id].any()
    unk = vocab.tokens[vocab.unk_id]
    assert aligned[unk].tolist() != made.vector(unk).tolist()  # it is no word
    plain = table.align(vocab, "zeros", fallback=())
    assert plain.coverage.found_by == {"exact": 1}
    assert not plain["films"].any()
    assert plain.coverage.misses[0] == ("films", 2)
    only = table.align(["Film"], fallback="subwords")
    assert only["Film"].tobytes() == made.vector("Film").tobytes()
    plain_table = Table(["a"], np.ones((1, 2), np.float32))
    assert "subwords" not in plain_table.align(["b", "a"]).coverage.found_by
    with pytest.raises(ArgumentError, match=r"fallback: expected .*'subwords', got"):
        table.align(vocab, fallback="ngrams")


def test_layers_and_classifiers_start_from_what_is_composed(tmp_path):
    from inlay.classify.vectors import start

    made = MODELS["skipgram"]
    table = load(written(made, tmp_path))
    vocab = Vocabulary.from_texts(["films films 드라마"])
    begun = start(table, vocab, None, 0)
    assert begun["films"].tobytes() == made.vector("films").tobytes()
    assert begun.coverage.found_by["subwords"] == 2
    torch = pytest.importorskip("torch")
    layer = inlay.to_torch(table, vocab)
    assert torch.equal(layer.weight[vocab["드라마"]], torch.tensor(made.vector("드라마")))


def test_the_output_matrix(made, path):
    table = load(path, name="output")
    tokens = LABELS if made.kind == SUPERVISED else made.words
    assert table.tokens.tolist() == [token.decode() for token in tokens]
    expected = np.stack([made.output.row(i) for i in range(len(tokens))])
    assert table.matrix.tobytes() == expected.tobytes()
    assert not table.can_compose
    assert np.array_equal(pickle.loads(pickle.dumps(table)).matrix, expected)
    assert np.array_equal(load(path, name="input").matrix, load(path).matrix)


def test_a_matrix_that_it_has_not(tmp_path):
    with pytest.raises(InlayError, match=r"'input' or 'output', got.*'hidden'"):
        load(written(MODELS["supervised"], tmp_path), name="hidden")


def test_a_part_of_the_rows(made, path):
    whole = load(path)
    first = load(path, limit=3)
    assert first.tokens.tolist() == list(WORDS[:3])
    assert first.matrix.tobytes() == whole.matrix[:3].tobytes()
    kept = load(path, keep=["é", "film", "none"])
    assert kept.tokens.tolist() == ["film", "é"]
    assert kept.counts.tolist() == [10**6 - 1, 10**6 - 3]
    assert kept.matrix.tobytes() == whole[["film", "é"]].tobytes()
    if whole.can_compose:
        for part in (first, kept):
            assert part["films"].tobytes() == whole["films"].tobytes()
            again = pickle.loads(pickle.dumps(part))
            assert again["films"].tobytes() == whole["films"].tobytes()
            assert again.matrix.tobytes() == part.matrix.tobytes()


def test_another_dtype_still_composes(tmp_path):
    table = load(written(MODELS["skipgram"], tmp_path))
    half = load(tmp_path / "m.bin", dtype="float16")
    assert half.matrix.dtype == np.float16
    assert half.matrix.tobytes() == table.matrix.astype(np.float16).tobytes()
    assert half["films"].tobytes() == table["films"].tobytes()
    save(half, tmp_path / "t.safetensors")
    again = load(tmp_path / "t.safetensors", verify=True)
    assert again.matrix.tobytes() == half.matrix.tobytes()
    assert again["films"].tobytes() == table["films"].tobytes()
    same = load(tmp_path / "m.bin", dtype="float32")
    assert not isinstance(same._rows, np.ndarray), "all rows were made for nothing"


def test_words_left_out_are_composed_of_their_parts_alone(tmp_path):
    made = MODELS["skipgram"]
    kept = load(written(made, tmp_path), keep=["é"])
    expected = np.mean([made.input.row(row) for row in made.rows(b"film")[1:]], axis=0)
    assert np.allclose(kept["film"], expected, atol=1e-6)


def check_same(table, again, words=("films", "드라마", "__label__good")):
    assert again.tokens == table.tokens
    assert again.matrix.tobytes() == table.matrix.tobytes()
    assert again.counts.tolist() == table.counts.tolist()
    assert again.can_compose == table.can_compose
    if table.can_compose:
        assert again[list(words)].tobytes() == table[list(words)].tobytes()


def test_it_travels(made, path):
    table = load(path)
    check_same(table, pickle.loads(pickle.dumps(table)))
    assert len(pickle.dumps(table)) < 1000  # the name of the file
    check_same(table, copy.deepcopy(table))
    check_same(table, load(path, mmap=False))
    in_memory = pickle.dumps(load(path, mmap=False))
    packed = path.with_suffix(".bin.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    check_same(table, load(packed))
    path.unlink()
    check_same(table, pickle.loads(in_memory))
    check_same(table, pickle.loads(pickle.dumps(table)))  # which takes its numbers along


def test_what_travels_without_a_file_holds_each_row_once(tmp_path):
    table = load(written(model(["w"], dim=64, bucket=4000), tmp_path), mmap=False)
    assert 1_024_000 < len(pickle.dumps(table)) < 1_100_000


def test_another_process_composes(tmp_path):
    path = written(MODELS["skipgram"], tmp_path)
    table = load(path)
    there = in_fresh(_ask, table)
    assert there == (table["films"].tolist(), table["film"].tolist(), True)


def _ask(table):
    return table["films"].tolist(), table["film"].tolist(), table._origin is not None


def test_the_native_file_holds_all_of_it(made, path, tmp_path):
    table = load(path)
    save(table, tmp_path / "t.safetensors")
    for options in ({}, {"verify": True}, {"mmap": False}):
        check_same(table, load(tmp_path / "t.safetensors", **options))
    again = load(tmp_path / "t.safetensors")
    check_same(table, pickle.loads(pickle.dumps(again)))
    save(again, tmp_path / "u.safetensors")
    assert (tmp_path / "t.safetensors").read_bytes() == (tmp_path / "u.safetensors").read_bytes()
    kept = load(tmp_path / "t.safetensors", keep=["film"], limit=3)
    assert kept.tokens.tolist() == ["film"]
    if table.can_compose:
        assert kept["films"].tobytes() == table["films"].tobytes()
        assert len(pickle.dumps(kept)) < 3000


@pytest.mark.parametrize("name", ["skipgram", "quantised", "quantised, all buckets"])
def test_a_native_file_without_all_rows_of_its_buckets(tmp_path, name):
    save(load(written(MODELS[name], tmp_path)), tmp_path / "t.safetensors")
    data = (tmp_path / "t.safetensors").read_bytes()
    old, new = (b'\\"bucket\\": %d' % MODELS[name].bucket), b'\\"bucket\\": 99'
    if MODELS[name].kept is not None:
        rows = np.array(list(MODELS[name].kept.values()), np.int32)
        order = np.argsort(list(MODELS[name].kept))
        old, new = rows[order].tobytes(), np.full(rows.size, 30, np.int32).tobytes()
    assert old in data
    (tmp_path / "t.safetensors").write_bytes(data.replace(old, new, 1))
    with pytest.raises(FormatError, match=r"expected (99|31) rows of n-grams, got"):
        load(tmp_path / "t.safetensors")


def test_a_native_file_whose_buckets_do_not_rise(tmp_path):
    made = quantised()
    save(load(written(made, tmp_path)), tmp_path / "t.safetensors")
    data = (tmp_path / "t.safetensors").read_bytes()
    buckets = np.array(sorted(made.kept), np.int32)
    assert data.count(buckets.tobytes()) == 1
    (tmp_path / "t.safetensors").write_bytes(
        data.replace(buckets.tobytes(), buckets[::-1].tobytes())
    )
    with pytest.raises(FormatError, match="rising buckets and their rows"):
        load(tmp_path / "t.safetensors")


@pytest.mark.parametrize("format", ["native", "fasttext", "fasttext-vec", "word2vec-binary"])
@pytest.mark.filterwarnings("ignore:the format")
def test_converting_does_not_hold_the_matrix(tmp_path, format):
    table = load(written(model([f"w{i}" for i in range(40_000)], dim=3), tmp_path))
    save(table, tmp_path / "t.vec", format=format)
    assert not isinstance(table._rows, np.ndarray), "all rows were made at once"
    again = load(tmp_path / "t.vec", verify=format == "native")
    assert np.abs(again.matrix - table.matrix).max() < 1e-6
    assert again.tokens == table.tokens


def test_digests_cover_what_composes(tmp_path):
    save(load(written(quantised(), tmp_path)), tmp_path / "t.safetensors")
    data = (tmp_path / "t.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    start = 8 + int.from_bytes(data[:8], "little")
    names = ["ngram_codes", "ngram_centroids", "ngram_norms", "ngram_scales", "buckets"]
    for name in [*names, "bucket_rows", "labels", "label_offsets"]:
        at = start + header[name]["data_offsets"][0]
        broken = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        (tmp_path / "x.safetensors").write_bytes(broken)
        with pytest.raises(FormatError):
            load(tmp_path / "x.safetensors", verify=True)
    changed = data.replace(b'\\"max_n\\": 4', b'\\"max_n\\": 5')
    assert changed != data
    (tmp_path / "x.safetensors").write_bytes(changed)
    with pytest.raises(FormatError, match="metadata"):
        load(tmp_path / "x.safetensors", verify=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'\\"bucket\\": 60', b'\\"bucket\\":   0'),
        (b'\\"bucket\\": 60', b'\\"bucket\\": -6'),
        (b'\\"max_n\\": 4', b'\\"max_n\\": x'),
        (b'\\"max_n\\": 4', b'\\"mix_n\\": 4'),
        (b'\\"width\\": 2', b'\\"width\\": 3'),
        (b'\\"width\\": 2', b'\\"width\\": 0'),
        (b'"ngram_norms"', b'"ngram_xxxxx"'),
        (b'"ngram_scales"', b'"ngram_xxxxxx"'),
        (b'"bucket_rows"', b'"bucket_xxxx"'),
        (b'"ngram_codes"', b'"ngram_xxxxx"'),
    ],
)
def test_a_native_file_whose_parts_do_not_fit(tmp_path, old, new):
    save(load(written(quantised(), tmp_path)), tmp_path / "t.safetensors")
    data = (tmp_path / "t.safetensors").read_bytes()
    assert old in data
    (tmp_path / "t.safetensors").write_bytes(data.replace(old, new, 1))
    try:
        table = load(tmp_path / "t.safetensors")
    except FormatError:
        return
    # Norms that are not there, or no n-gram: another table, which is no less safe.
    assert b"ngram_norms" in old or b"mix_n" in new
    assert np.isfinite(table.mean(["films"])[0]).all()


def test_other_formats_warn_that_they_hold_less(tmp_path):
    table = load(written(model(["film", "é"]), tmp_path))
    with pytest.warns(InlayWarning, match=r"what composes .*Try: a path in \.safetensors"):
        save(table, tmp_path / "x.vec")
    assert not load(tmp_path / "x.vec", format=FastTextVec(dim=5), limit=1).can_compose
    aligned = table.align(["film"])
    save(aligned, tmp_path / "y.vec")  # which composes nothing, so nothing is left behind
    assert load(tmp_path / "y.vec", format=FastTextVec()).tokens.tolist() == ["film"]


def test_writing_a_model(tmp_path):
    for name, made in MODELS.items():
        table = load(written(made, tmp_path))
        if made.input.codes is not None:
            with pytest.raises(
                FormatError, match=r"got the quantised rows of a .ftz. Try: .*.safet"
            ):
                save(table, tmp_path / "w.bin", format="fasttext")
            continue
        save(table, tmp_path / "w.bin", format="fasttext")
        again = load(tmp_path / "w.bin")
        assert again.tokens == table.tokens, name
        assert np.abs(again.matrix - table.matrix).max() < 1e-6, name
        assert again.counts.tolist() == table.counts.tolist(), name
        kind = again.provenance["settings"]["model"]
        assert kind == ("cbow" if made.kind == 1 else "skipgram"), name
        assert again.provenance["settings"]["epoch"] == 7
        if table.can_compose:
            words = [word for word in unseen(50) if not word.startswith("__label__")]
            words = [word for word in words if word not in table]
            assert again[words].tobytes() == table[words].tobytes(), name


def test_writing_a_plain_table(tmp_path):
    table = Table(["a", "b c", ""], np.arange(6, dtype=np.float64).reshape(3, 2))
    save(table, tmp_path / "w.bin", format="fasttext")
    again = load(tmp_path / "w.bin")
    assert again.tokens == table.tokens
    assert again.matrix.tolist() == table.matrix.tolist()
    assert not again.can_compose
    assert again.counts is None
    save(table, tmp_path / "w.bin.gz", format="fasttext")
    assert load(tmp_path / "w.bin.gz").tokens == table.tokens
    with pytest.raises(FormatError, match=r"expected tokens without NUL, got 'b.x00'"):
        save(Table(["a", "b\0"], np.ones((2, 1))), tmp_path / "x.bin", format="fasttext")
    with pytest.raises(FormatError, match="got a table without rows"):
        save(Table([], np.ones((0, 1))), tmp_path / "x.bin", format="fasttext")
    assert not (tmp_path / "x.bin").exists()


def test_a_bin_is_what_its_content_says(tmp_path):
    table = Table(["a"], np.ones((1, 2), np.float32))
    save(table, tmp_path / "x.bin")
    assert load(tmp_path / "x.bin").provenance["format"] == "word2vec-binary"
    with pytest.raises(
        ArgumentError, match=r"got .ftz. Try: .*format='fasttext' and a path in .bin"
    ):
        save(table, tmp_path / "x.ftz")
    with pytest.raises(FormatError, match=r"'fasttext'.*leave format= out"):
        load(written(MODELS["skipgram"], tmp_path), format="word2vec-binary")


BROKEN = [b"caf\xe9", b"\xff\xfe", b"caf\xe9"]


def test_words_that_are_not_text(tmp_path):
    made = model(["film", *BROKEN[:2]])
    path = written(made, tmp_path)
    with pytest.raises(FormatError, match=r"m.bin, word 2: .* byte 0xe9.*format=FastText\(enc"):
        load(path)
    table = load(path, format=FastText(errors="backslashreplace"))
    assert table.tokens.tolist() == ["film", "caf\\xe9", "\\xff\\xfe"]
    expected = np.stack([made.vector(word) for word in made.words])
    assert table.matrix.tobytes() == expected.tobytes()  # of the bytes in the file
    assert table.provenance["replaced"] == 2
    latin = load(path, format=FastText(encoding="latin-1"))
    assert latin["café"].tobytes() == expected[1].tobytes()
    check_same(table, pickle.loads(pickle.dumps(table)))


def test_words_that_come_twice(tmp_path):
    made = model(["film", b"caf\xe9", b"caf\xff", "b"])
    table = load(written(made, tmp_path), format=FastText(errors="replace"))
    assert table.tokens.tolist() == ["film", "caf\ufffd", "b"]
    assert table.provenance["duplicates"] == 1
    assert table.counts.tolist() == [10**6, 10**6 - 1, 10**6 - 3]
    assert table["b"].tobytes() == made.vector(b"b").tobytes()
    assert table.matrix[1].tobytes() == made.vector(b"caf\xe9").tobytes()


def test_supervised_models_of_old_had_no_n_grams(tmp_path):
    for version in (11, None):
        made = model(kind=SUPERVISED, labels=LABELS, version=version)
        table = load(written(made, tmp_path))
        assert not table.can_compose
        assert table.matrix.tobytes() == made.input.numbers[: len(WORDS)].tobytes()


def changed(made, at, packed):
    data = bytearray(made.dump())
    data[at : at + len(packed)] = packed
    return bytes(data)


HEAD = 8  # magic and version; the settings begin here, the sizes of the dictionary 56 bytes later


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed(model(), 4, struct.pack("<i", 13)), "version 12 or older, got 13"),
        (changed(model(), HEAD, struct.pack("<i", 0)), "dim from 1 to"),
        (changed(model(), HEAD, struct.pack("<i", 6)), "input matrix of 6 columns"),
        (changed(model(), HEAD + 24, struct.pack("<i", 9)), "loss from 1"),
        (changed(model(), HEAD + 28, struct.pack("<i", 0)), "model from 1 to 3"),
        (changed(model(), HEAD + 32, struct.pack("<i", -1)), "bucket from 0"),
        (changed(model(), HEAD + 32, struct.pack("<i", 51)), "input matrix of 60 rows or more"),
        (changed(model(), HEAD + 40, struct.pack("<i", 2**31 - 1)), "maxn from 0 to 100"),
        (changed(model(), HEAD + 56, struct.pack("<ii", 2**30, 2**30)), f"{2**30} words in"),
        (changed(model(), HEAD + 56, struct.pack("<ii", 9, 8)), "as many entries as words"),
        (changed(model(), HEAD + 56, struct.pack("<iii", -9, -9, 0)), "as many entries"),
        (changed(model(), HEAD + 76, struct.pack("<q", 2**60)), "buckets in"),
        (changed(quantised(), HEAD + 76, struct.pack("<q", 2**60)), "buckets in"),
        (changed(supervised(), HEAD + 56, struct.pack("<iii", 11, 10, 1)), "10 words and then 1"),
        (changed(model(), HEAD + 89, b"\xff" * 8), "counts of 0 or more, got -1"),
        (model().dump() + b"\0", "bytes, as its matrices say"),
        (model(output=dense(3, 5, np.random.default_rng(0))).dump(), "output matrix of 9 rows"),
        (model(kept={1: 2}).dump(), "a quantised matrix"),
        (model(words=[], input=dense(50, 5, np.random.default_rng(0))).dump(), ""),
    ],
)
def test_sizes_that_cannot_be(tmp_path, data, message):
    (tmp_path / "m.bin").write_bytes(data)
    if not message:  # a model without words composes all the same
        assert load(tmp_path / "m.bin")["film"].any()
        return
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "m.bin")


def test_a_bucket_that_comes_twice(tmp_path):
    made = quantised()
    first, second = list(made.kept)[:2]
    old, new = (struct.pack("<ii", bucket, made.kept[second]) for bucket in (second, first))
    data = made.dump()
    assert data.count(old) == 1
    (tmp_path / "m.bin").write_bytes(data.replace(old, new))
    with pytest.raises(FormatError, match="each bucket once"):
        load(tmp_path / "m.bin")


def test_a_model_of_labels_alone(tmp_path):
    made = supervised(words=[])
    path = written(made, tmp_path)
    assert load(path).shape == (0, 5)
    output = load(path, name="output")
    assert output.tokens.tolist() == [label.decode() for label in LABELS]
    assert output.matrix.tobytes() == made.output.numbers.tobytes()
    assert load(path, name="output", limit=1).tokens.tolist() == [LABELS[0].decode()]


def test_pruned_buckets_whose_rows_are_not_there(tmp_path):
    made = quantised()
    made.kept[next(iter(made.kept))] = 31
    with pytest.raises(FormatError, match="input matrix of 41 rows or more"):
        load(written(made, tmp_path))
    made.kept[next(iter(made.kept))] = -1
    with pytest.raises(FormatError, match="rows of buckets from 0 on"):
        load(written(made, tmp_path))


@pytest.mark.parametrize("name", ["skipgram", "quantised", "supervised", "before versions"])
def test_a_file_cut_anywhere_is_refused(tmp_path, name):
    data = MODELS[name].dump()
    step = max(1, len(data) // 400)
    path = tmp_path / "m.bin"
    for end in range(1, len(data), step):
        path.write_bytes(data[:end])
        with pytest.raises(FormatError):
            load(path, format="fasttext")


@pytest.mark.parametrize("name", ["skipgram", "quantised", "supervised"])
def test_any_byte_may_be_wrong(tmp_path, name):
    data = MODELS[name].dump()
    path = tmp_path / "m.bin"
    rng = np.random.default_rng(3)
    places = [*range(4, HEAD + 84), *rng.integers(0, len(data), 100).tolist()]
    for at in places:
        for flip in (0xFF, 0x80, 0x01):
            path.write_bytes(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])
            tracemalloc.start()
            try:
                table = load(path, format=FastText(errors="replace"))
                with np.errstate(all="ignore"):
                    assert table.matrix.shape == (len(table), table.dim)
                    if table.can_compose:
                        table["films"]
            except InlayError:
                pass
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 3e6, (at, flip)


REAL = [
    ("gensim-fixtures", "crime-and-punishment.bin"),
    ("gensim-fixtures", "lee_fasttext.bin"),
    ("gensim-fixtures", "lee_fasttext_new.bin"),
    ("gensim-fixtures", "toy-model.bin"),
    ("gensim-fixtures", "non_ascii_fasttext.bin"),
    ("gensim-fixtures", "cp852_fasttext.bin"),
    ("fasttext-dl4j", "skipgram.model.bin"),
    ("fasttext-dl4j", "cbow.model.bin"),
]


@pytest.mark.parametrize("parts", REAL, ids=lambda parts: parts[1])
def test_ten_thousand_words_as_gensim_reads_them(parts):
    gensim = pytest.importorskip("gensim.models.fasttext")
    path = shared(*parts)
    encoding = "cp852" if "cp852" in parts[1] else "utf-8"
    theirs = gensim.load_facebook_vectors(str(path), encoding=encoding)
    table = load(path, format=FastText(encoding=encoding))
    assert table.tokens.tolist() == theirs.index_to_key
    known = table.tokens.tolist() if encoding == "utf-8" else []  # it hashes decoded words
    words = [word for word in known + unseen(8500) if word not in ("", "</s>")]  # no n-grams here
    expected = np.stack([theirs[word] for word in words])
    assert np.abs(table[words] - expected).max() < 1e-6


BEFORE = {"lee_fasttext.bin", "non_ascii_fasttext.bin", "cp852_fasttext.bin"}  # which it refuses
OFFICIAL = [
    *(parts for parts in REAL if parts[1] not in BEFORE),
    ("fasttext-lid176", "lid.176.ftz"),
    ("fasttext-dl4j", "supervised.model.bin"),
]


@pytest.mark.parametrize("parts", OFFICIAL, ids=lambda parts: parts[1])
def test_ten_thousand_words_as_fasttext_reads_them(parts):
    fasttext = pytest.importorskip("fasttext", reason="fastText itself is not installed")
    path = shared(*parts)
    theirs = fasttext.load_model(str(path))
    table = load(path)
    assert table.tokens.tolist() == theirs.get_words()
    words = table.tokens.tolist()
    if table.can_compose:
        words += unseen(8500)
    expected = np.stack([theirs.get_word_vector(word) for word in words])
    assert np.abs(table[words] - expected).max() < 1e-6
    output = load(path, name="output")
    labels = theirs.get_labels() if theirs.f.getArgs().model.name == "supervised" else words
    assert output.tokens.tolist() == labels[: len(output)]
    if not theirs.is_quantized():
        assert np.array_equal(output.matrix, theirs.get_output_matrix())


@pytest.mark.parametrize("name", ["skipgram", "cbow of long n-grams", "without n-grams"])
@pytest.mark.parametrize("library", ["fasttext", "gensim.models.fasttext"])
def test_what_is_written_is_read_by_others(tmp_path, name, library):
    their = pytest.importorskip(library, reason=f"{library} is not installed")
    words = [word for word in WORDS if word]
    table = load(written(model(words, dim=5) if name == "skipgram" else MODELS[name], tmp_path))
    save(table, tmp_path / "w.bin", format="fasttext")
    some = [word for word in unseen(200) if word and "__label__" not in word and "\0" not in word]
    known = [word for word in table if word]
    some = (some if table.can_compose else []) + known
    if library == "fasttext":
        theirs = their.load_model(str(tmp_path / "w.bin"))
        got = np.stack([theirs.get_word_vector(word) for word in some])
        assert theirs.get_words() == table.tokens.tolist()
    else:
        if not table.can_compose:
            theirs = their.load_facebook_vectors(str(tmp_path / "w.bin"))
        else:
            theirs = their.load_facebook_model(str(tmp_path / "w.bin")).wv
        some = [word for word in some if word != "</s>"]  # which has n-grams there
        got = np.stack([theirs[word] for word in some])
    assert np.abs(got - table[some]).max() < 1e-6


def test_nothing_of_the_matrices_is_read_to_open_a_file(tmp_path):
    made = model(["w"], dim=256, bucket=4000)
    path = written(made, tmp_path)
    load(path)
    tracemalloc.start()
    table = load(path)
    table["films"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 4_000_000
    assert peak < 1_000_000


def test_all_vectors_take_no_more_than_their_matrix(tmp_path):
    made = model([f"w{i}" for i in range(10_000)], dim=100, bucket=100)
    table = load(written(made, tmp_path))
    table["films"]
    tracemalloc.start()
    assert table.matrix.nbytes == 4_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_500_000 + thread_count() * 2_000_000  # a block of 1.6 MB in each thread
