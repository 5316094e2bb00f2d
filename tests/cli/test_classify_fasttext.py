import json
import sys

import numpy as np
import pytest

import inlay as lib
from tests.classify.fasttext.official import HS, HS_SAYS, TEXTS, packed

QUICK = ("--model", "fasttext", "--dim", "12", "--epochs", "40", "--validation", "0")
QUICK += ("--tokenizer", "split")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "reviews.txt"
    good = ["a good film", "good fun", "great story", "a great good show"]
    bad = ["a bad film", "bad and dull", "awful story", "an awful bad show"]
    rows = [f"__label__pos {text}" for text in good] + [f"__label__neg {text}" for text in bad]
    path.write_text("\n".join(rows * 4) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["model", "model.bin"])
def test_fit_evaluate_test_and_predict_without_a_framework(
    inlay, data, tmp_path, name, monkeypatch
):
    for framework in ("keras", "torch", "tensorflow", "jax"):
        monkeypatch.setitem(sys.modules, framework, None)
    options = ["--word-ngrams", "2", "--min-n", "2", "--max-n", "3", "--bucket", "500"]
    done = inlay("classify", "fit", data, "-o", tmp_path / name, *QUICK, *options, "--test", data)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{name}: 2 classes, learned from 32 texts in " in done.stdout
    assert "accuracy  100.0%" in done.stdout
    found = inlay("classify", "evaluate", tmp_path / name, data, "--json")
    assert json.loads(found.stdout)["accuracy"] == 1
    shown = inlay("classify", "test", tmp_path / name, data)
    assert shown.stdout == "N    32\nP@1  1.000\nR@1  1.000\n"
    said = inlay("classify", "predict", tmp_path / name, "great fun", "dull")
    assert [line.split("\t")[0] for line in said.stdout.splitlines()] == ["pos", "neg"]
    saved = lib.TextClassifier.load(tmp_path / name)
    assert (saved.word_ngrams, saved.min_n, saved.max_n, saved.bucket) == (2, 2, 3, 500)
    again = inlay("classify", "fit", data, "-o", tmp_path / name, *QUICK)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr


def test_an_official_file_predicts_k_labels_above_a_threshold(inlay, tmp_path):
    path = tmp_path / "official.bin"
    path.write_bytes(packed(HS))
    done = inlay("classify", "predict", path, TEXTS[0], TEXTS[1], "-k", "2", "--threshold", "0.2")
    expected = []
    for said in (HS_SAYS[0], HS_SAYS[1]):
        best = sorted(said.items(), key=lambda item: -item[1])[:2]
        expected.append([(label, p) for label, p in best if p >= 0.2])
    for line, row in zip(done.stdout.splitlines(), expected, strict=True):
        cells = line.split("\t")
        assert cells[::2] == [label for label, _ in row]
        np.testing.assert_allclose([float(p) for p in cells[1::2]], [p for _, p in row], atol=2e-4)
    assert [len(row) for row in expected] == [2, 1]


def test_measures_of_each_label(inlay, data, tmp_path):
    inlay("classify", "fit", data, "-o", tmp_path / "m", *QUICK)
    odd = tmp_path / "odd.txt"
    odd.write_text(
        "__label__pos good\n__label__neg good\n__label__neg bad\n__label__odd awful\n",
        encoding="utf-8",
    )
    done = inlay("classify", "test", tmp_path / "m", odd, "--per-label")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "N    4\nP@1  0.500\nR@1  0.500\n\n"
        "label  precision  recall     f1   texts\n"
        "neg        0.500   0.500  0.500       2\n"
        "odd            -   0.000  0.000       1\n"
        "pos        0.500   1.000  0.667       1\n"
    )
    answer = json.loads(inlay("classify", "test", tmp_path / "m", odd, "-k", "2", "--json").stdout)
    assert (answer["precision"], answer["recall"], answer["k"]) == (3 / 8, 3 / 4, 2)
    assert answer["labels"]["odd"] == {"precision": None, "recall": 0, "f1": 0, "n_texts": 1}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--word-ngrams", "2"], "'--word-ngrams': expected nothing beside"),
        (["--model", "fasttext", "--loss", "hinge"], "'--loss': expected 'softmax'"),
        (["--model", "fasttext", "--max-n", "2"], "'--min-n': expected 1 to"),
        (["--model", "fasttext", "--batch-size", "3"], "'--batch-size': expected nothing beside"),
    ],
)
def test_options_that_do_not_fit(inlay, data, tmp_path, args, message):
    done = inlay("classify", "fit", data, "-o", tmp_path / "m", *args)
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("args", [["-k", "0"], ["--threshold", "1.5"]])
@pytest.mark.parametrize("command", ["test", "predict"])
def test_k_and_threshold_have_bounds(inlay, command, args):
    done = inlay("classify", command, "no/model", "no/data", *args)
    assert done.exit_code == 2
    assert f"'{args[0]}': expected" in done.stderr


def test_lines_of_several_labels(inlay, tmp_path):
    path = tmp_path / "several.txt"
    rows = ["__label__pos __label__fun good fun", "good __label__pos", "__label__neg bad"]
    path.write_text("\n".join(rows * 10) + "\n", encoding="utf-8")
    args = [*QUICK, "--loss", "ova", "--epochs", "100", "--json"]
    done = inlay("classify", "fit", path, "-o", tmp_path / "m", *args)
    assert (done.exit_code, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["n_texts"], answer["classes"]) == (30, ["fun", "neg", "pos"])
    shown = inlay("classify", "test", tmp_path / "m", path, "-k", "3", "--threshold", "0.5")
    assert shown.stdout == "N    30\nP@3  1.000\nR@3  1.000\n"
    found = inlay("classify", "test", tmp_path / "m", path)
    assert found.stdout == "N    30\nP@1  1.000\nR@1  0.750\n"
    other = inlay("classify", "fit", path, "-o", tmp_path / "n", "--model", "mean")
    assert other.exit_code == 1
    assert "expected one label" in other.stderr
    assert "inlay classify test, which read several" in other.stderr


def test_a_small_classifier_answers_alike(inlay, data, tmp_path):
    inlay("classify", "fit", data, "-o", tmp_path / "m", *QUICK, "--word-ngrams", "2")
    for name in ("small.ftz", "small"):
        args = ["-o", tmp_path / name, "--cutoff", "30", "--qnorm"]
        done = inlay("classify", "quantize", tmp_path / "m", *args)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.startswith(f"{tmp_path / name}: ")
        shown = inlay("classify", "test", tmp_path / name, data)
        assert shown.stdout == "N    32\nP@1  1.000\nR@1  1.000\n"
        again = inlay("classify", "quantize", tmp_path / "m", *args)
        assert again.exit_code == 1
        assert "--overwrite" in again.stderr
    size = (tmp_path / "small.ftz").stat().st_size
    args = ["-o", tmp_path / "small.ftz", "--cutoff", "30", "--qnorm", "--overwrite", "--json"]
    answer = json.loads(inlay("classify", "quantize", tmp_path / "m", *args).stdout)
    assert answer == {"output": str(tmp_path / "small.ftz"), "bytes": size}


def test_settings_are_looked_for(inlay, data, tmp_path):
    options = (
        "--model",
        "fasttext",
        "--dim",
        "6",
        "--autotune-trials",
        "3",
        "--validation",
        "0.25",
    )
    done = inlay("classify", "fit", data, "-o", tmp_path / "m", *options, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)["autotune"]
    assert len(found["trials"]) == 3
    assert found["best"] in [trial["settings"] for trial in found["trials"]]
    saved = lib.TextClassifier.load(tmp_path / "m")
    assert {name: getattr(saved, name) for name in found["best"]} == found["best"]
    options = (*options, "--autotune-seconds", "1000", "--autotune-metric", "f1")
    told = inlay("classify", "fit", data, "-o", tmp_path / "n", *options).stdout.splitlines()
    assert told[1] == "3 trials, 0 of them cut; trained with"
    assert " --dim 6 --word-ngrams " in told[2]
    scores = [float(line.split()[0]) for line in told[3:]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 3
    refused = inlay("classify", "fit", data, "-o", tmp_path / "o", "--autotune-seconds", "9")
    assert refused.exit_code == 2
    assert "'--autotune-seconds': expected nothing beside model=None" in refused.stderr


THEIRS = "-lr 1 -epoch 6 -wordNgrams 2 -minCount 2 -minn 2 -maxn 3 -dim 8 -bucket 300 -thread 1"
OURS = (
    "--learning-rate 1 --epochs 6 --word-ngrams 2 --min-count 2 --min-n 2 --max-n 3 --dim 8 "
    "--bucket 300 --workers 1"
)
LIKE_THEIRS = "--model fasttext --tokenizer fasttext --max-length 0 --max-size 0 --validation 0"


def test_a_line_of_the_official_program(inlay, data, tmp_path):
    """It makes what it makes there: a file, of white space and whole texts, of all of them."""
    given = ("-input", data, "-output", tmp_path / "theirs", *THEIRS.split())
    done = inlay("classify", "fit", "supervised", *given)
    assert (done.exit_code, done.stderr) == (0, "")
    args = ("-o", tmp_path / "ours.bin", *LIKE_THEIRS.split(), *OURS.split())
    assert inlay("classify", "fit", data, *args).exit_code == 0
    found = [(tmp_path / f"{name}.bin").read_bytes() for name in ("theirs", "ours")]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("-input d.txt", f"d.txt {LIKE_THEIRS} --epochs 5 --learning-rate 0.1"),
        (
            "-input d.txt -output m.ftz -loss one-vs-all -epoch 9",
            f"d.txt -o m.ftz {LIKE_THEIRS} --loss ova --epochs 9 --learning-rate 0.1",
        ),
        (
            "-input d.txt -autotune-validation e.txt -loss ns -neg 4 -seed 3",
            f"d.txt {LIKE_THEIRS} --validation e.txt --autotune-seconds 300 --loss ns "
            "--negative 4 --seed 3",
        ),
        (
            "-autotune-duration 5 -input d.txt -autotune-validation e.txt -pretrainedVectors v.vec",
            f"d.txt {LIKE_THEIRS} --validation e.txt --autotune-seconds 5 --embedding v.vec",
        ),
        ("d.txt -lr 1 -epoch 2", "d.txt --model fasttext --learning-rate 1 --epochs 2"),
        ("d.txt -lr 1 --model mean", "d.txt --model mean --learning-rate 1"),
        ("supervised -lr 1", "supervised --model fasttext --learning-rate 1"),
    ],
)
def test_what_their_options_stand_for(theirs, ours):
    """Ours, and nothing else: what is left out of their line is as it is there."""
    from inlay.cli.classify.fit import fit

    one, two = (fit.make_context("fit", line.split()).params for line in (theirs, ours))
    assert one == two


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fit -input d.txt -label x", "-label: labels begin with __label__."),
        ("fit -input d.txt -autotune-modelsize 2M", "inlay classify quantize makes a small"),
        ("fit -input d.txt -autotune-metric f1:x", "--autotune-metric takes accuracy"),
        ("quantize -input d.txt -output m", "-input: nothing is trained again here."),
        ("quantize m.bin -output m", "--output names the file to write."),
        ("quantize m.bin -qout", "-qout: the vectors of labels are stored"),
        ("supervised -input d.txt", "'supervised'. Try: inlay classify fit --model fasttext."),
        ("predict-prob m.bin d.txt", "Try: inlay classify predict."),
        ("test-label m.bin d.txt", "Try: inlay classify test --per-label."),
        ("predict m.bin - 2 0.5", "A hyphen stands for standard input, alone."),
        ("test m.bin d.txt x", "'-k': 'x' is not a valid integer"),
        ("test m.bin d.txt 1 2", "'--threshold': expected a number from 0 to 1, got 2"),
        ("test m.bin d.txt 1 0.5 7", "unexpected extra arguments (7)"),
        ("test m.bin d.txt 1 -k 1", "-k is given twice."),
    ],
)
def test_what_theirs_has_no_meaning_here_is_wrong_usage(inlay, line, said):
    done = inlay("classify", *line.split())
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


def test_k_and_threshold_stand_behind_the_data_too(inlay, tmp_path):
    path, data = tmp_path / "official.bin", tmp_path / "data.txt"
    path.write_bytes(packed(HS))
    labels = [" ".join(f"__label__{label}" for label in said) for said in HS_SAYS[:2]]
    data.write_text(
        "\n".join(f"{label} {text}" for label, text in zip(labels, TEXTS, strict=False))
    )
    ours = inlay("classify", "test", path, data, "-k", "2", "--threshold", "0.2")
    theirs = inlay("classify", "test", path, data, "2", "0.2")
    assert ours.stdout.startswith("N    2\nP@2  1.000\nR@2  0.")
    assert (theirs.stdout, theirs.stderr) == (ours.stdout, "")
    one = inlay("classify", "test", path, data, "1", "--threshold", "0.2")
    assert one.stdout.startswith("N    2\nP@1  ")


def test_texts_of_another_file_choose_the_epoch(inlay, data, tmp_path):
    held = tmp_path / "held.csv"
    texts, labels = ["good bad", "bad", "film good"], ["pos", "neg", "neg"]
    rows = [f"{text},{label}" for text, label in zip(texts, labels, strict=True)]
    held.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    args = ["--model", "fasttext", "--dim", "8", "--epochs", "30", "--validation"]
    done = inlay("classify", "fit", data, "-o", tmp_path / "m", *args, held, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    settings = {"model": "fasttext", "dim": 8, "epochs": 30}
    own = lib.TextClassifier(**settings, validation=(texts, labels)).fit(*lib.read_labelled(data))
    assert json.loads(done.stdout)["epochs"] == len(own.history_["loss"]) < 30
    saved = lib.TextClassifier.load(tmp_path / "m")
    np.testing.assert_array_equal(saved.predict_proba(texts), own.predict_proba(texts))
    held.write_text("text,label\ngood,fair\n", encoding="utf-8")
    other = inlay("classify", "fit", data, "-o", tmp_path / "n", *args, held)
    assert "expected classes of the texts, got 'fair'" in " ".join(other.stderr.split())
    missing = inlay("classify", "fit", data, "-o", tmp_path / "n", *args, tmp_path / "no.csv")
    assert "no.csv: expected labelled texts, got nothing there" in missing.stderr


def test_a_file_of_fasttext_that_others_would_split_otherwise(inlay, data, tmp_path):
    args = ["--model", "fasttext", "--dim", "4", "--epochs", "1", "--validation", "0"]
    done = inlay("classify", "fit", data, "-o", tmp_path / "m.bin", *args)
    assert done.exit_code == 0
    assert done.stderr.startswith(f"inlay: warning: {tmp_path / 'm.bin'}: whoever reads a file")
    hint = "Try: --tokenizer fasttext for the training, or --tokenizer words again for each use."
    assert done.stderr.endswith(f"by 'words', whose answers may be others. {hint}\n")
