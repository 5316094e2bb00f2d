"""SavedModels as encoders; see test_savedmodel.py."""

import copy
import pickle
import sys

import numpy as np
import pytest
import tensorflow as tf

import inlay
from inlay.core import TextToIds
from inlay.encode import ENCODERS
from inlay.encode.kinds import recognise
from inlay.encode.savedmodel import SavedModelEncoder
from inlay.encode.savedmodel.files import digest_of
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    MissingFileError,
    MissingPackageError,
)
from tests.conformance.check_encoder import check_encoder
from tests.data import shared
from tests.encode.savedmodel.models import (
    EMBEDDINGS,
    KERNEL,
    LENGTH,
    SIZE,
    TEXTS,
    WORDS,
    changed,
    expected,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

VOCAB = inlay.Vocabulary(["a", "good", "film"])  # ids 2, 3, 4
TO_IDS = {"ids": TextToIds(VOCAB), "keras": TextToIds(VOCAB, max_length=LENGTH)}


def encoder_of(made, kind, **settings):
    named = {"outputs": {"output_key": "pooled"}}.get(kind, {})
    given = {"to_ids": TO_IDS[kind]} if kind in TO_IDS else {}
    return SavedModelEncoder.load(made(kind), **(named | given | settings))


def check_close(found, wanted, atol=1e-6):
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("kind", ["strings", "outputs", "hub"])
def test_strings_are_vectors(made, kind):
    encoder = encoder_of(made, kind)
    assert encoder.dim == 3
    assert encoder.n_parameters == EMBEDDINGS.size + KERNEL.size
    assert encoder.n_bytes == 4 * encoder.n_parameters
    check_close(encoder.encode(TEXTS), expected(TEXTS))
    check_close(encoder.encode(iter(TEXTS), batch_size=2), expected(TEXTS))
    check_close(encoder.encode([["a", "good", "film"]]), expected(["a good film"]))
    check_close(encoder.encode(["good \ud800"]), expected(["good ?"]))  # half a character
    assert encoder.encode([]).shape == (0, 3)


def test_a_folder_is_recognised_and_its_graph_chooses(made):
    for kind, signature, key in (
        ("strings", "__call__", "output_0"),
        ("hub", "default", "default"),
    ):
        encoder = inlay.load_encoder(made(kind))
        assert (encoder.signature, encoder.output_key) == (signature, key)
        check_close(encoder.encode(TEXTS), expected(TEXTS))


def test_signature_output_and_arguments(made):
    twice = expected(TEXTS) * 2
    check_close(encoder_of(made, "outputs", output_key="scaled/twice").encode(TEXTS), twice)
    hub = encoder_of(made, "hub", signature="default", output_key="twice", tags=["train"])
    check_close(hub.encode(TEXTS), twice)
    named = encoder_of(made, "strings", signature="serving_default")
    check_close(named.encode(TEXTS), expected(TEXTS))
    assert named.settings["signature"] == "serving_default"
    scaled = encoder_of(made, "ids", arguments={"scale": 2.0})
    check_close(scaled.encode(["a film"]), encoder_of(made, "ids").encode(["a film"]) * 2)


def test_ids_of_any_length_run_without_padding(made):
    encoder = encoder_of(made, "ids")
    texts = ["a good film", "film", "", "a", "xyzzy film"]
    rows = [[EMBEDDINGS[i] for i in VOCAB.encode([text])[0]] for text in texts]
    wanted = np.array([np.mean(row, 0) if row else np.zeros(4) for row in rows], np.float32)
    check_close(encoder.encode(texts), wanted)
    assert encoder.encode(["", " "]).tolist() == [[0.0] * 4] * 2
    assert encoder.settings["tokenizer"] == "words"


def test_ids_of_a_fixed_length(made):
    encoder = encoder_of(made, "keras")
    ids = TO_IDS["keras"](TEXTS)
    model = tf.saved_model.load(str(made("keras")))
    check_close(encoder.encode(TEXTS), model.serve(ids))
    assert encoder.max_length == LENGTH


def test_a_real_model_takes_ids_that_are_floats():
    folder = shared("savedmodel-keras-sarcasm-s09z")
    encoder = SavedModelEncoder.load(folder, to_ids=TextToIds(VOCAB, max_length=100))
    model = tf.saved_model.load(str(folder))
    signature = model.signatures["serving_default"]
    [name] = signature.structured_input_signature[1]
    ids = tf.constant(encoder.to_ids(TEXTS), tf.float32)
    [wanted] = signature(**{name: ids}).values()
    check_close(encoder.encode(TEXTS), wanted)


@pytest.mark.parametrize("kind", ["outputs", "keras", "hub"])
def test_saved_loaded_copied_and_pickled_it_is_the_same(made, kind, tmp_path):
    encoder = encoder_of(made, kind)
    wanted = encoder.encode(TEXTS)
    encoder.save(tmp_path / "saved")
    for again in (
        inlay.load_encoder(tmp_path / "saved"),
        copy.deepcopy(encoder),
        pickle.loads(pickle.dumps(encoder)),
    ):
        assert again.hash == encoder.hash
        assert again.settings == encoder.settings
        np.testing.assert_array_equal(again.encode(TEXTS), wanted)
    assert len(pickle.dumps(encoder)) < 2000
    assert tf.saved_model.contains_saved_model(str(tmp_path / "saved"))
    encoder.save(tmp_path / "saved")  # again, over itself
    with pytest.raises(ArgumentError, match="a new folder, or a saved encoder"):
        encoder.save(made(kind))


def test_settings_beside_a_saved_one_are_those_of_its_signature(made, tmp_path):
    encoder_of(made, "outputs", output_key="scaled/twice").save(tmp_path / "saved")
    assert inlay.load_encoder(tmp_path / "saved").output_key == "scaled/twice"
    other = SavedModelEncoder.load(tmp_path / "saved", output_key="pooled")
    check_close(other.encode(TEXTS), expected(TEXTS))


def test_another_hash_for_other_files_and_ids(made, tmp_path):
    encoder = encoder_of(made, "keras")
    same = changed(made("keras"), tmp_path / "same", b"serve", b"serve")
    (same / "fingerprint.pb").unlink()
    assert encoder_of(lambda _: same, "keras").hash == encoder.hash
    data = next((same / "variables").glob("*.data*"))
    content = bytearray(data.read_bytes())
    content[0] ^= 1
    data.write_bytes(content)
    other = TextToIds(VOCAB, max_length=LENGTH, pad_side="start")
    hashes = {digest_of(made("keras")), digest_of(same), encoder.hash}
    assert len(hashes | {encoder_of(made, "keras", to_ids=other).hash}) == 4


def test_files_that_have_changed_are_not_taken_for_the_same(made, tmp_path):
    folder = changed(made("strings"), tmp_path / "m", b"", b"")
    sent = pickle.dumps(SavedModelEncoder(folder))
    data = next((folder / "variables").glob("*.data*"))
    data.write_bytes(bytes(data.stat().st_size))
    with pytest.raises(FormatError, match="another, written since"):
        pickle.loads(sent).encode(["a"])


# -- bad input ---------------------------------------------------------------------------------


def test_no_vectors(made):
    with pytest.raises(ArgumentError) as caught:
        inlay.load_encoder(made("tokens"))
    for part in ("a vector for each text", "'__call__' takes string (?)", "float32 (?, 2, 3)"):
        assert part in str(caught.value)
    with pytest.raises(ArgumentError, match=r"pooled: float32 .*output_key= name one"):
        inlay.load_encoder(made("outputs"))  # two, and nothing says which
    with pytest.raises(ArgumentError, match="by the name 'tokens'"):
        encoder_of(made, "outputs", output_key="tokens")
    with pytest.raises(ArgumentError, match=r"from signature='other'.*'serving_default' takes"):
        encoder_of(made, "strings", signature="other")
    with pytest.raises(ArgumentError, match=r"tags of one of its graphs: \[\] or \['train'\]"):
        encoder_of(made, "hub", tags=["serve"])


def test_settings_that_do_not_fit(made):
    with pytest.raises(ArgumentError, match=r"graph takes ids, got no to_ids, and int32 \(\?, 6\)"):
        inlay.load_encoder(made("keras"))
    with pytest.raises(ArgumentError, match=r"to_ids: expected max_length=6.*got max_length=None"):
        encoder_of(made, "keras", to_ids=TO_IDS["ids"])
    with pytest.raises(ArgumentError, match="None, for the graph takes strings"):
        encoder_of(made, "strings", to_ids=TO_IDS["ids"])
    with pytest.raises(ArgumentTypeError, match="to_ids: expected a TextToIds"):
        encoder_of(made, "keras", to_ids=VOCAB)
    with pytest.raises(ArgumentError, match="arguments: expected those of __call__: scale, train"):
        encoder_of(made, "ids", arguments={"size": 2.0})
    with pytest.raises(ArgumentTypeError, match="arguments: expected a dict of names and JSON"):
        encoder_of(made, "ids", arguments={"scale": VOCAB})
    with pytest.raises(ArgumentTypeError, match=r"SavedModelEncoder\.load, whose own it is"):
        inlay.load_encoder(made("strings"), signature="serving_default")


def test_a_vocabulary_that_does_not_fit_the_weights(made):
    many = inlay.Vocabulary([f"w{i}" for i in range(SIZE)])
    encoder = encoder_of(made, "ids", to_ids=TextToIds(many))
    with pytest.raises(ArgumentError, match=r"takes these ids, got .*to_ids of the vocabulary"):
        encoder.encode([f"w{SIZE - 1}"])


@pytest.mark.parametrize("kind", ["strings", "hub"])
@pytest.mark.parametrize("file", ["variables.data-00000-of-00001", "variables.index"])
def test_variables_cut_short(made, kind, file, tmp_path):
    folder = changed(made(kind), tmp_path / "m", b"", b"")
    path = folder / "variables" / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(FormatError, match=r"a whole SavedModel, got .*download it again") as caught:
        inlay.load_encoder(folder)
    assert "Graph execution" not in str(caught.value)
    path.unlink()
    with pytest.raises(FormatError, match="a whole SavedModel"):
        inlay.load_encoder(folder)


def test_a_graph_cut_short_or_gone(made, tmp_path):
    folder = changed(made("strings"), tmp_path / "m", b"", b"")
    path = folder / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match=r"saved_model\.pb: expected a message"):
        inlay.load_encoder(folder)
    path.write_bytes(b"")
    with pytest.raises(FormatError, match="a file without a graph"):
        inlay.load_encoder(folder)
    path.unlink()
    with pytest.raises(MissingFileError, match=r"a folder without saved_model\.pb"):
        SavedModelEncoder.load(folder)


@pytest.mark.parametrize("kind", ["strings", "hub"])
def test_an_op_that_is_not_installed(made, kind, tmp_path):
    folder = changed(made(kind), tmp_path / "m", b"\x12\x04Tanh", b"\x12\x04Tonh")
    with pytest.raises(MissingPackageError, match=r"a package with 'Tonh'.*import the package"):
        inlay.load_encoder(folder)


def test_an_op_of_sentencepiece_says_which_package_has_it(made, tmp_path, monkeypatch):
    old, new = b"\x12\rStringSplitV2", b"\x12\rSentencepiece"
    folder = changed(made("strings"), tmp_path / "m", old, new)
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    with pytest.raises(MissingPackageError, match=r"'Sentencepiece'.*not installed") as caught:
        inlay.load_encoder(folder)
    assert "pip install tensorflow-text" in caught.value.hint
    assert 'inlay.load_encoder("use-multilingual")' in caught.value.hint
    # One that is installed is imported, for then TensorFlow may know the op.
    monkeypatch.delitem(sys.modules, "tensorflow_text")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "tensorflow_text.py").write_text("")
    with pytest.raises(MissingPackageError, match="not installed"):
        inlay.load_encoder(folder)
    assert sys.modules.pop("tensorflow_text").__file__ == str(tmp_path / "tensorflow_text.py")


def test_the_elmo_of_tf_hub_is_an_elmo(made, tmp_path):
    folder = changed(made("strings"), tmp_path / "m", b"", b"")
    assert recognise(folder, ENCODERS).name == "savedmodel"
    tf.raw_ops.SaveV2(
        prefix=str(folder / "variables" / "variables"),
        tensor_names=["module/bilm/char_embed"],
        shape_and_slices=[""],
        tensors=[tf.zeros([261, 4])],
    )
    assert recognise(folder, ENCODERS).name == "elmo"


def test_words_are_those_of_the_file(made):
    assert (made("strings") / "assets" / "words.txt").read_text().split() == WORDS


@pytest.mark.parametrize("kind", ["strings", "outputs", "hub", "ids", "keras"])
def test_the_contract_of_encoders(made, kind, tmp_path):
    check_encoder(lambda: encoder_of(made, kind), tmp_path, exact=False, empty=kind != "keras")
