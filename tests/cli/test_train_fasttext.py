import importlib
import json

import numpy as np
import pytest

import inlay as lib

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n나무 가 있다\n" * 30
SMALL = ("--vector-size", "12", "--min-count", "2", "--epochs", "2", "--workers", "1")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_model_of_fasttext(inlay, corpus, tmp_path):
    target = tmp_path / "v.bin"
    done = inlay("train", "fasttext", corpus, "-o", target, *SMALL, "--bucket", "500")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{target}: 10 words x 12, learned from 450 words in ")
    assert done.stderr == ""
    table = lib.load(target)
    assert table.provenance["format"] == "fasttext"
    assert table["cats"].any()


def test_the_options_of_the_original(inlay, corpus, tmp_path):
    """A line as it is written for the official program."""
    theirs = "-minCount 2 -dim 12 -ws 3 -lr 0.1 -epoch 2 -minn 2 -maxn 4 -bucket 500 -loss ns"
    theirs += " -neg 4 -thread 1 -t 0.01 -seed 3"
    given = ("-input", corpus, "-output", tmp_path / "theirs", *theirs.split())
    done = inlay("train", "fasttext", *given, "--deterministic", "--json")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["file"] == str(tmp_path / "theirs.bin")
    assert answer["provenance"]["settings"] == {
        "architecture": "skipgram",
        "vector_size": 12,
        "window": 3,
        "negative": 4,
        "sample": 0.01,
        "min_count": 2,
        "max_size": None,
        "epochs": 2,
        "alpha": 0.1,
        "min_alpha": 0.0,
        "ns_exponent": 0.5,
        "min_n": 2,
        "max_n": 4,
        "bucket": 500,
        "jamo": False,
        "loss": "ns",
        "exact": False,
        "seed": 3,
        "deterministic": True,
    }
    ours = ("--window", 3, "--negative", 4, "--sample", 0.01, "--alpha", 0.1, "--min-n", 2)
    ours += ("--max-n", 4, "--bucket", 500, "--seed", 3, "--deterministic")
    assert (
        inlay("train", "fasttext", corpus, "-o", tmp_path / "o.bin", *SMALL, *ours).exit_code == 0
    )
    one, two = lib.load(tmp_path / "theirs.bin"), lib.load(tmp_path / "o.bin")
    np.testing.assert_array_equal(one.vectors, two.vectors)


def test_the_command_of_the_original_is_the_architecture(inlay, corpus, tmp_path, monkeypatch):
    """A line of `fasttext cbow`, behind `inlay train`; else the word is a file, as any other."""
    seen = {}
    command = importlib.import_module("inlay.cli.train.fasttext")
    monkeypatch.setattr(command, "learn_vectors", lambda *_, **settings: seen.update(settings))
    for architecture in ("cbow", "skipgram"):
        done = inlay("train", "fasttext", architecture, "-input", corpus, "-output", tmp_path / "v")
        assert (done.exit_code, done.stderr) == (0, "")
        assert seen["architecture"] == architecture
    refused = inlay("train", "fasttext", "cbow", "-o", tmp_path / "o.bin")
    assert "cbow: expected a text file" in refused.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("-loss", "softmax"), "-loss: expected ns or hs, got 'softmax'"),
        (("-loss", "ova"), "Try: --loss hs; or inlay classify fit --model fasttext"),
        (("--loss", "hs", "-neg", "5"), "'--negative': expected nothing, without loss='ns'"),
        (("-wordNgrams", "2"), "-wordNgrams: n-grams of words are for labels"),
        (("-label", "x"), "-label: labels are learned by inlay classify fit"),
        (("--jamo",), "--jamo: a model of fastText (.bin) has no place for it. Try: a name in"),
        (("--min-n", "7"), "Invalid value for '--min-n': expected from 1 to 6"),
        (("--min-n", "7"), "Try: --min-n 3 and --max-n 6."),
    ],
)
def test_what_has_no_meaning_here_is_wrong_usage(inlay, corpus, tmp_path, given, said):
    refused = inlay("train", "fasttext", corpus, "-o", tmp_path / "o.bin", *given)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.split())
    assert not (tmp_path / "o.bin").exists()


def test_jamo(inlay, corpus, tmp_path):
    target = tmp_path / "v.safetensors"
    done = inlay("train", "fasttext", corpus, "-o", target, *SMALL, "--jamo", "--bucket", "500")
    assert done.exit_code == 0, done.stderr
    table = lib.load(target)
    assert table.provenance["settings"]["jamo"] is True
    assert table["낡무"].any()


def test_a_training_goes_on_from_a_file(inlay, corpus, tmp_path):
    first, more = tmp_path / "a.bin", tmp_path / "b.bin"
    buckets = (*SMALL, "--bucket", "500")
    assert inlay("train", "fasttext", corpus, "-o", first, *buckets).exit_code == 0
    (tmp_path / "new.txt").write_text("the bird sat on the cat\n" * 20)
    line = ("train", "fasttext", tmp_path / "new.txt", "-o", more, *SMALL)
    done = inlay(*line, "--bucket", "500", "--start", first, "--start-rate", 0, "--pull", 0.5)
    assert done.exit_code == 0, done.stderr
    old, new = lib.load(first), lib.load(more)
    assert set(new.tokens) == {*old.tokens, "bird"}
    np.testing.assert_allclose(new["the"], old["the"], atol=1e-6)
    wrong = inlay(*line, "--overwrite", "--start", first)
    assert (wrong.exit_code, "Try: --min-n 3, --max-n 6, --bucket 500" in wrong.stderr) == (2, True)
