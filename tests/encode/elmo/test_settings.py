import inspect
from dataclasses import fields

import numpy as np
import pytest

from inlay.encode.elmo.encoder import Elmo
from inlay.encode.elmo.settings import LayerSettings
from inlay.errors import ArgumentError


def test_what_is_not_said():
    assert LayerSettings.make(3) == LayerSettings(
        num_output_representations=1,
        trainable="mix",
        do_layer_norm=False,
        dropout=0.5,
        keep_sentence_boundaries=False,
        scalar_mix_parameters=None,
        stateful=False,
    )


@pytest.mark.parametrize(("requires_grad", "trainable"), [(True, "all"), (False, "mix")])
def test_the_name_of_allennlp(requires_grad, trainable):
    assert LayerSettings.make(3, requires_grad=requires_grad).trainable == trainable


@pytest.mark.parametrize("trainable", ["mix", "all", False])
def test_what_can_be_trained(trainable):
    assert LayerSettings.make(3, trainable=trainable).trainable == trainable


@pytest.mark.parametrize("requires_grad", [True, False])
def test_one_name_only(requires_grad):
    with pytest.raises(ArgumentError, match="requires_grad"):
        LayerSettings.make(3, requires_grad=requires_grad, trainable="all")


def test_fixed_scalars_of_any_kind():
    made = LayerSettings.make(3, scalar_mix_parameters=np.array([0, 1, -9], np.float32))
    assert made.scalar_mix_parameters == (0.0, 1.0, -9.0)
    assert hash(made) == hash(LayerSettings.make(3, scalar_mix_parameters=[0, 1, -9]))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_output_representations", 0),
        ("num_output_representations", 1.0),
        ("num_output_representations", True),
        ("trainable", True),
        ("trainable", "none"),
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
    with pytest.raises(ArgumentError, match=name):
        LayerSettings.make(3, **{name: value})


@pytest.mark.parametrize("dropout", [0, 0.0, 0.99])
def test_any_share_below_one(dropout):
    assert LayerSettings.make(3, dropout=dropout).dropout == dropout


def test_unknown_names():
    with pytest.raises(TypeError, match="weight_decay"):
        LayerSettings.make(3, weight_decay=0.1)


@pytest.mark.parametrize("method", [Elmo.to_torch, Elmo.to_keras])
def test_an_encoder_shows_every_setting_with_its_default(method):
    shown = inspect.signature(method).parameters
    said = {field.name: shown[field.name].default for field in fields(LayerSettings)}
    assert LayerSettings.make(3, **said) == LayerSettings()
    assert not [name for name, p in shown.items() if p.kind is p.VAR_KEYWORD]
