import csv
import json

import numpy as np
import pytest

import inlay as lib

pytest.importorskip("keras")

GOOD = ["a good film", "good fun", "great story", "a great good show", "good great acting"]
BAD = ["a bad film", "bad and dull", "awful story", "an awful bad show", "bad awful acting"]
SMALL = ("--model", "mean", "--dim", "8", "--epochs", "40", "--validation", "0")
RATE = ("--learning-rate", "0.05")


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """A CSV file of ten reviews with columns of their own names."""
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["review", "stars"])
        rows.writerows([(text, "pos") for text in GOOD] + [(text, "neg") for text in BAD])
    return path


COLUMNS = ("--text", "review", "--label", "stars")


@pytest.fixture(scope="module")
def model(reviews, tmp_path_factory):
    """A classifier that the command line has fitted."""
    from click.testing import CliRunner

    from inlay.cli.root import inlay

    folder = tmp_path_factory.mktemp("models") / "model"
    args = ["classify", "fit", str(reviews), "-o", str(folder), *COLUMNS, *SMALL, *RATE]
    done = CliRunner().invoke(inlay, args)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{folder}: 2 classes, learned from 10 texts in ")
    assert done.stderr == ""
    return folder


def test_defaults_are_the_classifiers_own():
    import inspect

    from inlay.cli.classify.fit import fit

    own = {k: p.default for k, p in inspect.signature(lib.TextClassifier).parameters.items()}
    shown = fit.make_context("fit", ["x.csv"]).params
    # Without the option the classifier chooses.
    given = {name for name in own if name in shown} - {"embedding", "variant", "tokenizer"}
    assert {name: shown[name] for name in given} == {name: own[name] for name in given}
    assert set(own) == set(own) & set(shown)


def test_fit_on_vectors_judges_and_reports(inlay, reviews, tmp_path):
    words = sorted({word for text in GOOD + BAD for word in text.split()} - {"dull"})
    vectors = np.random.default_rng(0).normal(size=(len(words), 6)).astype(np.float32)
    lib.Table(words, vectors).save(tmp_path / "v.safetensors")
    args = [*COLUMNS, "--embedding", tmp_path / "v.safetensors", "--variant", "static"]
    args += ["--model", "mean", "--epochs", "2", "--test", reviews, "--json"]
    done = inlay("classify", "fit", reviews, "-o", tmp_path / "m", *args)
    assert (done.exit_code, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["classes"] == ["neg", "pos"]
    assert answer["coverage"] == {"n_types": len(words) + 1, "n_found": len(words)}
    assert answer["n_trainable"] == 2 * 6 + 2
    assert answer["test"]["n_texts"] == 10
    saved = lib.TextClassifier.load(tmp_path / "m")
    np.testing.assert_array_equal(saved.table_["film"], vectors[words.index("film")])


@pytest.mark.parametrize("by_reference", [False, True])
def test_fit_on_an_encoder(inlay, reviews, tmp_path, by_reference):
    words = sorted({word for text in GOOD + BAD for word in text.split()})
    vectors = np.random.default_rng(0).normal(size=(len(words), 6)).astype(np.float32)
    lib.Table(words, vectors).save(tmp_path / "v.safetensors")
    args = [*COLUMNS, "--encoder", tmp_path / "v.safetensors", "--epochs", "2", "--json"]
    args += ["--by-reference"] * by_reference
    for more in ([], ["--overwrite"]):
        done = inlay("classify", "fit", reviews, "-o", tmp_path / "m", *args, *more)
        assert (done.exit_code, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["n_trainable"], "coverage" in answer) == (2 * 6 + 2, False)
    assert (tmp_path / "m" / "encoder").exists() != by_reference
    text = "good film"
    done = inlay("classify", "predict", tmp_path / "m", text, "--json")
    found = json.loads(done.stdout)["predictions"][0]["probabilities"]
    expected = lib.TextClassifier.load(tmp_path / "m").predict_proba([text])[0]
    np.testing.assert_allclose(list(found.values()), expected, atol=1e-6)


def test_options_of_encoders_that_do_not_fit(inlay, reviews, tmp_path):
    lib.Table(["good"], np.ones((1, 2), np.float32)).save(tmp_path / "v.safetensors")
    table = tmp_path / "v.safetensors"
    for args, code, said in (
        (["--encoder", table, "--embedding", table], 2, "Give one of --embedding and --encoder"),
        (["--by-reference"], 2, "--by-reference needs --encoder"),
        (["--encoder", "no/such"], 1, "no/such: expected an encoder"),
        (["--encoder", table, "--trainable", "yes"], 2, "--trainable"),
        (["--encoder", table, "--min-count", "2"], 2, "--min-count"),
    ):
        done = inlay("classify", "fit", reviews, "-o", tmp_path / "m", *COLUMNS, *args)
        assert said in done.stderr, done.stderr
        assert done.exit_code == code
    assert not (tmp_path / "m").exists()


def test_evaluate_counts(inlay, model, tmp_path):
    path = tmp_path / "test.tsv"
    path.write_text("text\tlabel\ngood great\tpos\nbad awful\tneg\nbad\tpos\nawful\todd\n")
    shown = inlay("classify", "evaluate", model, path, "--json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    answer = json.loads(shown.stdout)
    low, high = answer.pop("interval_95")
    assert answer == {
        "n_texts": 4,
        "n_right": 2,
        "accuracy": 0.5,
        "classes": ["neg", "odd", "pos"],
        "confusion": [[1, 0, 0], [1, 0, 0], [1, 0, 1]],
        "unseen": {"odd": 1},
    }
    assert (round(low, 4), round(high, 4)) == (0.15, 0.85)
    assert inlay("classify", "evaluate", model, path).stdout == (
        "accuracy  50.0%  (95 % interval 15.0% to 85.0%, 2 of 4 texts)\n"
        "labels that it never saw, each counted as wrong: odd (1)\n\n"
        "     neg  odd  pos\n"
        "neg    1    0    0\n"
        "odd    1    0    0\n"
        "pos    1    0    1\n"
    )


def test_a_warning_is_one_line(inlay, reviews, tmp_path):
    odd = tmp_path / "odd.csv"
    odd.write_text(reviews.read_text("utf-8") + "odd film,odd\n", "utf-8")
    shown = inlay(
        "classify", "fit", odd, "-o", tmp_path / "m", *COLUMNS, *SMALL, "--validation", ".2"
    )
    assert shown.exit_code == 0, shown.stderr
    (line,) = shown.stderr.splitlines()
    assert line.startswith("inlay: warning: labels of one text only, which is learned from and ")
    assert "'odd' (text 10)" in line


def test_predict_from_arguments_file_and_stdin(inlay, model, tmp_path):
    texts = ["great good fun", "awful, dull", "", "zzz"]
    path = tmp_path / "texts.txt"
    path.write_bytes("\r\n".join(texts).encode("utf-8-sig"))
    ways = [
        inlay("classify", "predict", model, *texts),
        inlay("classify", "predict", model, "--file", path),
        inlay("classify", "predict", model, "-", input="\n".join(texts) + "\n"),
    ]
    assert [way.exit_code for way in ways] == [0, 0, 0]
    lines = ways[0].stdout.splitlines()
    assert [line.split("\t")[0] for line in lines[:2]] == ["pos", "neg"]
    assert all(0.5 <= float(line.split("\t")[1]) <= 1 for line in lines)
    # An empty last line is no text in a file, so the arguments have one line more or the same.
    assert ways[1].stdout == ways[2].stdout == ways[0].stdout


def test_predict_reads_the_texts_of_a_table_and_not_the_name_of_a_file(inlay, model, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("label,body\nneg,great good fun\nneg,awful\n")
    shown = inlay("classify", "predict", model, "--file", path)
    assert [line.split("\t")[0] for line in shown.stdout.splitlines()] == ["pos", "neg"]
    assert shown.stderr == "Column by its name: --text body\n"
    refused = inlay("classify", "predict", model, "good", path)
    assert (refused.exit_code, f"Try: --file {path}," in refused.stderr) == (2, True)
    useless = inlay("classify", "predict", model, "good", "--text", "body")
    assert (useless.exit_code, "--text needs --file" in useless.stderr) == (2, True)


def test_predict_json_has_every_probability(inlay, model):
    shown = inlay("classify", "predict", model, "good", "--json")
    (found,) = json.loads(shown.stdout)["predictions"]
    assert (found["text"], found["label"]) == ("good", "pos")
    assert set(found["probabilities"]) == {"neg", "pos"}
    assert abs(sum(found["probabilities"].values()) - 1) < 1e-5


def test_wrong_usage(inlay, model, reviews, tmp_path):
    assert inlay("classify", "predict", model).exit_code == 2
    assert inlay("classify", "predict", model, "text", "--file", reviews).exit_code == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    taken = inlay("classify", "fit", reviews, "-o", tmp_path / "mine", *COLUMNS)
    assert (taken.exit_code, "a folder with other things in it" in taken.stderr) == (1, True)
    nowhere = inlay("classify", "fit", reviews, "-o", tmp_path / "no" / "m")
    assert (nowhere.exit_code, "no folder" in nowhere.stderr) == (1, True)
    static = inlay(
        "classify", "fit", reviews, "-o", tmp_path / "m", *COLUMNS, "--variant", "static"
    )
    assert (static.exit_code, "Try: --embedding with vectors" in static.stderr) == (2, True)
    column = inlay("classify", "fit", reviews, "-o", tmp_path / "m", "--text", "x")
    assert (column.exit_code, "Try: --text with the name of one" in column.stderr) == (1, True)
    variant = inlay("classify", "fit", reviews, "-o", tmp_path / "m", *COLUMNS, "--variant", "x")
    assert (variant.exit_code, "'--variant'" in variant.stderr) == (2, True)


def test_data_that_cannot_be_learned_from_is_a_failure(inlay, model, reviews, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("text,label\ngood,pos\nfine,pos\n")
    one = inlay("classify", "fit", path, "-o", tmp_path / "m", *SMALL)
    assert (one.exit_code, one.stdout) == (1, "")
    assert "expected two classes or more" in one.stderr
    assert not (tmp_path / "m").exists()
    column = inlay("classify", "fit", reviews, "-o", tmp_path / "m", "--text", "none")
    assert column.exit_code == 1
    assert inlay("classify", "evaluate", tmp_path / "none", reviews, *COLUMNS).exit_code == 1
    assert inlay("classify", "evaluate", model, tmp_path / "none.csv").exit_code == 1


def test_a_folder_that_has_the_name_of_an_option_is_a_folder(inlay, reviews, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "x").touch()
    result = inlay("classify", "fit", reviews, "-o", "model", *COLUMNS)
    assert result.exit_code == 1
    assert "inlay: error: model: expected a new folder" in result.stderr
    (tmp_path / "model" / "x").unlink()
    result = inlay("classify", "fit", reviews, "-o", "model", *COLUMNS, "--model", "cmn")
    assert result.exit_code == 2
    assert (
        "Invalid value for '--model': expected 'cnn', 'mean', 'linear', 'mlp' or 'fasttext'"
        in result.stderr
    )


@pytest.mark.parametrize(
    ("backend", "said"),
    [("nix", "expected one of tensorflow, jax, torch"), ("numpy", "expected one that trains")],
)
def test_a_backend_that_cannot_be_is_named_before_the_work(
    reviews, tmp_path, process, backend, said
):
    from tests.processes import ended

    args = ("classify", "fit", reviews, "-o", tmp_path / "m", *COLUMNS)
    code, out, err = ended(process(*args, KERAS_BACKEND=backend))
    assert (code, out) == (1, "")
    assert err.startswith("inlay: error: KERAS_BACKEND: ")
    assert said in err
    assert list(tmp_path.iterdir()) == []


KOREAN = [("영화가 아주 좋다", "pos"), ("정말 재미있는 이야기", "pos")]
KOREAN += [("영화가 별로였다", "neg"), ("정말 지루한 이야기", "neg")]


def test_data_and_texts_in_another_encoding(inlay, tmp_path):
    data, folder = tmp_path / "korean.csv", tmp_path / "model"
    rows = ["text,label", *(f"{text},{label}" for text, label in KOREAN * 3)]
    data.write_bytes("\n".join(rows).encode("cp949"))
    fit = ("classify", "fit", data, "-o", folder, *SMALL)
    refused = inlay(*fit)
    assert (refused.exit_code, "Try: --encoding cp949" in refused.stderr) == (1, True)
    known = ("--encoding", "cp949")
    done = inlay(*fit, *known, "--test", data)
    assert (done.exit_code, done.stderr) == (0, "")
    refused = inlay("classify", "evaluate", folder, data)
    assert (refused.exit_code, "Try: --encoding cp949" in refused.stderr) == (1, True)
    judged = inlay("classify", "evaluate", folder, data, *known, "--json")
    assert json.loads(judged.stdout)["n_texts"] == 12
    texts = "".join(f"{text}\n" for text, _ in KOREAN)
    file = tmp_path / "texts.txt"
    file.write_bytes(texts.encode("cp949"))
    predict = ("classify", "predict", folder)
    refused = inlay(*predict, "--file", file)
    assert (refused.exit_code, "Try: --encoding cp949" in refused.stderr) == (1, True)
    ways = [
        inlay(*predict, *(text for text, _ in KOREAN)),
        inlay(*predict, "--file", file, *known),
        inlay(*predict, "-", *known, input=texts.encode("cp949")),
    ]
    assert [way.exit_code for way in ways] == [0, 0, 0]
    assert ways[0].stdout == ways[1].stdout == ways[2].stdout
    useless = inlay(*predict, "좋다", *known)
    assert (useless.exit_code, "--encoding has no effect" in useless.stderr) == (2, True)
