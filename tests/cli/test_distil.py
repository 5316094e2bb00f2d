import gzip
import json

import numpy as np
import pytest

import inlay as package
from inlay import Table, Vocabulary
from inlay.encode.distil import distil
from inlay.encode.elmo.encoder import Elmo
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights

TEXTS = ["a good film", "a bad film , not a good one", "good"]


@pytest.fixture(scope="module")
def encoder():
    options = Options(
        dim=8,
        projection_dim=4,
        n_layers=1,
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
def command(inlay, folder, tmp_path):
    """Call `inlay distil` with the small ELMo, into `v.safetensors`."""

    def call(vocab, *args, **options):
        target = tmp_path / "v.safetensors"
        return inlay(
            "distil", "--encoder", folder, "--vocab", vocab, "-o", target, *args, **options
        )

    return call


@pytest.fixture
def out(tmp_path):
    return tmp_path / "v.safetensors"


def test_the_words_of_a_text_are_counted(command, encoder, tmp_path, out):
    source = tmp_path / "texts.txt.gz"
    source.write_bytes(gzip.compress("\n".join(TEXTS).encode()))
    done = command(source, "--dim", 3)
    assert (done.exit_code, done.stderr) == (0, ""), done.stderr
    vocab = Vocabulary.from_texts(TEXTS, pad=None, unk=None)
    wanted = distil(encoder, vocab, dim=3)
    table = package.load(out)
    assert table.tokens.tolist() == ["a", "good", "film", ",", "bad", "not", "one"]
    assert table.counts.tolist() == [3, 3, 2, 1, 1, 1, 1]
    np.testing.assert_allclose(table.vectors, wanted.vectors, atol=1e-6)
    share = wanted.provenance["explained_variance"]
    assert done.stdout.startswith(f"{out}: 7 words x 3, {share:.1%} of the variance of 8, in ")


def test_every_option_reaches_the_library(command, encoder, out):
    options = ("--weighting", "none", "--tokenizer", "lower", "--min-count", 2, "--max-size", 2)
    done = command("-", *options, "--batch-size", 2, "--json", input="A b c B a C a b\n")
    answer = json.loads(done.stdout)
    table = package.load(out)
    assert table.tokens.tolist() == ["a", "b"]
    np.testing.assert_allclose(table.vectors, encoder.encode(["a", "b"]), atol=1e-6)
    made = answer.pop("provenance")
    assert (made["weighting"], made["tokenizer"]) == (None, "lower")
    assert made["encoder"]["hash"] == encoder.hash
    assert answer.pop("seconds") >= 0
    assert answer == {
        "file": str(out),
        "file_bytes": out.stat().st_size,
        "vocab_size": 2,
        "dim": 8,
        "without_vector": 0,
        "explained_variance": None,
    }


def test_sifs_constant_is_asked_for(command, encoder, out):
    assert command("-", "--a", 0.5, input="a b a a\n").exit_code == 0
    by = [[0.5 / (0.5 + 0.75)], [0.5 / (0.5 + 0.25)]]
    wanted = encoder.encode(["a", "b"]) * by
    np.testing.assert_allclose(package.load(out).vectors, wanted, rtol=1e-5)


def test_a_list_holds_words_and_phrases_in_their_order(command, encoder, tmp_path, out):
    (tmp_path / "words.txt").write_text("new york\nthe\n\nnew_york\na\n", encoding="utf-8")
    done = command(tmp_path / "words.txt", "--list", "--weighting", "none")
    assert done.exit_code == 0, done.stderr
    table = package.load(out)
    assert table.tokens.tolist() == ["new york", "the", "new_york", "a"]
    np.testing.assert_array_equal(table.vectors[0], table.vectors[2])
    np.testing.assert_allclose(table.vectors[0], encoder.encode(["new york"])[0], atol=1e-6)


def test_words_of_a_table_and_of_a_saved_vocabulary(command, encoder, glove, tmp_path, out):
    vocab = Vocabulary(["film", "good"], counts=[1, 3], tokenizer="lower")
    vocab.save(tmp_path / "vocab.json")
    assert command(tmp_path / "vocab.json").exit_code == 0
    table = package.load(out)
    assert (table.tokens.tolist(), table.tokenizer) == (vocab.tokens.tolist(), "lower")
    np.testing.assert_allclose(table.vectors, distil(encoder, vocab).vectors, atol=1e-6)
    assert command(glove, "--overwrite").exit_code == 0
    table = package.load(out)
    assert table.tokens.tolist() == ["good", "great", "film", "movie", "영화"]
    assert table.dim == 8


def test_a_list_that_was_not_said_to_be_one_is_told_of(command):
    done = command("-", input="good\nbad\n")
    assert done.exit_code == 0
    assert done.stderr == (
        "Every word occurs once. If the file is a list of words, give --list too.\n"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--max-size", "3"], "--max-size has no effect on {glove}, a list of words."),
        (["--dim", "9"], "'--dim': expected at most 5, which is how many words there are, got 9"),
        (["--a", "0"], "'--a': expected a number above 0, got 0.0"),
        (["--encoder", "elmo-nowhere"], "elmo-nowhere: expected an encoder"),
        (["-o", "x.unknown"], "x.unknown: expected "),
    ],
)
def test_what_cannot_be_is_refused(command, glove, out, args, message):
    done = command(glove, *args)
    assert done.exit_code != 0
    assert message.format(glove=glove) in done.stderr
    assert not out.exists()


def test_nothing_is_replaced_unasked(command, glove, out):
    Table(["a"], np.ones((1, 2), np.float32)).save(out)
    before = out.read_bytes()
    done = command(glove)
    assert (done.exit_code, out.read_bytes()) == (1, before)
    assert "--overwrite to replace it" in done.stderr


def test_the_words_of_a_column_are_counted(command, tmp_path, out):
    source = tmp_path / "reviews.csv"
    source.write_text("review,stars\na good film,1\na film,1\n")
    assert command(source).exit_code == 0
    assert package.load(out).tokens.tolist() == ["a", "film", "good"]
