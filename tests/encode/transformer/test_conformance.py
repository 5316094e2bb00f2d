"""The contract of encoders, on a small BERT and on the real MiniLM."""

import pytest

from inlay.encode.transformer import Transformer
from tests.conformance.check_encoder import check_encoder
from tests.data import minilm
from tests.encode.transformer.making import make_bert, make_sentences

# The small models know few words, and of Korean and Chinese the real one knows few.
pytestmark = pytest.mark.filterwarnings("ignore:.*this model does not know")

POOLING = ("Pooling", {"pooling_mode_mean_tokens": True}, {})


@pytest.mark.parametrize("engine", ["numba", "torch"])
def test_a_small_bert(tmp_path, engine):
    folder = make_bert(tmp_path / "bert")
    check_encoder(
        lambda: Transformer.load(folder, engine=engine, workers=1),
        tmp_path,
        words=400,
        exact=engine == "numba",
        means=False,  # over pieces, not over words
    )


def test_a_small_one_of_sentence_transformers(tmp_path):
    folder = make_sentences(tmp_path / "bert", POOLING)
    check_encoder(
        lambda: Transformer.load(folder, layer="last4", words="first", workers=2),
        tmp_path,
        words=400,
        empty=False,
        means=False,
    )


def test_minilm(tmp_path):
    folder = minilm()
    check_encoder(
        lambda: Transformer.load(folder, workers=1),
        tmp_path,
        words=400,
        empty=False,
        linear=False,  # of unit length in the end
        means=False,
    )
