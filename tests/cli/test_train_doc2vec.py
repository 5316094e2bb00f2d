import json

import numpy as np
import pytest

import inlay as lib
from inlay.cli.train.doc2vec import doc2vec as command
from inlay.train import Phrases

TEXT = "the cat sat on the mat\nthe dog sat on the rug\n\n" * 10
SMALL = ("--vector-size", "12", "--min-count", "2", "--epochs", "2", "--workers", "1")


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_becomes_an_encoder(inlay, corpus, tmp_path):
    folder, documents = tmp_path / "made", tmp_path / "documents.vec"
    done = inlay("train", "doc2vec", corpus, "-o", folder, *SMALL, "--documents-out", documents)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(f"{folder}: 30 texts x 12, learned from 120 words in ")
    assert done.stderr == ""
    encoder = lib.load_encoder(folder)
    assert encoder.encode(["the cat"]).shape == (1, 12)
    np.testing.assert_allclose(
        lib.load(documents).vectors, encoder.documents.vectors, rtol=1e-4, atol=1e-6
    )
    again = inlay("train", "doc2vec", corpus, "-o", folder, *SMALL)
    assert again.exit_code != 0
    assert "--overwrite" in again.stderr
    info = inlay("info", folder)
    assert info.exit_code == 0
    assert "paragraph" in info.stdout


def test_settings_and_tags_arrive(inlay, corpus, tmp_path):
    tags = tmp_path / "tags.txt"
    tags.write_text("one\ttwo\nthree\nfour\n" * 10)
    options = ("--architecture", "dm", "--window", "3", "--sample", "0", "--seed", "4")
    done = inlay(
        *("train", "doc2vec", corpus, "-o", tmp_path / "made", *SMALL, *options),
        *("--tags", tags, "--json"),
    )
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["documents"], said["vocab_size"], said["dim"]) == (4, 7, 12)
    settings = said["provenance"]["settings"]
    assert (settings["architecture"], settings["window"], settings["sample"]) == ("dm", 3, 0)
    assert (settings["seed"], settings["min_count"]) == (4, 2)
    table = lib.load_encoder(tmp_path / "made").documents
    assert table.tokens.tolist() == ["one", "two", "three", "four"]


@pytest.mark.parametrize(
    ("cbow", "architecture", "words"), [("0", "dbow", True), ("1", "dm", False)]
)
def test_the_options_of_word2vec(cbow, architecture, words):
    theirs = "-train c.txt -output d -size 12 -window 3 -negative 4 -sample 0.01 -threads 1"
    theirs += f" -iter 2 -min-count 2 -alpha 0.05 -hs 0 -debug 2 -cbow {cbow}"
    given = command.make_context("doc2vec", theirs.split()).params
    wanted = {"corpus": ("c.txt",), "target": "d", "vector_size": 12, "window": 3, "negative": 4}
    wanted |= {"sample": 0.01, "workers": 1, "epochs": 2, "min_count": 2, "alpha": 0.05}
    wanted |= {"architecture": architecture, "words": words}
    assert {name: given[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-output d.txt", "-output: expected a folder, for an encoder, got 'd.txt'"),
        ("-sentence-vectors 1", "whose first word is a word and no id"),
        ("-hs 1", "-hs: expected 0, got '1'"),
    ],
)
def test_what_word2vec_does_otherwise(inlay, line, said):
    done = inlay("train", "doc2vec", "-train", "c.txt", *line.split())
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (("--words", "--architecture", "dm"), "--words: expected False with 'dm'"),
        (("--concatenate",), "--concatenate: expected False with 'dbow'"),
        (("--tags", "nowhere.txt"), "nowhere.txt"),
    ],
)
def test_what_cannot_be(inlay, corpus, tmp_path, options, match):
    done = inlay("train", "doc2vec", corpus, "-o", tmp_path / "made", *SMALL, *options)
    assert done.exit_code != 0
    assert match.split(":")[0].lstrip("-") in done.stderr
    assert not (tmp_path / "made").exists()


def test_phrases_become_words_of_the_texts(inlay, corpus, tmp_path):
    file, folder = tmp_path / "phrases.json", tmp_path / "made"
    Phrases(({("the", "cat"): 1.0},), tokenizer="lower").save(file)
    done = inlay("train", "doc2vec", corpus, "--phrases", file, "-o", folder, *SMALL)
    assert done.exit_code == 0, done.stderr
    counts = lib.load_encoder(folder).outputs
    assert counts.counts[counts.tokens.index("the_cat")] == 10


def test_words_start_from_a_file(inlay, corpus, tmp_path):
    file, folder = tmp_path / "words.safetensors", tmp_path / "made"
    table = lib.Table(["cat", "sat"], np.eye(2, 12, dtype=np.float32))
    table.save(file)
    options = ("--words", "--start", file, "--start-rate", "0", "--deterministic")
    done = inlay("train", "doc2vec", corpus, "-o", folder, *SMALL, *options)
    assert done.exit_code == 0, done.stderr
    words = lib.load_encoder(folder).words
    found = words.vectors[words.tokens.find_many(["cat", "sat"])]
    np.testing.assert_array_equal(found, table.vectors)
    said = lib.load_encoder(folder).provenance
    assert (said["start"]["words"], said["settings"]["deterministic"]) == (2, True)
