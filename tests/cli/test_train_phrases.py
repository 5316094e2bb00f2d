import importlib
import json

import pytest

import inlay as lib
from inlay.train import Phrases

TEXT = "new york is big\nhe left new york\nNew York is the state of the art\n" * 20


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_phrases_become_words_of_a_training(inlay, corpus, tmp_path):
    file = tmp_path / "phrases.json"
    done = inlay(
        "train", "phrases", corpus, "-o", file, "--threshold", "0.295", "--tokenizer", "lower"
    )
    assert done.exit_code == 0, done.stderr
    assert ("phrases in" in done.stdout, done.stderr) == (True, "")
    assert "new_york" in Phrases.load(file)("in New York")
    target = tmp_path / "o.npz"
    small = ("--vector-size", "12", "--min-count", "2", "--epochs", "1", "--workers", "1")
    done = inlay("train", "word2vec", corpus, "--phrases", file, "-o", target, *small)
    assert done.exit_code == 0, done.stderr
    table = lib.load(target)
    assert table.counts[table.tokens.index("new_york")] == 60
    done = inlay(
        *("train", "word2vec", corpus, "--phrases", file, "--tokenizer", "words"),
        *("-o", target, "--overwrite", *small),
    )
    assert {"new_york", "New"} <= {*lib.load(target).tokens}


@pytest.mark.parametrize("trainer", ["fasttext", "glove"])
def test_phrases_reach_other_trainings(inlay, corpus, tmp_path, monkeypatch, trainer):
    """What `word2vec` above does with them, all do: only the option is the command's own."""
    file, seen = tmp_path / "phrases.json", {}
    command = importlib.import_module(f"inlay.cli.train.{trainer}")
    monkeypatch.setattr(command, "learn_vectors", lambda *_, **settings: seen.update(settings))
    done = inlay("train", trainer, corpus, "--phrases", file, "-o", tmp_path / "o.npz")
    assert (done.exit_code, done.stderr) == (0, "")
    assert seen["phrase_file"] == str(file)


def test_every_option_reaches_the_search(inlay, corpus, tmp_path):
    file = tmp_path / "phrases.json"
    options = {"--scorer": "npmi", "--threshold": 0.9, "--min-count": 3, "--passes": 2}
    args = [word for pair in options.items() for word in pair]
    args += ["--delimiter", "+", "--connector", "of", "--connector", "the", "--json"]
    answer = json.loads(inlay("train", "phrases", corpus, "-o", file, *args).stdout)
    assert answer["phrases"] == len(Phrases.load(file))
    assert "state+of+the+art" in answer["best"]
    again = inlay("train", "phrases", corpus, "-o", file, "--json")
    assert "expected a new file" in again.stderr
    wrong = inlay("train", "phrases", corpus, "-o", file, "--overwrite", "--threshold", "-1")
    assert (wrong.exit_code, "--threshold" in wrong.stderr) == (2, True)


def test_the_options_of_word2phrase(inlay, corpus, tmp_path):
    file = tmp_path / "p.json"
    line = ("train", "phrases", "-train", corpus, "-min-count", 3, "-debug", 2)
    done = inlay(*line, "-o", file, "--threshold", 0.3, "--tokenizer", "lower")
    assert done.exit_code == 0, done.stderr
    assert "new_york" in Phrases.load(file).scores
    for option, said in (("-output", "Did you mean --output?"), ("-threshold", "--threshold?")):
        before = corpus.read_bytes()
        done = inlay(*line, option, corpus)
        assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
        assert corpus.read_bytes() == before


def test_a_file_without_phrases_is_refused(inlay, corpus, tmp_path):
    for name in ("corpus.txt", "absent.json"):
        done = inlay(
            "train", "word2vec", corpus, "--phrases", tmp_path / name, "-o", tmp_path / "o.npz"
        )
        assert done.exit_code == 1
        assert name in done.stderr
