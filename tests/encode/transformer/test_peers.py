"""Each family held against the `transformers` library, on small models of random numbers."""

import json

import numpy as np
import pytest

from inlay.encode.transformer import Transformer, pieces
from inlay.errors import ArgumentError, FormatError
from tests.encode.transformer.making import CONFIG, PIECES, make_bert, write_json

# The small models know few words, and of Korean and Chinese the real one knows few.
pytestmark = pytest.mark.filterwarnings("ignore:.*this model does not know")

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXTS = ["a good film", "the film was unbelievable, and so long!", "x", "아주 좋은 房间 😀"]
SIZES = {"vocab_size": len(PIECES), "max_position_embeddings": 40, "pad_token_id": 0}
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
CONFIGS = {
    "bert": lambda: transformers.BertConfig(**SIZES, **SMALL, intermediate_size=48),
    "roberta": lambda: transformers.RobertaConfig(**SIZES, **SMALL, intermediate_size=48),
    "distilbert": lambda: transformers.DistilBertConfig(
        **SIZES, dim=32, n_layers=2, n_heads=2, hidden_dim=48
    ),
    # No family of ours: these run in torch.
    "gelu_new": lambda: transformers.BertConfig(
        **SIZES, **SMALL, intermediate_size=48, hidden_act="gelu_new"
    ),
    "mpnet": lambda: transformers.MPNetConfig(**SIZES, **SMALL, intermediate_size=48),
}


@pytest.fixture(autouse=True)
def _quiet():
    transformers.utils.logging.disable_progress_bar()
    yield
    transformers.utils.logging.enable_progress_bar()


def made(folder, family, save=None):
    """A folder of the library's own, and its model."""
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(CONFIGS[family]()).eval()
    for name, parameter in model.named_parameters():  # or else all biases are zeros
        if "bias" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    make_bert(folder)
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").write_text(pieces._bert(folder), encoding="utf-8")
    (folder / "vocab.txt").unlink()
    model.config.save_pretrained(folder)
    if save is None:
        model.save_pretrained(folder)
    else:
        torch.save(model.state_dict(), folder / save)
    return model


def hidden(model, encoder, text):
    """The library's layers of one text, float32 `(layers, pieces, dim)`."""
    own = encoder._pieces
    ids = np.concatenate([own.before, *own.ids([text]), own.after])
    with torch.inference_mode():
        found = model(torch.from_numpy(ids)[None].long(), output_hidden_states=True)
    return torch.stack(found.hidden_states)[:, 0].numpy()


@pytest.mark.parametrize("family", CONFIGS)
def test_layers_are_those_of_the_library(tmp_path, family):
    model = made(tmp_path, family)
    encoder = Transformer.load(tmp_path)
    assert (encoder.dim, encoder.n_layers) == (32, 3)
    assert encoder.engine == ("numba" if family in ("bert", "roberta", "distilbert") else "torch")
    vectors, with_special = (
        encoder.pooled(TEXTS),
        Transformer.load(tmp_path, special_tokens=True).pooled(TEXTS, pool="mean"),
    )
    for i, text in enumerate(TEXTS):
        expected = hidden(model, encoder, text)
        np.testing.assert_allclose(vectors[i], expected[:, 1:-1].mean(1), atol=3e-6)
        np.testing.assert_allclose(with_special[i], expected.mean(1), atol=3e-6)
    np.testing.assert_allclose(encoder.encode(TEXTS), vectors[:, -1], atol=1e-6)


@pytest.mark.parametrize("save", ["pytorch_model.bin", "half"])
def test_weights_of_other_kinds_of_files(tmp_path, save):
    model = made(tmp_path, "bert", save="pytorch_model.bin" if save != "half" else None)
    if save == "half":
        model.half().save_pretrained(tmp_path)
        model.float()
    encoder = Transformer.load(tmp_path)
    expected = hidden(model, encoder, TEXTS[1])[-1, 1:-1].mean(0)
    np.testing.assert_allclose(encoder.encode([TEXTS[1]])[0], expected, atol=3e-6)


@pytest.mark.parametrize(
    ("engine", "precision"),
    [
        ("numba", "int8"),
        ("torch", "float32"),
        ("torch", "bfloat16"),
        ("torch", "int8"),
        ("onnxruntime", "float32"),
        ("onnxruntime", "int8"),
    ],
)
def test_engines_agree(tmp_path, engine, precision):
    make_bert(tmp_path)
    expected = Transformer.load(tmp_path).encode(TEXTS)
    found = Transformer.load(tmp_path, engine=engine, precision=precision).encode(TEXTS)
    if precision == "float32":
        np.testing.assert_allclose(found, expected, atol=1e-5)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert ((found * expected).sum(1) / lengths).min() > 0.98


def test_bert_of_a_vocabulary_cuts_as_the_library_does(tmp_path):
    make_bert(tmp_path)
    theirs = transformers.BertTokenizerFast(str(tmp_path / "vocab.txt"), do_lower_case=True)
    ours = Transformer.load(tmp_path)._pieces
    texts = [*TEXTS, "Unbelievable FILMS, café!", "goods\u200b bad\tfilm", "", "a[SEP]b"]
    for text, ids in zip(texts, ours.ids(texts), strict=True):
        assert [*ours.before, *ids, *ours.after] == theirs(text)["input_ids"], text


def test_a_model_of_another_architecture_says_what_it_can(tmp_path):
    made(tmp_path, "mpnet")
    with pytest.raises(ArgumentError, match="engine: expected 'torch' in float32 or bfloat16 for"):
        Transformer.load(tmp_path, engine="numba")
    with pytest.raises(ArgumentError, match=r"precision: .* for mpnet"):
        Transformer.load(tmp_path, engine="torch", precision="int8")
    config = json.loads((tmp_path / "config.json").read_text())
    write_json(tmp_path / "config.json", config | {"num_hidden_layers": 3})
    with pytest.raises(FormatError, match="numbers for the whole model, got none for encoder"):
        Transformer.load(tmp_path).encode(["a"])
    write_json(tmp_path / "config.json", CONFIG | {"model_type": "no such model"})
    with pytest.raises(FormatError, match="a model that `transformers` reads"):
        Transformer.load(tmp_path).encode(["a"])


def test_files_of_which_the_library_makes_an_empty_tokenizer(tmp_path):
    made(tmp_path, "roberta")
    (tmp_path / "tokenizer.json").rename(tmp_path / "vocab.json")
    with pytest.raises(FormatError, match="a tokenizer"):
        Transformer.load(tmp_path)
