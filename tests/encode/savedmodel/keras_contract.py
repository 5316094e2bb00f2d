"""`SavedModelLayer` on TensorFlow: trained, saved, loaded elsewhere; see test_savedmodel.py."""

import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

import inlay
from inlay.encode.savedmodel.keras import SavedModelLayer
from inlay.encode.savedmodel.tensorflow_graph import Graph
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    MissingFileError,
    NotFittedError,
)
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
from tests.processes import in_fresh

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LABELS = np.array([[1.0], [0.0], [0.0], [1.0], [1.0]], np.float32)
IDS = np.random.default_rng(3).integers(0, SIZE, (len(TEXTS), LENGTH)).astype(np.int32)
START = keras.initializers.RandomNormal(stddev=1.0, seed=5)
SIGNATURES = {"strings": "serving_default", "hub": "default", "keras": "serve"}


def layer_of(made, kind, **settings):
    return SavedModelLayer(made(kind), **({"trainable": True} | settings))


def inputs_of(kind):
    return tf.constant(IDS) if kind == "keras" else tf.constant(TEXTS)


def uncompiled(layer):
    """A regression on top, with another layer between, whose numbers are always the same."""
    of_ids = layer.input_form.dtype != "string"
    given = keras.Input((LENGTH,), dtype="int32") if of_ids else keras.Input((), dtype="string")
    x = keras.layers.Dense(4, activation="relu", kernel_initializer=START)(layer(given))
    return keras.Model(given, keras.layers.Dense(1, kernel_initializer=START)(x))


def model_of(layer, **compiled):
    model = uncompiled(layer)
    model.compile(**({"optimizer": "adam", "loss": "mse"} | compiled))
    return model


def check_close(found, wanted, atol=1e-6):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


# -- what it computes --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["strings", "hub"])
def test_strings_of_any_kind(made, kind):
    layer = layer_of(made, kind, trainable=False)
    for texts in (
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, object),
        tf.constant(TEXTS),
        [[text] for text in TEXTS],
        tf.constant([[text] for text in TEXTS]),
    ):
        check_close(layer(texts), expected(TEXTS))
    with pytest.raises(ArgumentTypeError, match=r"strings, \(batch,\) or \(batch, 1\)"):
        layer([["a"], [None]])
    with pytest.raises(
        ArgumentTypeError, match=r"expected string \(\?\), got float32.*Input\(\(\)"
    ):
        layer(keras.Input((3,)))


def test_an_encoder_becomes_the_layer(made):
    encoder = inlay.encode.savedmodel.SavedModelEncoder.load(made("outputs"), output_key="pooled")
    layer = inlay.to_keras(encoder, trainable=True, name="use")
    assert (layer.name, layer.trainable) == ("use", True)
    check_close(layer(TEXTS), encoder.encode(TEXTS))
    twice = encoder.to_keras(output_key="scaled/twice")
    assert not twice.trainable_variables
    check_close(twice(TEXTS), expected(TEXTS) * 2)
    by_reference = inlay.to_keras(encoder, by_reference=True)
    assert by_reference.by_reference
    with pytest.raises(ArgumentTypeError, match=r"output_key=.*encoder\.to_keras"):
        inlay.to_keras(encoder, output_key="pooled")


def test_outputs_by_name_or_all(made):
    every = layer_of(made, "outputs")
    found = every(keras.Input((), dtype="string"))
    assert {name: tensor.shape for name, tensor in found.items()} == {
        "pooled": (None, 3),
        "scaled/twice": (None, 3),
        "tokens": (None, 1, 3),
    }
    check_close(every(TEXTS)["tokens"], expected(TEXTS)[:, None])
    assert layer_of(made, "hub").output_key == "default"
    with pytest.raises(ArgumentError, match=r"an output by the name 'mean', got .*pooled: float32"):
        layer_of(made, "outputs", output_key="mean")


def test_arguments_and_training(made):
    ids = np.array([[1, 2], [3, 4]])
    mean = EMBEDDINGS[ids].mean(1)
    layer = layer_of(made, "ids")
    check_close(layer(ids), mean)
    check_close(layer_of(made, "ids", arguments={"scale": 2.0})(ids), mean * 2)
    check_close(layer(ids, training=True), mean + 100)
    layer.trainable = False  # then it is not told that it is trained
    check_close(layer(ids, training=True), mean)
    fixed = layer_of(made, "ids", arguments={"training": True})
    check_close(fixed(ids), mean + 100)
    assert layer.non_trainable_weights[-1].numpy() == 1.0  # one step


def test_every_variable_is_a_weight(made):
    for kind, shapes, trains in (
        ("strings", [(5, 4), (4, 3)], 2),
        ("hub", [(3, 4), (2, 4), (4, 3)], 3),
        ("keras", None, 5),
        ("ids", [(5, 4), ()], 1),
    ):
        layer = layer_of(made, kind, name=f"of_{kind}")
        assert shapes is None or [tuple(v.shape) for v in layer.weights] == shapes
        assert len(layer.trainable_variables) == trains
        layer.trainable = False
        assert len(layer.non_trainable_weights) == len(layer.weights)
        layer.trainable = True
        assert len(layer.trainable_variables) == trains
        assert all(v.path.startswith(f"of_{kind}/") for v in layer.weights)
        assert len({v.path for v in layer.weights}) == len(layer.weights)


def test_set_weights_changes_what_it_computes(made):
    for kind in ("strings", "hub"):
        layer = layer_of(made, kind)
        layer.set_weights([w * 0.5 for w in layer.get_weights()])
        check_close(layer(TEXTS), expected(TEXTS, EMBEDDINGS / 2, KERNEL / 2))


# -- training ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["strings", "hub", "keras"])
def test_gradients_and_ten_steps_of_adam_are_those_of_tensorflow(made, kind):
    """Against `tf.saved_model.load`, a tape and a loop of one's own."""
    layer, x = layer_of(made, kind), inputs_of(kind)
    model = model_of(layer, optimizer=keras.optimizers.Adam(0.05))
    root = Graph(made(kind)).root  # old variables of the hub's made such as can be trained
    signature = root.signatures[SIGNATURES[kind]]
    [name] = signature.structured_input_signature[1]
    own = {v.name.removesuffix(":0").replace("/", "_"): v for v in signature.variables}
    trained = [own[v.name] for v in layer.trainable_variables]
    head = [tf.Variable(v.value) for v in model.trainable_variables[len(trained) :]]
    optimizer, losses, first = keras.optimizers.Adam(0.05), [], None
    for _ in range(10):
        with tf.GradientTape() as tape:
            [vectors] = [v for k, v in signature(**{name: x}).items() if k != "twice"]
            hidden = tf.nn.relu(vectors @ head[0] + head[1])
            loss = tf.reduce_mean((hidden @ head[2] + head[3] - LABELS) ** 2)
        gradients = tape.gradient(loss, trained + head)
        first = first or [tf.convert_to_tensor(g) for g in gradients]
        losses.append(float(loss))
        optimizer.apply_gradients(zip(gradients, trained + head, strict=True))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - LABELS) ** 2)
    found = tape.gradient(loss, [v.value for v in model.trainable_variables])
    assert len(found) == len(first)
    for mine, wanted in zip(found, first, strict=True):
        assert np.abs(wanted).max() > 0
        check_close(tf.convert_to_tensor(mine), wanted)
    fitted = model.fit(x, LABELS, batch_size=len(TEXTS), epochs=10, shuffle=False, verbose=0)
    check_close(fitted.history["loss"], losses)
    assert losses[-1] < losses[0]
    for mine, wanted in zip(layer.trainable_variables, trained, strict=True):
        check_close(mine, wanted, 1e-5)


def test_a_classifier_trains_it(made, tmp_path):
    settings = {"trainable": True, "validation": None, "epochs": 2, "learning_rate": 0.01}
    model = inlay.TextClassifier(inlay.load_encoder(made("strings")), **settings)
    model.fit(TEXTS, [1, 0, 0, 1, 1])
    assert model.n_trainable_ > EMBEDDINGS.size
    assert model.history_["loss"][1] < model.history_["loss"][0]
    model.save(tmp_path / "m")
    loaded = inlay.TextClassifier.load(tmp_path / "m")
    check_close(loaded.predict_proba(TEXTS), model.predict_proba(TEXTS))


def test_frozen_it_stays_and_trains_when_switched(made):
    layer = layer_of(made, "strings", trainable=False)
    assert not any(v.trainable for v in layer.weights)
    model = model_of(layer, optimizer=keras.optimizers.SGD(0.01))
    data = tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(2)
    model.fit(data, shuffle=False, verbose=0)
    check_close(layer(TEXTS), expected(TEXTS))
    layer.trainable = True
    model.compile("rmsprop", "mse")
    model.fit(data, shuffle=False, verbose=0)
    embeddings, kernel = layer.get_weights()
    assert not np.allclose(embeddings, EMBEDDINGS, atol=1e-4)
    check_close(layer(TEXTS), expected(TEXTS, embeddings, kernel))


def test_penalties_of_the_savedmodel_are_added_to_the_loss(tmp_path):
    class Penalised(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(3.0)
            self.regularization_losses = [self.penalty]

        @tf.function(input_signature=[])
        def penalty(self):
            return self.kernel**2

        @tf.function(input_signature=[tf.TensorSpec([None, 1], tf.float32)])
        def __call__(self, x):
            return self.kernel * x

    tf.saved_model.save(Penalised(), str(tmp_path / "m"))
    layer = SavedModelLayer(tmp_path / "m", trainable=True)
    layer(np.ones((2, 1)), training=True)
    check_close(layer.losses, [9.0])
    layer.trainable = False
    layer(np.ones((2, 1)), training=True)
    assert layer.losses == []


# -- saving ------------------------------------------------------------------------------------


def trained(made, kind, **settings):
    """A model whose layer has other numbers than the files; a `fit` would take seconds."""
    layer = layer_of(made, kind, **settings)
    layer.set_weights([w * 0.9 + 0.01 for w in layer.get_weights()])
    return uncompiled(layer)


def elsewhere(folder, texts):
    """What a fresh process computes; then after a step of training, and when saved again."""
    x, found = tf.constant(texts), []
    for path in sorted(folder.glob("*.keras")):
        model = keras.models.load_model(path)
        found.append((model(x).numpy(), len(model.trainable_variables)))
    model = keras.models.load_model(folder / "whole.keras")
    model.fit(x, LABELS, verbose=0)
    model.save(folder / "again.keras")
    again = keras.models.load_model(folder / "again.keras")
    return found, (model(x).numpy(), again(x).numpy(), int(model.optimizer.iterations))


def test_saved_it_is_the_same_in_another_process(made, tmp_path):
    """Whole and by reference in one, for it takes seconds to start."""
    x, wanted = inputs_of("strings"), []
    for name in ("by_reference", "whole"):
        model = trained(made, "strings", by_reference=name == "by_reference")
        if name == "whole":
            model.compile("adam", "mse")
            model.fit(x, LABELS, epochs=2, verbose=0)
        model.save(tmp_path / f"{name}.keras")
        wanted.append(model(x).numpy())
    found, (after, again, steps) = in_fresh(elsewhere, tmp_path, TEXTS)
    for (predicted, n), before in zip(found, wanted, strict=True):
        check_close(predicted, before)
        assert n == 6
    assert steps == 3
    assert not np.allclose(after, wanted[1], atol=1e-4)
    check_close(again, after)


@pytest.mark.parametrize(
    ("kind", "by_reference"),
    [("strings", False), ("strings", True), ("hub", False), ("hub", True), ("keras", False)],
)
def test_saved_exported_and_cloned_it_is_the_same(made, kind, by_reference, tmp_path):
    model, x = trained(made, kind, by_reference=by_reference), inputs_of(kind)
    layer = model.layers[1]
    vectors, wanted = layer(x), model(x)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    check_close(again(x), wanted)
    assert again.layers[1].by_reference is by_reference
    for source in (layer, again.layers[1]):
        source.export(tmp_path / "exported")
        root = tf.saved_model.load(str(tmp_path / "exported"), tags=[] if kind == "hub" else None)
        signature = root.signatures[SIGNATURES[kind]]
        [name] = signature.structured_input_signature[1]
        output = next(v for k, v in signature(**{name: x}).items() if k != "twice")
        check_close(output, vectors)
        if kind == "keras":  # which has each variable twice, of which one computes
            every = tf.train.TrackableView(root).descendants()
            name = re.compile(r"embedding(_\d+)?/embeddings:0")
            found = [v for v in every if name.fullmatch(getattr(v, "name", ""))]
            assert len(found) == 2
            for variable in found:
                check_close(variable, layer.get_weights()[0])
        if kind == "strings":
            assert root.steps.numpy() == 7
    twin = keras.models.clone_model(again)
    assert twin.layers[1] is not again.layers[1]
    check_close(twin.layers[1](x), vectors)
    twin.layers[1].set_weights([w * 0 for w in twin.layers[1].get_weights()])
    check_close(again.layers[1](x), vectors)


def test_what_was_trained_is_an_encoder_again(made, tmp_path):
    layer = trained(made, "outputs", output_key="pooled").layers[1]
    layer.export(tmp_path / "tuned")
    encoder = inlay.load_encoder(tmp_path / "tuned")
    check_close(encoder.encode(TEXTS), layer(TEXTS))
    assert not np.allclose(encoder.encode(TEXTS), expected(TEXTS), atol=1e-4)
    layer.export(tmp_path / "tuned")
    with pytest.raises(ArgumentError, match="a new folder, or a saved encoder"):
        layer.export(made("strings"))


def test_a_model_that_is_served_takes_its_tables_along(made, tmp_path):
    for kind in ("strings", "hub"):
        model = trained(made, kind)
        model.export(tmp_path / kind, verbose=False)
        served = tf.saved_model.load(str(tmp_path / kind))
        check_close(served.serve(tf.constant(TEXTS)), model(tf.constant(TEXTS)))


def test_numbers_are_saved_once(tmp_path):
    """Whole, a model has them once, whatever else it has; by reference, those that changed."""

    class Large(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(np.random.default_rng(0).random((400, 500), np.float32))
            self.slot = tf.Variable(tf.random.normal([7]), trainable=False)

        @tf.function(input_signature=[tf.TensorSpec([None, 400], tf.float32)])
        def __call__(self, x):
            return x @ self.kernel

        @tf.function(input_signature=[])
        def other(self):
            return self.slot

    size = 400 * 500 * 4
    tf.saved_model.save(large := Large(), str(tmp_path / "m"))
    x = np.ones((1, 400), np.float32)
    for by_reference, low, high in ((False, 0.8 * size, 1.1 * size), (True, 0, 0.1 * size)):
        layer = SavedModelLayer(tmp_path / "m", by_reference=by_reference)
        model = keras.Sequential([keras.Input((400,)), layer])
        model.save(tmp_path / "model.keras")
        assert low < (tmp_path / "model.keras").stat().st_size < high
        again = keras.models.load_model(tmp_path / "model.keras")
        check_close(again(x), large(x), 1e-3)
        again.layers[0].export(tmp_path / "exported")
        root = tf.saved_model.load(str(tmp_path / "exported"))
        check_close(root.other(), large.slot)
    again.layers[0].trainable = True
    again.layers[0].set_weights([again.layers[0].get_weights()[0] + 1])
    again.save(tmp_path / "model.keras")
    assert 0.8 * size < (tmp_path / "model.keras").stat().st_size < 1.1 * size
    check_close(keras.models.load_model(tmp_path / "model.keras")(x), large(x) + 400, 1e-2)


def saved_by(layer):
    store = {}
    layer.save_own_variables(store)
    return store


@pytest.mark.parametrize("by_reference", [False, True])
def test_weights_alone(made, by_reference, tmp_path):
    path = tmp_path / "model.weights.h5"
    settings = {"by_reference": by_reference}
    model = model_of(layer_of(made, "strings", **settings), optimizer="sgd")
    model.layers[1].set_weights([w * 0.9 for w in model.layers[1].get_weights()])
    model.save_weights(path)
    other = model_of(layer_of(made, "strings", **settings, trainable=False), optimizer="sgd")
    other.load_weights(path)
    check_close(other(tf.constant(TEXTS)), model(tf.constant(TEXTS)))
    fresh = model_of(layer_of(made, "strings", **settings), optimizer="sgd")
    fresh.save_weights(path)
    other.load_weights(path)  # of which none have changed, by reference
    check_close(other.layers[1](TEXTS), expected(TEXTS))
    if by_reference:
        one = model_of(layer_of(made, "outputs", output_key="pooled"), optimizer="sgd")
        with pytest.raises(FormatError, match="weights on top of another SavedModel"):
            one.layers[1].load_own_variables(saved_by(fresh.layers[1]))


def test_config_is_small_json_without_numbers(made):
    layer = layer_of(made, "keras", name="it")
    text = json.dumps(layer.get_config())
    assert len(text) < 1500
    twin = SavedModelLayer.from_config(json.loads(text))
    assert [v.path for v in twin.weights] == [v.path for v in layer.weights]
    assert np.isnan(twin.get_weights()[0]).all()
    with pytest.raises(NotFittedError, match="a SavedModel, which is not in a layer's config"):
        twin(IDS)


def test_a_reference_that_has_moved_or_changed(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = changed(made("strings"), tmp_path / "encoder", b"", b"")
    model = keras.Sequential(
        [keras.Input((), dtype="string"), SavedModelLayer(folder, by_reference=True)]
    )
    model.save("model.keras")
    (tmp_path / "elsewhere").mkdir()
    folder.rename(tmp_path / "elsewhere" / "encoder")
    with pytest.raises(MissingFileError, match="the SavedModel with digest"):
        keras.models.load_model("model.keras")
    monkeypatch.chdir(tmp_path / "elsewhere")
    check_close(keras.models.load_model("../model.keras")(tf.constant(TEXTS)), expected(TEXTS))
    (tmp_path / "elsewhere" / "encoder" / "assets" / "words.txt").write_text("\n".join(WORDS[::-1]))
    with pytest.raises(FormatError, match="another one"):
        keras.models.load_model("../model.keras")


def test_by_reference_may_be_switched(made, tmp_path):
    layer = layer_of(made, "strings")
    layer.by_reference = True
    model = keras.Sequential([keras.Input((), dtype="string"), layer])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras").layers[0]
    again.by_reference = False
    keras.Sequential([keras.Input((), dtype="string"), again]).save(tmp_path / "model.keras")
    whole = keras.models.load_model(tmp_path / "model.keras").layers[0]
    with pytest.raises(ArgumentError, match="out of a saved model"):
        whole.by_reference = True


def test_mixed_precision(made):
    layer = layer_of(made, "strings", dtype="mixed_bfloat16")
    found = layer(TEXTS)
    assert found.dtype == tf.bfloat16
    check_close(tf.cast(found, tf.float32), expected(TEXTS), 0.01)
    assert {v.dtype for v in layer.weights} == {"float32"}


def test_what_is_wrong_is_named(made, tmp_path):
    with pytest.raises(MissingFileError, match=r"a folder without saved_model\.pb"):
        SavedModelLayer(tmp_path)
    with pytest.raises(ArgumentTypeError, match="trainable: expected True or False"):
        layer_of(made, "strings", trainable="all")
    with pytest.raises(ArgumentError, match="name: expected a name without a slash"):
        layer_of(made, "strings", name="a/b")
    with pytest.raises(ArgumentError, match="path: expected the folder of a SavedModel, got None"):
        SavedModelLayer()
    with pytest.raises(ArgumentError, match="an output from signature='other', got"):
        layer_of(made, "strings", signature="other")
