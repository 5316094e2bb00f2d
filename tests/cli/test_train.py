import json

import numpy as np
import pytest

import inlay as lib

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n" * 30
SMALL = ("--vector-size", "8", "--min-count", "2", "--epochs", "2", "--workers", "1")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_and_stdin_give_the_same_vectors(inlay, corpus, tmp_path):
    for source, text, name in ((corpus, None, "file.npz"), ("-", TEXT, "stdin.npz")):
        done = inlay("train", "word2vec", source, "-o", tmp_path / name, *SMALL, input=text)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(f"{tmp_path / name}: 7 words x 8, learned from 360 words in ")
        assert done.stderr == ""
    a, b = lib.load(tmp_path / "file.npz"), lib.load(tmp_path / "stdin.npz")
    assert a.tokens[0] == "the"
    np.testing.assert_array_equal(a.vectors, b.vectors)


def test_every_option_reaches_the_trainer(inlay, corpus, tmp_path):
    options = {
        "vector_size": 12,
        "window": 3,
        "negative": 4,
        "sample": 0.01,
        "min_count": 3,
        "max_vocab_size": 5,
        "epochs": 2,
        "alpha": 0.05,
        "min_alpha": 0.001,
        "ns_exponent": 0.5,
        "seed": 7,
    }
    args = [word for k, v in options.items() for word in ("--" + k.replace("_", "-"), v)]
    target = tmp_path / "o.safetensors"
    args += ["--deterministic", "--tokenizer", "lower", "--workers", 2, "--json"]
    answer = json.loads(inlay("train", "word2vec", corpus, "-o", target, *args).stdout)
    provenance = answer["provenance"]
    assert provenance["settings"] == options | {"deterministic": True}
    assert (provenance["tokenizer"], provenance["workers"]) == ("lower", 1)
    assert (answer["vocab_size"], answer["dim"], answer["corpus_words"]) == (5, 12, 360)
    assert lib.load(target).counts.sum() == 120 + 60 + 60 + 30 + 30


@pytest.mark.parametrize(
    ("option", "value"), [("--vector-size", "0"), ("--sample", "2"), ("--workers", "0")]
)
def test_a_setting_that_cannot_be_is_wrong_usage(inlay, corpus, tmp_path, option, value):
    refused = inlay("train", "word2vec", corpus, "-o", tmp_path / "o.bin", option, value)
    assert refused.exit_code == 2
    assert f"Invalid value for '{option}'" in refused.stderr
    assert not (tmp_path / "o.bin").exists()


def test_a_corpus_that_gives_nothing_is_a_failure(inlay, corpus, tmp_path):
    empty = inlay("train", "word2vec", "-", "-o", tmp_path / "o.bin", input="")
    rare = inlay("train", "word2vec", corpus, "-o", tmp_path / "o.bin", "--min-count", "999")
    assert (empty.exit_code, rare.exit_code) == (1, 1)
    assert "a corpus with words" in empty.stderr
    assert not (tmp_path / "o.bin").exists()


def test_an_output_without_a_format_is_refused_before_training(inlay, tmp_path):
    assert inlay("train", "word2vec", tmp_path / "none", "-o", tmp_path / "o.txt").exit_code == 2
    assert inlay("train", "word2vec", tmp_path / "none").exit_code == 2
