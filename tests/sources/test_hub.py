"""Names of the Hugging Face Hub, whose server is one of this machine."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import inlay
from inlay.cli.inputs import read_data
from inlay.cli.root import inlay as main
from inlay.containers.safetensors import make_header
from inlay.errors import DownloadError
from inlay.formats import convert
from inlay.sources import Source, fetch
from inlay.sources.fetching import as_source, fetch_source
from tests import stand_ins
from tests.encode.transformer.making import make_sentences
from tests.sources.hub_server import COMMIT, serving_hub

constants = pytest.importorskip("huggingface_hub.constants", reason="its library is not installed")

CARD = b"---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\n"
MATRIX = np.arange(12, dtype=np.float32).reshape(4, 3)
TOKENS = ["[PAD]", "[UNK]", "good", "film"]
NORM = {name: MATRIX[:2].repeat(6)[:32] for name in ("norm.weight", "norm.bias")}
SERVER = None


def tensors(**arrays):
    """The bytes of a `.safetensors` file."""
    names = {name.replace("__", "."): array for name, array in arrays.items()}
    return make_header(names, {}) + b"".join(array.tobytes() for array in names.values())


def tokenizer():
    vocab = {token: row for row, token in enumerate(TOKENS)}
    return json.dumps({"model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocab}})


MODEL = {
    "README.md": CARD,
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": tensors(embeddings__word_embeddings__weight=MATRIX, other__weight=MATRIX),
    "pytorch_model.bin": b"never",
    "tokenizer.json": tokenizer().encode(),
    "tokenizer_config.json": b'{"unk_token": "[UNK]"}',
    "vocab.txt": "\n".join(TOKENS).encode(),
    "onnx/model.onnx": b"never",
}
PLACES = {"model.embed_tokens.weight": "m-1.safetensors", "lm_head.weight": "m-2.safetensors"}
SHARDED = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors.index.json": json.dumps({"weight_map": PLACES}).encode(),
    "m-1.safetensors": tensors(model__embed_tokens__weight=MATRIX),
    "m-2.safetensors": tensors(lm_head__weight=MATRIX),
    "tokenizer.json": tokenizer().encode(),
}
STATIC = {
    "modules.json": b"[]",
    "0_StaticEmbedding/model.safetensors": tensors(embedding__weight=MATRIX),
    "0_StaticEmbedding/tokenizer.json": tokenizer().encode(),
}


@pytest.fixture(scope="module")
def server():
    with serving_hub() as running:
        running.files |= {
            "owner/model-v1.5": MODEL,
            "owner/sharded": SHARDED,
            "owner/static": STATIC,
            "owner/vectors": {"a.vec": b"2 2\ngood 1 0\nfilm 0 1\n", "b/c.txt": b"x 1 2\n"},
            "owner/pickles": {"pytorch_model.bin": b"never", ".gitattributes": b""},
            "owner/texts": {
                "data/train.jsonl": b'{"text": "good", "label": 1}\n',
                "test.csv": b"review,sentiment\ngood film,pos\na bore,neg\n",
            },
            "owner/gated": None,
            "owner/empty": {},
        }
        running.licences["owner/model-v1.5"] = "apache-2.0"
        yield running


@pytest.fixture
def hub(server, tmp_path, monkeypatch):
    """The server, and a cache that is empty."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("INLAY_OFFLINE", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    server.asked.clear()
    return server


def test_a_model_is_its_embedding_and_only_what_is_needed_is_fetched(hub, capsys):
    table = inlay.load("hf://owner/model-v1.5")
    assert table.tokens.tolist() == TOKENS
    np.testing.assert_array_equal(table.vectors, MATRIX)
    facts = table.provenance
    assert (facts["repository"], facts["revision"]) == ("owner/model-v1.5", COMMIT)
    assert (facts["url"], facts["licence"]) == (f"hf://owner/model-v1.5@{COMMIT}", "apache-2.0")
    assert table.unk_id == 1
    assert hub.fetched() == {*MODEL} - {"pytorch_model.bin", "vocab.txt", "onnx/model.onnx"}
    told = capsys.readouterr().err
    assert "Downloading hf://owner/model-v1.5 (about 0.0 MB; licence apache-2.0) to" in told
    inlay.load("hf://owner/model-v1.5")
    assert hub.fetched() == set()
    assert "Downloading" not in capsys.readouterr().err


def test_offline_takes_what_is_in_the_cache_and_asks_nobody(hub, monkeypatch):
    before = inlay.load("hf://owner/model-v1.5")
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    hub.asked.clear()
    for name in ("hf://owner/model-v1.5", f"hf://owner/model-v1.5@{COMMIT}"):
        table = inlay.load(name)
        np.testing.assert_array_equal(table.vectors, before.vectors)
        assert table.provenance == before.provenance
    with pytest.raises(DownloadError, match=r"as INLAY_OFFLINE is set, got nothing in .*static"):
        inlay.load("hf://owner/static")
    with pytest.raises(DownloadError, match=r"file a\.bin, got model\.safetensors and 4 more"):
        inlay.load("hf://owner/model-v1.5/a.bin")
    assert hub.asked == []


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("hf://owner/sharded", {*SHARDED} - {"m-2.safetensors"}),
        ("hf://owner/static", {*STATIC} - {"modules.json"}),
        (f"hf://owner/sharded@{COMMIT}/m-2.safetensors", {"m-2.safetensors"}),
    ],
)
def test_of_several_files_those_are_fetched_that_hold_the_embedding(hub, name, files):
    table = inlay.load(name, tokens=TOKENS if "m-2" in name else None)
    np.testing.assert_array_equal(table.vectors, MATRIX)
    assert hub.fetched() == files


def test_without_its_tokenizer_json_the_other_lists_are_fetched(hub, monkeypatch):
    files = {name: content for name, content in MODEL.items() if name != "tokenizer.json"}
    monkeypatch.setitem(hub.files, "owner/model-v1.5", files)
    assert inlay.load("hf://owner/model-v1.5").tokens.tolist() == TOKENS
    assert hub.fetched() == {*files} - {"pytorch_model.bin", "onnx/model.onnx"}


def test_shards_that_do_not_say_which_holds_it_are_all_fetched(hub, monkeypatch):
    index = json.dumps({"weight_map": {"a.weight": "m-1.safetensors", "b": "m-2.safetensors"}})
    files = SHARDED | {
        "model.safetensors.index.json": index.encode(),
        "m-1.safetensors": tensors(a__weight=MATRIX),
        "m-2.safetensors": tensors(b=MATRIX[0]),
    }
    monkeypatch.setitem(hub.files, "owner/sharded", files)
    np.testing.assert_array_equal(inlay.load("hf://owner/sharded", name="a.weight").vectors, MATRIX)
    assert {"m-1.safetensors", "m-2.safetensors"} <= hub.fetched()


@pytest.mark.parametrize("file", ["../m-1.safetensors", "/etc/passwd", "gone.safetensors", ["a"]])
def test_an_index_that_leads_elsewhere_is_refused(hub, monkeypatch, file):
    index = json.dumps({"weight_map": {"embed_tokens.weight": file}}).encode()
    files = SHARDED | {"model.safetensors.index.json": index}
    monkeypatch.setitem(hub.files, "owner/sharded", files)
    with pytest.raises(DownloadError, match=r"as model\.safetensors\.index\.json says"):
        inlay.load("hf://owner/sharded")
    assert hub.fetched() == {"model.safetensors.index.json"}


@pytest.mark.parametrize("index", [b"", b"[]", b'{"weight_map": 3}', b"[" * 10**5])
def test_an_index_that_is_none_is_told(hub, monkeypatch, index):
    monkeypatch.setitem(hub.files, "owner/sharded", {"model.safetensors.index.json": index})
    with pytest.raises(DownloadError, match=r"index\.json: expected the files of a model, got"):
        inlay.load("hf://owner/sharded")


def test_an_encoder(hub, tmp_path, monkeypatch):
    pytest.importorskip("h5py", reason="the weights of ELMo are in HDF5")
    stand_ins._elmo(tmp_path / "elmo")
    files = {file.name: file.read_bytes() for file in (tmp_path / "elmo").iterdir()}
    monkeypatch.setitem(hub.files, "owner/elmo", files | {"pytorch_model.bin": b"never"})
    encoder = inlay.load_encoder("hf://owner/elmo")
    expected = inlay.load_encoder(tmp_path / "elmo")
    np.testing.assert_array_equal(encoder.encode(["a film"]), expected.encode(["a film"]))
    assert "pytorch_model.bin" not in hub.fetched()


def test_an_encoder_of_sentence_transformers(hub, tmp_path, monkeypatch):
    """Its settings and its numbers once; no copies for other programs, no code."""
    made = make_sentences(
        tmp_path / "own", ("Pooling", {"pooling_mode": "cls"}, {}), ("LayerNorm", {}, NORM)
    )
    files = {
        file.relative_to(made).as_posix(): file.read_bytes()
        for file in made.rglob("*")
        if file.is_file()
    }
    never = (
        "onnx/model.onnx",
        "pytorch_model.bin",
        "modeling.py",
        "openvino/a.json",
        "tf_model.h5",
    )
    monkeypatch.setitem(hub.files, "owner/sentences", files | dict.fromkeys(never, b"never"))
    encoder = inlay.load_encoder("hf://owner/sentences")
    assert hub.fetched() == {*files}
    expected = inlay.load_encoder(made).encode(["a film"])
    np.testing.assert_array_equal(encoder.encode(["a film"]), expected)
    monkeypatch.setenv("HF_HUB_CACHE", constants.HF_HUB_CACHE)
    by_name = inlay.load_encoder("owner/sentences")  # which is in the cache now
    np.testing.assert_array_equal(by_name.encode(["a film"]), expected)
    monkeypatch.setitem(hub.files, "owner/bad", files | {"modules.json": b"[3]"})
    with pytest.raises(DownloadError, match=r"bad/modules\.json: expected the files of a model"):
        inlay.load_encoder("hf://owner/bad")


def test_one_file_by_its_name(hub, tmp_path):
    table = inlay.load("hf://owner/vectors@main/a.vec")
    assert (table.tokens.tolist(), table["film"].tolist()) == (["good", "film"], [0, 1])
    assert table.provenance["url"] == f"hf://owner/vectors@{COMMIT}/a.vec"
    assert "licence" not in table.provenance
    assert hub.fetched() == {"a.vec"}
    own = Source(name="mine", url="hf://owner/vectors/b/c.txt", licence="CC0 1.0")
    assert inlay.load(own, limit=1).provenance["licence"] == "CC0 1.0"
    convert("hf://owner/vectors/a.vec", tmp_path / "o.safetensors")
    made = inlay.load(tmp_path / "o.safetensors").provenance
    assert (made["repository"], made["revision"]) == ("owner/vectors", COMMIT)
    assert (made["source"], made["format"]) == ("a.vec", "fasttext-vec")


def test_texts_of_a_data_set(hub):
    data = inlay.read_labelled("hf://datasets/owner/texts/data/train.jsonl")
    assert tuple(data) == (["good"], ["1"])
    with pytest.raises(DownloadError, match="expected the name of a file behind it") as caught:
        inlay.read_labelled("hf://datasets/owner/texts")
    assert caught.value.hint.startswith("hf://datasets/owner/texts/data/train.jsonl,")


def test_what_has_no_safe_file_is_not_guessed(hub):
    with pytest.raises(DownloadError, match=r"one \.safetensors file, which is") as caught:
        inlay.load("hf://owner/pickles")
    assert caught.value.hint == "hf://owner/pickles/pytorch_model.bin, or another of its files"
    with pytest.raises(DownloadError, match=r"the \.hdf5 of an ELMo, or config\.json and model"):
        inlay.load_encoder("hf://owner/vectors")
    with pytest.raises(DownloadError, match="got no files"):
        inlay.load("hf://owner/empty")
    assert hub.fetched() == set()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hf://owner/nothing", "expected a public repository, or one of yours, got none at http"),
        ("hf://owner/gated", "got one that one has to ask for. Try: ask at http"),
        ("hf://owner/vectors@v9/a.vec", "expected the revision v9, got none of this name"),
        (
            "hf://owner/vectors/z.vec",
            r"the file z.vec, got a.vec, b/c.txt. Try: hf://owner/vectors/a",
        ),
    ],
)
def test_what_is_not_there_is_said_in_our_words(hub, name, message):
    with pytest.raises(DownloadError, match=message) as caught:
        inlay.load(name)
    assert str(caught.value).startswith(name)


def test_a_server_that_is_not_there(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match=r"an answer of http://127.0.0.1:9, got \w+.*INLAY_OFF"):
        inlay.load("hf://owner/vectors/a.vec")


def test_verify_compares_with_what_the_hub_says(hub):
    source = as_source("hf://owner/vectors/a.vec")
    fetched = fetch_source(source, verify=True)
    assert fetched.sha256 == fetched.path.resolve().name
    fetched.path.resolve().write_bytes(b"2 2\ngood 1 0\nfilm 0 2\n")
    assert fetch("hf://owner/vectors/a.vec") == fetched.path
    with pytest.raises(DownloadError, match=r"a\.vec: expected SHA-256"):
        fetch(source, verify=True)


def test_the_columns_of_a_data_set_are_guessed_as_those_of_a_file(hub):
    options = dict.fromkeys(("kind", "text", "label", "split", "max_length"))
    options |= {"encoding": "utf-8", "errors": "strict"}
    data = read_data("hf://datasets/owner/texts/test.csv", options)
    assert tuple(data) == (["good film", "a bore"], ["pos", "neg"])


def test_the_commands_take_such_a_name(hub, tmp_path):
    run = CliRunner().invoke
    found = run(main, ["fetch", "hf://owner/model-v1.5", "--json"])
    facts = json.loads(found.stdout)
    assert (facts["name"], facts["licence"]) == ("model-v1.5", "apache-2.0")
    assert facts["url"] == f"hf://owner/model-v1.5@{COMMIT}"
    assert "Downloading hf://owner/model-v1.5" in found.stderr
    shown = json.loads(run(main, ["info", "hf://owner/vectors/a.vec", "--json"]).stdout)
    assert (shown["vocab_size"], shown["provenance"]["repository"]) == (2, "owner/vectors")
    assert shown["file"].endswith("a.vec")
    assert "*" in run(main, ["info", "hf://owner/model-v1.5"]).stdout
    target = tmp_path / "o.safetensors"
    assert run(main, ["convert", "hf://owner/model-v1.5", str(target)]).exit_code == 0
    made = inlay.load(target)
    assert made.tokens.tolist() == TOKENS
    assert made.provenance["licence"] == "apache-2.0"
    failed = run(main, ["info", "owner/model-v1.5"])
    assert failed.exit_code == 1
    assert "Try: hf://owner/model-v1.5, if a model of the Hugging Face Hub" in failed.stderr
