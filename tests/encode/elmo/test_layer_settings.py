import inspect
from dataclasses import fields

import numpy as np
import pytest

from inlay.core import HashingVocabulary
from inlay.encode.elmo.encoder import Elmo
from inlay.encode.elmo.layer_settings import LayerSettings, trained, words_to_cache
from inlay.encode.elmo.weights import Weights
from inlay.errors import ArgumentError, ArgumentTypeError
from tests.encode.elmo.test_network import TINY


@pytest.mark.parametrize(("requires_grad", "trainable"), [(True, "all"), (False, "mix")])
def test_the_name_of_allennlp(requires_grad, trainable):
    assert trained(None, requires_grad) == trainable


@pytest.mark.parametrize("trainable", ["mix", "all", False])
def test_what_can_be_trained(trainable):
    assert LayerSettings(trainable=trained(trainable, None)).trainable == trainable
    assert trained(True, None) == "all"


@pytest.mark.parametrize("requires_grad", [True, False])
def test_one_name_only(requires_grad):
    with pytest.raises(ArgumentError, match="requires_grad"):
        trained("all", requires_grad)


def test_fixed_scalars_of_any_kind():
    made = LayerSettings(scalar_mix_parameters=np.array([0, 1, -9], np.float32))
    assert made.scalar_mix_parameters == (0.0, 1.0, -9.0)
    assert hash(made) == hash(LayerSettings(scalar_mix_parameters=[0, 1, -9]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_output_representations", 0),
        ("num_output_representations", 1.0),
        ("num_output_representations", True),
        ("trainable", "none"),
        ("trainable", 1),
        ("requires_grad", "yes"),
        ("do_layer_norm", 1),
        ("stateful", None),
        ("keep_sentence_boundaries", "no"),
        ("scalar_mix_parameters", "012"),
        ("scalar_mix_parameters", 0.5),
        ("scalar_mix_parameters", [0.0, "1", 2.0]),
        ("dropout", 1),
        ("dropout", -0.1),
        ("dropout", float("nan")),
        ("dropout", "0.5"),
        ("dropout", None),
        ("scalar_mix_parameters", [0.0, 0.0]),
        ("scalar_mix_parameters", []),
        ("scalar_mix_parameters", [0.0, 0.0, float("nan")]),
        ("scalar_mix_parameters", [0.0, 0.0, float("-inf")]),
    ],
)
def test_values_that_cannot_be_are_named(name, value):
    encoder = Elmo(TINY, Weights.random(TINY))
    with pytest.raises((ArgumentError, ArgumentTypeError), match=f"^{name}"):
        encoder.to_torch(**{name: value})


@pytest.mark.parametrize("dropout", [0, 0.0, 0.99])
def test_any_share_below_one(dropout):
    assert LayerSettings(dropout=dropout).dropout == dropout


def test_numbers_of_numpy():
    made = LayerSettings(
        num_output_representations=np.int64(2), dropout=np.float32(0.25), stateful=np.True_
    )
    assert made == LayerSettings(num_output_representations=2, dropout=0.25, stateful=True)
    assert [type(made.dropout), type(made.stateful)] == [float, bool]


@pytest.mark.parametrize("name", ["to_torch", "to_keras"])
def test_unknown_names_are_answered_by_those_there_are(name):
    method = getattr(Elmo(TINY, Weights.random(TINY)), name)
    with pytest.raises(ArgumentTypeError, match=rf"{name}\(\): .*\btrainable, .*, got weight_dec"):
        method(weight_decay=0.1)


@pytest.mark.parametrize("method", [Elmo.to_torch, Elmo.to_keras])
def test_an_encoder_shows_every_setting_with_its_default(method):
    shown = inspect.signature(method).parameters
    said = {field.name: shown[field.name].default for field in fields(LayerSettings)}
    said["trainable"] = trained(said["trainable"], shown["requires_grad"].default)
    assert LayerSettings(**said) == LayerSettings()
    assert not [name for name, p in shown.items() if p.kind is p.VAR_KEYWORD]


@pytest.mark.parametrize("given", ["a", 5, {"a", "b"}, [["a"]], [1], HashingVocabulary(9)])
def test_what_is_no_list_of_words_to_cache(given):
    with pytest.raises(ArgumentTypeError, match=r"^vocab_to_cache"):
        words_to_cache(given)


@pytest.mark.parametrize("method", ["to_torch", "to_keras"])
def test_words_of_other_layers_lead_to_those_of_an_elmo(method):
    make = getattr(Elmo(TINY, Weights.random(TINY)), method)
    with pytest.raises(ArgumentTypeError, match=rf"inlay.{method}\(encoder, vocab\), or vocab_to"):
        make(["a", "film"])
    with pytest.raises(ArgumentTypeError, match="Try: vocab_to_cache="):
        make(vocab=["a", "film"])
    with pytest.raises(ArgumentTypeError, match="Try: trainable=: 'mix', 'all' or False"):
        make(freeze=True)
