"""What `ElmoLayer` promises, on the backend that KERAS_BACKEND names; see test_keras.py."""

import functools
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from inlay import Vocabulary
from inlay.encode.elmo import Elmo
from inlay.encode.elmo.characters import batch_to_ids
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, IdError
from tests.encode.elmo.golden import ATOL, ids_of
from tests.encode.elmo.reference import reference_layers

BACKEND = keras.backend.backend()
# Keras 3.15 has its variables turned into arrays the old way when it saves and trains.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PLAIN = Options(6, 4, 2, 3.0, 3.0, True, 3, ((1, 2), (3, 3)), 1, "relu")
TINY = replace(PLAIN, n_layers=1)  # where the numbers are not the point: JAX compiles for seconds
VARIANTS = {
    "two layers": PLAIN,
    "no skip connections": replace(PLAIN, use_skip_connections=False),
    "no clips": replace(PLAIN, cell_clip=None, proj_clip=None),
    "clips that bite": replace(PLAIN, cell_clip=0.02, proj_clip=0.01),
    "no highways, no projection": replace(PLAIN, n_highway=0, filters=((2, 4),)),
    "states not projected": replace(TINY, dim=4, projects=False, cell_clip=0.02, proj_clip=0.01),
    "tanh, short words": replace(TINY, activation="tanh", word_length=9),
}
TEXTS = [
    ["the", "film", "was", "<S>", "x" * 60],
    [],
    ["good", "", "😀", "é" * 24 + "z", "--PAD--", "film"],
    ["one"],
]


@functools.cache
def small(options=TINY):
    return Weights.random(options, seed=1)


def made(options, weights, *, pad_token=None, max_length=None, tokenizer="split", **settings):
    strings = {"pad_token": pad_token, "max_length": max_length, "tokenizer": tokenizer}
    return Elmo(options, weights, **strings).to_keras(**settings)


def layer_of(options=TINY, **settings):
    return made(options, small(options), **({"dropout": 0} | settings))


def set_mixes(layer, *mixes):
    """Give the mixes their scalars and gammas, two numbers after another."""
    rest = layer.get_weights()[len(mixes) :]
    layer.set_weights([*(np.array(part, "float32") for part in mixes), *rest])


def run(layer, inputs, **call):
    """The outputs as arrays. Compiled on JAX, which takes seconds to run things one by one."""
    if BACKEND != "jax":
        outputs = layer(inputs, **call)
    else:
        layer.built or layer.build(inputs.shape)
        groups = layer.trainable_variables, layer.non_trainable_variables
        values = ([variable.value for variable in group] for group in groups)
        outputs, changed = compiled(layer)(*values, inputs, **call)
        for variable, value in zip(groups[1], changed, strict=True):
            variable.assign(value)
    return keras.tree.map_structure(ops.convert_to_numpy, outputs)


@functools.cache
def compiled(layer):
    import jax

    return jax.jit(layer.stateless_call, static_argnames="training")


def check_close(found, expected, atol=ATOL):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def expected_layers(options, texts, width=None):
    """`(n_layers + 1, n, tokens, 2P)` by the plain implementation, without the marks."""
    found = reference_layers(options, small(options), texts)
    width = max(map(len, texts)) if width is None else width
    result = np.zeros((options.n_layers + 1, len(texts), width, 2 * options.projection_dim))
    for row, layers in enumerate(found):
        result[:, row, : layers.shape[1] - 2] = layers[:, 1:-1]
    return result


def model_of(layer, head=None, shape=(None, 50), dtype="int32", *, graph=False):
    """A model with one number for each text, or token.

    Without a graph on TensorFlow, unless it is asked for: it takes longer to make than to run.
    """
    keras.utils.set_random_seed(0)
    ids = keras.Input(shape, dtype=dtype)
    out = layer(ids) if head is None else head(layer(ids))
    model = keras.Model(ids, keras.layers.Dense(1)(out))
    model.compile("sgd", "mse", run_eagerly=BACKEND == "tensorflow" and not graph)
    return model


# -- the numbers -------------------------------------------------------------------------------


def test_golden_layers(golden):
    layer = made(golden.options, golden.weights, output_key="all", dropout=0)
    batch = golden.batches[0]
    found = run(layer, batch.char_ids)
    layers = batch.token_layers
    check_close(found["word_emb"], layers[0][..., :8])
    for k in (1, 2):
        check_close(found[f"lstm_outputs{k}"], layers[k])
    check_close(found["elmo"], layers.mean(0))
    means = layers.mean(0).sum(1) / batch.token_mask.sum(1, keepdims=True)
    check_close(found["default"], means)
    np.testing.assert_array_equal(found["mask"], batch.token_mask)
    assert sorted(found) == sorted(
        ["default", "elmo", "word_emb", "mask", "lstm_outputs1", "lstm_outputs2"]
    )


def test_a_first_call_with_small_integers_compiles_nothing():
    found = layer_of(output_key="elmo")(ids_of(TEXTS).astype("int16"))
    check_close(ops.convert_to_numpy(found), expected_layers(TINY, TEXTS).mean(0))


def test_layer_norm_and_two_mixes(golden):
    layer = made(
        golden.options,
        golden.weights,
        output_key="elmo",
        do_layer_norm=True,
        num_output_representations=2,
        dropout=0,
    )
    set_mixes(layer, *(part for pair in golden.norm_scalars for part in pair))
    found = run(layer, golden.batches[0].char_ids)
    for mix, expected in zip(found, golden.norm_mixes, strict=True):
        check_close(mix, expected)


def test_states_go_on_with_the_next_batch(golden):
    layer = made(golden.options, golden.weights, output_key="lstm_outputs2", stateful=True)
    one, two = golden.batches
    ids = [np.pad(b.char_ids, ((0, 0), (0, 11 - b.char_ids.shape[1]), (0, 0))) for b in (one, two)]
    for _ in range(2):
        check_close(run(layer, ids[0]), one.token_layers[2])
        check_close(run(layer, ids[1])[:, :5], two.token_layers[2])
        layer.reset_states()
    stateless = golden.stateless_top[:, 1:-1] * two.token_mask[..., None]
    check_close(run(layer, ids[1])[:, :5], stateless)


def test_the_official_fixture_with_its_states(official):
    layer = made(official.options, official.weights, output_key="lstm_outputs2", stateful=True)
    width = max(len(text) for batch in official.batches for text in batch)
    model = keras.Sequential([keras.Input((width, 50), 3, dtype="int32"), layer])
    for batch, expected in zip(official.batches, official.top, strict=True):
        ids = batch_to_ids(batch, max_length=width)
        for found, vectors in zip(model.predict_on_batch(ids), expected, strict=True):
            check_close(found[: len(vectors)], vectors)
            assert not found[len(vectors) :].any()


def test_fixed_parameters_of_the_mix():
    layer = layer_of(output_key="elmo", scalar_mix_parameters=[0.0, -1e9])
    check_close(run(layer, ids_of(TEXTS)), expected_layers(TINY, TEXTS)[0])


@pytest.mark.parametrize("name", VARIANTS)
def test_other_shapes_of_networks(name):
    options = VARIANTS[name]
    layer = layer_of(options, output_key="all")
    found = run(layer, batch_to_ids(TEXTS, word_length=options.word_length))
    layers = expected_layers(options, TEXTS)
    check_close(found["word_emb"], layers[0][..., :4])
    check_close(found["elmo"], layers.mean(0))
    check_close(found[f"lstm_outputs{options.n_layers}"], layers[-1])
    assert not found["default"][1].any()


def test_words_are_read_as_far_as_the_longest_needs():
    layer = layer_of(output_key="word_emb")
    for size in (0, 1, 45, 46, 47, 48, 49, 200):
        texts = [["a", "x" * size, "a"]]
        check_close(run(layer, batch_to_ids(texts)), expected_layers(TINY, texts)[0][..., :4])


def test_marks_can_be_kept():
    ids = ids_of(TEXTS, left=2)
    ids[0] = np.roll(ids[0], -2, axis=0)
    found = run(layer_of(output_key="all", keep_sentence_boundaries=True), ids)
    sizes = [len(text) + 2 for text in TEXTS]
    np.testing.assert_array_equal(found["mask"], np.arange(10) < np.array(sizes)[:, None])
    reference = reference_layers(TINY, small(), TEXTS)
    for row, (size, layers) in enumerate(zip(sizes, reference, strict=True)):
        check_close(found["elmo"][row, :size], layers.mean(0))
        check_close(found["lstm_outputs1"][row, :size], layers[1])
        assert not found["elmo"][row, size:].any()
    check_close(found["default"], run(layer_of(), batch_to_ids(TEXTS)))


def test_a_very_long_text():
    text = [f"w{i % 7}" for i in range(1500)]
    layer = layer_of(output_key="lstm_outputs1")
    model = keras.Sequential([keras.Input((None, 50), dtype="int32"), layer])
    found = model.predict(batch_to_ids([text]), verbose=0)[0]
    check_close(found, expected_layers(TINY, [text])[1][0])


# -- same text, same vector --------------------------------------------------------------------


def test_order_size_and_padding_of_a_batch_change_nothing():
    layer = layer_of(PLAIN, output_key="all")
    plain = run(layer, ids_of(TEXTS, right=3))
    shapes = {
        "order": (run(layer, ids_of(TEXTS, right=3)[::-1]), slice(None, None, -1), slice(0, 6)),
        "left": (run(layer, ids_of(TEXTS, left=3)), slice(None), slice(3, 9)),
        "alone": (run(layer, ids_of(TEXTS)[2:3]), slice(2, 3), slice(0, 6)),
    }
    for found, rows, columns in shapes.values():
        for key in ("elmo", "lstm_outputs2", "word_emb"):
            check_close(found[key][:, columns], plain[key][rows, :6], 1e-6)
        check_close(found["default"], plain["default"][rows], 1e-6)


def test_more_dimensions_before_the_tokens():
    """`(batch, sentences, tokens, 50)`, as AllenNLP's module takes them, and results likewise."""
    ids = ids_of(TEXTS)
    many = ids.reshape(2, 2, *ids.shape[1:])
    layer = layer_of(output_key="all", keep_sentence_boundaries=True)
    plain, found = run(layer, ids), run(layer, many)
    spec = layer.compute_output_spec(keras.KerasTensor((None, 2, None, 50), "int32"))
    for key, array in found.items():
        check_close(array, plain[key].reshape(2, 2, *plain[key].shape[1:]))
        known = [size for size in spec[key].shape if size is not None]
        assert (len(spec[key].shape), known[0]) == (array.ndim, 2), key
        assert known[1:] in ([], [array.shape[-1]]), key
    inputs = keras.Input((2, None, 50), dtype="int32")
    elmo = layer_of(output_key="elmo")(inputs)
    assert elmo.shape == (None, 2, None, 8)
    assert has_mask(elmo)
    stateful = layer_of(output_key="elmo", stateful=True)
    stateful.build((2, 2, 5, 50))
    assert stateful._states.rows == 4


def test_padding_in_the_middle_changes_nothing():
    layer = layer_of(output_key="all")
    ids = ids_of(TEXTS, right=3)
    at = np.array([0, 2, 5, 6, 7, 8])
    apart = np.zeros_like(ids)
    apart[:, at] = ids[:, :6]
    plain, found = run(layer, ids), run(layer, apart)
    check_close(found["elmo"][:, at], plain["elmo"][:, :6], 1e-6)
    check_close(found["default"], plain["default"], 1e-6)
    np.testing.assert_array_equal(found["mask"], apart.any(-1))
    assert not found["elmo"][~found["mask"]].any()


@pytest.mark.parametrize("do_layer_norm", [False, True])
def test_no_texts_no_tokens_no_nan(do_layer_norm):
    layer = layer_of(output_key="all", do_layer_norm=do_layer_norm)
    nothing = run(layer, np.zeros((2, 3, 50), "int32"))
    assert all((array == 0).all() for array in nothing.values())
    assert run(layer, np.zeros((2, 0, 50), "int32"))["default"].tolist() == [[0] * 8] * 2
    assert run(layer, np.zeros((0, 3, 50), "int32"))["elmo"].shape == (0, 3, 8)


# -- masks and padding -------------------------------------------------------------------------


def test_masks_follow():
    ids = ids_of(TEXTS[2:], left=1)
    layer = layer_of(output_key="elmo")
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.compute_mask(ids)), ids.any(-1))
    inputs = keras.Input((None, 50), dtype="int32")
    # The mask passes Dropout; the mean that follows it is the hub's "default".
    tokens = keras.layers.Dropout(0.1)(layer(inputs))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(tokens))
    model.compile(run_eagerly=BACKEND == "tensorflow")
    check_close(model.predict(ids, verbose=0), run(layer_of(), ids))


def test_each_output_has_the_mask_of_its_tokens():
    ids = ids_of(TEXTS)
    assert layer_of().compute_mask(ids) is None
    masks = layer_of(output_key="all", num_output_representations=2).compute_mask(ids)
    assert masks["default"] is None
    assert [ops.convert_to_numpy(mask).sum() for mask in masks["elmo"]] == [12, 12]
    outputs = layer_of(output_key="all")(keras.Input((7, 50), dtype="int32"))
    masked = {
        name: tensor._keras_mask.shape for name, tensor in outputs.items() if has_mask(tensor)
    }
    assert masked == dict.fromkeys(["elmo", "word_emb", "lstm_outputs1"], (None, 7))
    shapes = {name: tensor.shape for name, tensor in outputs.items()}
    found = run(layer_of(output_key="all"), ids_of(TEXTS, right=1))
    assert shapes == {name: (None, *array.shape[1:]) for name, array in found.items()}


def has_mask(tensor):
    return getattr(tensor, "_keras_mask", None) is not None


def test_pad_token_is_no_token():
    layer = layer_of(output_key="all", pad_token="--PAD--")
    found = run(layer, ids_of(TEXTS))
    without = [[word for word in text if word != "--PAD--"] for text in TEXTS]
    check_close(found["default"], run(layer_of(), batch_to_ids(without, max_length=6)))
    assert found["mask"][2].tolist() == [True, True, True, True, False, True]
    assert not found["elmo"][2, 4].any()


# -- cached words ------------------------------------------------------------------------------


def test_cached_words_have_the_same_vectors():
    words = ["--PAD--", *dict.fromkeys(word for text in TEXTS for word in text)]
    known = [[word for word in text if word != "--PAD--"] for text in TEXTS]
    by_characters = layer_of(output_key="all")
    plain = run(by_characters, batch_to_ids(known))
    vocabulary = Vocabulary(sorted(set(words) - {"--PAD--", ""}), tokenizer="split")
    for table in (words, vocabulary):
        layer = layer_of(output_key="all", vocab_to_cache=table)
        if table is words:
            ids = np.array(
                [[words.index(w) for w in text] + [0] * (5 - len(text)) for text in known]
            )
        else:
            texts = [[word or "<unk>" for word in text] for text in known]
            ids = vocabulary.encode([" ".join(text) for text in texts])
            plain = run(by_characters, batch_to_ids(texts))
        found = run(layer, ids.astype("int32"))
        for key in ("elmo", "default", "word_emb"):
            check_close(found[key], plain[key], 1e-6)
    assert not any("CNN" in variable.name for variable in layer.variables)


def test_cached_words_are_checked():
    layer = layer_of(vocab_to_cache=["", "a", "b"], pad_token="b")
    assert layer.no_token_ids == (0, 2)
    with pytest.raises(IdError, match=r"ids\[0, 1\]: expected an id from 0 to 2, got 3"):
        layer(np.array([[1, 3]]))
    with pytest.raises(ArgumentError, match=r"\(batch, tokens\), got \(1, 2, 50\)"):
        layer(np.ones((1, 2, 50), int))
    with pytest.raises(ArgumentError, match="vocab_to_cache"):
        layer_of(vocab_to_cache=["", "a"], requires_grad=True)
    with pytest.raises(ArgumentError, match="cached words"):
        layer.to_weights()
