import json

import numpy as np
import pytest

import inlay as lib

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n" * 30
SMALL = ("--vector-size", "14", "--min-count", "2", "--epochs", "2", "--workers", "1")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_and_stdin_give_the_same_vectors(inlay, corpus, tmp_path):
    for source, text, name in ((corpus, None, "file.safetensors"), ("-", TEXT, "s.safetensors")):
        done = inlay("train", "glove", source, "-o", tmp_path / name, *SMALL, input=text)
        assert done.exit_code == 0, done.stderr
        start = f"{tmp_path / name}: 7 words x 14, learned from 360 words in "
        assert done.stdout.startswith(start)
        assert " s, loss 1." in done.stdout
        assert done.stderr == ""
    a, b = lib.load(tmp_path / "file.safetensors"), lib.load(tmp_path / "s.safetensors")
    np.testing.assert_array_equal(a.vectors, b.vectors)
    assert a.parts["context"].vectors.shape == (7, 14)


OPTIONS = {
    "vector_size": 14,
    "window": 3,
    "symmetric": False,
    "distance_weighting": False,
    "min_count": 3,
    "max_size": 5,
    "epochs": 2,
    "eta": 0.1,
    "x_max": 10.0,
    "exponent": 0.5,
    "seed": 7,
}
OURS = (
    "--vector-size 14 --window 3 --left --no-distance-weighting --min-count 3 --max-size 5 "
    "--epochs 2 --eta 0.1 --x-max 10 --exponent 0.5 --memory 0.5 --seed 7 --workers 1"
)
THEIRS = (
    "-vector-size 14 -window-size 3 -symmetric 0 -distance-weighting 0 -min-count 3 -max-vocab 5 "
    "-iter 2 -eta 0.1 -x-max 10 -alpha 0.5 -memory 0.5 -seed 7 -threads 1"
)


@pytest.mark.parametrize("line", [OURS, THEIRS], ids=["ours", "the original's"])
def test_every_option_reaches_the_trainer(inlay, corpus, tmp_path, line):
    done = inlay("train", "glove", corpus, "-o", tmp_path / "o.npz", *line.split(), "--json")
    answer = json.loads(done.stdout)
    assert answer["provenance"]["settings"] == OPTIONS
    assert (answer["vocab_size"], answer["dim"], answer["corpus_words"]) == (5, 14, 360)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-symmetric 2", "-symmetric: expected 0 or 1, got '2'."),
        ("-symmetric", "-symmetric: expected 0 or 1, got ''."),
        ("-binary 1", "-binary: the ending of OUT"),
        ("--x-max 0", "Invalid value for '--x-max'"),
        ("-alpha -1", "Invalid value for '--exponent'"),
        ("--eta 1e9 --epochs 1", "Invalid value for '--eta': expected a learning rate"),
    ],
)
def test_what_cannot_be_is_wrong_usage(inlay, corpus, tmp_path, line, said):
    refused = inlay("train", "glove", corpus, "-o", tmp_path / "o.npz", *SMALL, *line.split())
    assert refused.exit_code == 2
    assert said in refused.stderr
    assert not (tmp_path / "o.npz").exists()


def test_switches_of_the_original_may_be_on(inlay, corpus, tmp_path):
    line = ("-symmetric", 1, "-distance-weighting", 1, "--json", *SMALL)
    made = json.loads(inlay("train", "glove", corpus, "-o", tmp_path / "o.npz", *line).stdout)
    settings = made["provenance"]["settings"]
    assert settings["symmetric"] is settings["distance_weighting"] is True


def test_a_file_is_gone_on_from(inlay, corpus, tmp_path):
    first, more = tmp_path / "first.safetensors", tmp_path / "more.safetensors"
    assert inlay("train", "glove", corpus, "-o", first, *SMALL).exit_code == 0
    corpus.write_text("a cat sat\n" * 20)
    done = inlay("train", "glove", corpus, "-o", more, *SMALL, "--start", first)
    assert done.exit_code == 0, done.stderr
    before, after = lib.load(first), lib.load(more)
    assert after.tokens[:3] == ["a", "cat", "sat"]
    assert len(after) == 8
    assert after.provenance["start"]["words"] == 7
    np.testing.assert_array_equal(after["dog"], before["dog"])
