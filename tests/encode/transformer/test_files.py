"""What folders hold: names, copies, and what is damaged, missing or asks for too much."""

import json
import pickle
import sys

import numpy as np
import pytest

from inlay.encode import load_encoder
from inlay.encode.transformer import Transformer
from inlay.errors import (
    ArgumentError,
    FormatError,
    InlayError,
    MissingFileError,
    MissingPackageError,
)
from tests.encode.transformer.making import (
    CONFIG,
    bert_arrays,
    make_bert,
    make_sentences,
    write_json,
)

TEXTS = ["a good film", "", "unbelievable!"]


def arrays_into(folder, arrays):
    from safetensors.numpy import save_file

    save_file(arrays, folder / "model.safetensors")


def less(folder):
    arrays = bert_arrays()
    del arrays["encoder.layer.3.output.dense.bias"]
    arrays_into(folder, arrays)


def other(folder):
    arrays_into(folder, bert_arrays(CONFIG | {"hidden_size": 16}))


def config(**changed):
    return lambda folder: write_json(folder / "config.json", CONFIG | changed)


def cut(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def longer(folder):
    with (folder / "vocab.txt").open("a") as file:
        file.write("film2\n")


def text(name, content):
    return lambda folder: (folder / name).write_text(content)


def gone(name):
    return lambda folder: (folder / name).unlink()


CODE = {"AutoModel": "modeling.MyModel"}
BAD = {
    "remote code": (config(auto_map=CODE), "got an auto_map, which asks for code of the folder"),
    "cut": (cut, r"model.safetensors: expected .*bytes of data"),
    "less": (less, "expected an array 'encoder.layer.3.output.dense.bias'"),
    "other": (other, r"of shape \(24, 32\), as config.json says, got one of \(24, 16\)"),
    "longer": (longer, "a tokenizer of at most 75 pieces, as the weights have rows, got one of 76"),
    "no number": (
        config(num_hidden_layers="4"),
        "expected 'num_hidden_layers' as a whole number, got str '4'",
    ),
    "no heads": (config(num_attention_heads=5), "heads that share the numbers evenly, got 32"),
    "no config": (gone("config.json"), "config.json, got no such file"),
    "no weights": (gone("model.safetensors"), "weights: model.safetensors or pytorch_model.bin"),
    "no tokenizer": (gone("vocab.txt"), "a tokenizer beside the weights, got neither"),
    "other vocabulary": (text("vocab.txt", "a\nb\n"), r"BERT's vocabulary, .* without \[UNK\]"),
    "no JSON": (text("config.json", "{"), "config.json: expected settings in JSON"),
    "no tokenizer.json": (text("tokenizer.json", "[]"), "a tokenizer that `tokenizers` reads"),
    "no modules": (text("modules.json", "[]"), "expected a list of modules, got an empty one"),
    "small": (config(max_position_embeddings=2), "room for a text's pieces|of shape"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_folder(tmp_path, bad):
    make_bert(tmp_path)
    damage, match = BAD[bad]
    damage(tmp_path)
    with pytest.raises((FormatError, MissingFileError), match=match):
        Transformer.load(tmp_path)


def test_nothing_of_a_folder_is_run(tmp_path):
    make_bert(tmp_path)
    config(auto_map={"AutoModel": "evil.Evil", "AutoTokenizer": "evil.Evil"})(tmp_path)
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    config(model_type="evil", auto_map={"AutoModel": "evil.Evil"})(tmp_path)
    with pytest.raises(FormatError, match="inlay runs no code"):
        load_encoder(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_a_program(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    make_bert(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(FormatError):
        Transformer.load(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_piece_beyond_the_embedding(tmp_path):
    """A tokenizer of few pieces may still number them beyond the rows."""
    make_bert(tmp_path)
    encoder = Transformer.load(tmp_path)
    own = json.loads(encoder._pieces._content)
    own["model"]["vocab"]["film"] = 900
    write_json(tmp_path / "tokenizer.json", own)
    encoder = Transformer.load(tmp_path)
    assert encoder.encode(["a good"]).any()
    with pytest.raises(FormatError, match="as the weights have rows, got piece 900"):
        encoder.encode(["a film"])


def test_a_missing_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingPackageError, match=r'pip install "inlay\[transformers\]"'):
        Transformer.load(make_bert(tmp_path))


def test_older_names_and_a_model_within_another(tmp_path):
    expected = Transformer.load(make_bert(tmp_path)).encode(TEXTS)
    arrays = {}
    for name, array in bert_arrays().items():
        if "LayerNorm" in name:
            name = name.replace("weight", "gamma").replace("bias", "beta")
        arrays[f"bert.{name}"] = array
    arrays["cls.predictions.bias"] = np.zeros(3, np.float32)
    arrays_into(tmp_path, arrays)
    np.testing.assert_array_equal(Transformer.load(tmp_path).encode(TEXTS), expected)


def test_weights_in_several_files(tmp_path):
    from safetensors.numpy import save_file

    expected = Transformer.load(make_bert(tmp_path / "one"))
    folder = make_bert(tmp_path / "several")
    (folder / "model.safetensors").unlink()
    places = {}
    for i, (name, array) in enumerate(bert_arrays().items()):
        places.setdefault(f"model-{i % 2}.safetensors", {})[name] = array
    for file, arrays in places.items():
        save_file(arrays, folder / file)
    index = {name: file for file, arrays in places.items() for name in arrays}
    write_json(folder / "model.safetensors.index.json", {"weight_map": index})
    encoder = Transformer.load(folder)
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected.encode(TEXTS))
    encoder.save(tmp_path / "saved")
    np.testing.assert_array_equal(
        load_encoder(tmp_path / "saved").encode(TEXTS), expected.encode(TEXTS)
    )


def test_what_is_saved_says_the_settings_and_is_read_by_others(tmp_path):
    folder = make_sentences(tmp_path / "a", ("Pooling", {"pooling_mode": "cls"}, {}))
    write_json(folder / "onnx" / "big.json", {})
    (folder / "source.spm").write_bytes(b"a vocabulary, as Marian has it")
    encoder = Transformer.load(
        folder, layer=2, words="last", prompt="the film", max_length=9, special_tokens=False
    )
    encoder.save(tmp_path / "b")
    again = load_encoder(tmp_path / "b", verify=True)
    assert again.settings == encoder.settings
    assert (again.layer, again.words, again.prompt) == (2, "last", "the film")
    assert Transformer.load(tmp_path / "b", layer=-1, max_length=7).layer == -1
    names = sorted(p.relative_to(tmp_path / "b").as_posix() for p in (tmp_path / "b").rglob("*.*"))
    own = ["config.json", "model.safetensors", "modules.json", "tokenizer_config.json"]
    own += ["1_Pooling/config.json", "encoder.json", "source.spm", "vocab.txt"]
    assert names == sorted(own)
    file = tmp_path / "b" / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(FormatError, match=r"the encoder of SHA-256 .* as it was saved"):
        load_encoder(tmp_path / "b", verify=True)
    with pytest.raises(ArgumentError, match="verify: expected a folder that inlay wrote"):
        load_encoder(folder, verify=True)


@pytest.mark.parametrize(
    "settings",
    [3, {"layer": []}, {"layer": 99}, {"words": 3}, {"pool": "median"}, {"max_length": "9"}],
)
def test_a_saved_one_whose_settings_are_others(tmp_path, settings):
    encoder = Transformer.load(make_bert(tmp_path / "a"))
    encoder.save(tmp_path / "b")
    file = tmp_path / "b" / "encoder.json"
    write_json(file, json.loads(file.read_text()) | {"settings": settings})
    with pytest.raises(FormatError, match=r"encoder\.json: expected the settings of a saved"):
        load_encoder(tmp_path / "b")


def test_an_encoder_elsewhere_knows_its_files(tmp_path):
    folder = make_bert(tmp_path)
    pickled = pickle.dumps(Transformer.load(folder))
    assert len(pickled) < 10_000
    assert pickle.loads(pickled).encode(TEXTS).shape == (3, 32)
    arrays_into(folder, bert_arrays(seed=1))
    with pytest.raises(FormatError, match="the file that this encoder was read from, got another"):
        pickle.loads(pickled).encode(TEXTS)
    (folder / "model.safetensors").unlink()
    with pytest.raises(MissingFileError, match="in this process too"):
        pickle.loads(pickled).encode(TEXTS)


def test_the_hash_is_that_of_the_files(tmp_path):
    one, two = make_bert(tmp_path / "one"), make_bert(tmp_path / "two")
    name = Transformer.load(one).hash
    assert Transformer.load(two).hash == name
    (two / "README.md").write_text("A card says nothing of a vector.")
    assert Transformer.load(two).hash == name
    arrays_into(two, bert_arrays(seed=1))
    assert Transformer.load(two).hash != name


def test_a_name_in_the_cache_of_hugging_face(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--me--tiny"
    make_sentences(folder / "snapshots" / "abc", ("Pooling", {}, {}))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    assert isinstance(load_encoder("me/tiny"), Transformer)
    with pytest.raises(
        InlayError, match=r"me/other: .* Try: hf://me/other, if a model of the Hugg"
    ):
        load_encoder("me/other")
