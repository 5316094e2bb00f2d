import json

import numpy as np
import pytest

import inlay as lib
from tests.cli.test_demo import FILLER, TOPICS

pytest.importorskip("keras")
pytest.importorskip("sklearn")


@pytest.fixture
def data(tmp_path):
    """A table of ten short texts of each of two topics, with columns of its own names."""
    words = {topic: [f"{a} {b}" for a in known for b in FILLER] for topic, known in TOPICS.items()}
    rows = [f"{text},{topic}" for topic, texts in words.items() for text in texts[:10]]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(["said,about", *rows]) + "\n")
    return path


COLUMNS = ("--text", "said", "--label", "about")


def test_the_same_folds_for_the_baselines_and_for_each_embedding(inlay, data, tmp_path):
    words = [word for known in TOPICS.values() for word in known]
    vectors = lib.Table(words, np.eye(8, dtype=np.float32))
    vectors.save(tmp_path / "v.safetensors")
    report = tmp_path / "report.json"
    args = ("--embedding", tmp_path / "v.safetensors", "--folds", 1, "--train-size", 7)
    lib.Table(words, np.eye(8, dtype=np.float32)).save(tmp_path / "w.safetensors")
    args += ("--encoder", tmp_path / "w.safetensors")
    args += ("--tokenizer", "lower", "--test-size", 4, "--max-length", 0, "--seed", 3)
    shown = inlay("compare", data, *COLUMNS, *args, "--output", report, "--json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    answer = json.loads(shown.stdout)
    assert json.loads(report.read_text()) == answer
    assert [row["name"] for row in answer["rows"]] == [
        "TF-IDF + logistic regression",
        "CNN, random vectors",
        f"CNN, {tmp_path / 'v.safetensors'} frozen",
        f"CNN, {tmp_path / 'v.safetensors'} fine-tuned",
        f"linear, {tmp_path / 'w.safetensors'} frozen",
    ]
    assert (answer["n_texts"], answer["classes"]) == (20, ["fruit", "weather"])
    assert (answer["n_train"], answer["n_test"], answer["n_folds"]) == (14, 4, 1)
    assert answer["seed"] == 3
    before = report.read_bytes()
    again = inlay("compare", data, *COLUMNS, "--output", report)
    assert (again.exit_code, "--overwrite to replace it" in again.stderr) == (1, True)
    assert report.read_bytes() == before


def test_the_report_as_text_and_as_markdown(inlay, data):
    args = ("compare", data, *COLUMNS, "--folds", 1, "--train-size", 2)
    assert "\nHighest: " in inlay(*args).stdout
    shown = inlay(*args, "--markdown").stdout.splitlines()
    assert shown[0].startswith("|  | accuracy, % | difference | seconds |")
    assert shown[-1].startswith("1 fold: 4 texts to learn from, 16 to judge by. difference: ")
    assert inlay(*args, "--markdown", "--json").exit_code == 2


def test_options_reach_the_comparison(inlay, data, monkeypatch):
    from inlay import evaluate

    seen = {}

    def compare(texts, **settings):
        seen.update(settings, n_texts=len(texts))
        raise OSError("enough")

    monkeypatch.setattr(evaluate, "compare", compare)
    args = ("--folds", 2, "--train-size", 3, "--test-size", 4, "--seed", 5, "--max-length", 6)
    inlay("compare", data, *COLUMNS, *args, "--tokenizer", "split", "--no-progress")
    assert seen == {
        "embeddings": {"tfidf": "tfidf", "random": "random"},
        "folds": 2,
        "n_train": 3,
        "n_test": 4,
        "seed": 5,
        "max_length": 6,
        "tokenizer": "split",
        "progress": False,
        "n_texts": 20,
    }


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--train-size", 10), 1, "class fruit: expected more than 10 texts"),
        (("--folds", 11), 1, "class fruit: expected 11 texts or more, one for each fold"),
        (("--embedding", "none.txt"), 1, "none.txt: expected a file of vectors, got nothing there"),
        (("--output", "no/report.json"), 1, "expected a folder to write into"),
        (("--label", "none"), 1, "a column 'none', got the columns 'said', 'about'"),
        (("--folds", 0), 2, "'--folds'"),
    ],
)
def test_what_cannot_be_is_told_before_keras_is_imported(
    inlay, data, monkeypatch, args, code, said
):
    from inlay.hosts import backends

    monkeypatch.setattr(backends, "load_keras", lambda need: pytest.fail("it was imported"))
    failed = inlay("compare", data, *COLUMNS, *args)
    assert (failed.exit_code, failed.stdout) == (code, "")
    assert said in " ".join(failed.stderr.split())


def test_data_in_another_encoding(inlay, tmp_path):
    path = tmp_path / "korean.csv"
    words = "가 나 다 라 마".split()
    rows = [f"{word} 영화 이야기,좋음\n{word} 지루한 시간,나쁨" for word in words]
    path.write_bytes("\n".join(["text,label", *rows]).encode("cp949"))
    args = ("compare", path, "--folds", 1, "--train-size", 3, "--json")
    refused = inlay(*args)
    assert (refused.exit_code, "Try: --encoding cp949" in refused.stderr) == (1, True)
    shown = inlay(*args, "--encoding", "cp949")
    assert json.loads(shown.stdout)["classes"] == ["나쁨", "좋음"]


class Saved:
    def save(self):
        """What a classifier of ours has."""


LINEAR = (0.80, 0.82, 0.78, 0.81, 0.79)
CLEARLY = (0.95, 0.96, 0.92, 0.94, 0.93)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"linear": LINEAR, "net": CLEARLY}, ["Best: net."]),
        (
            {"linear": CLEARLY, "net": LINEAR},
            ["Best: linear, the simple baseline.", "Highest of the networks: net."],
        ),
        (
            {"linear": LINEAR, "net": (0.81, 0.80, 0.80, 0.82, 0.79)},
            ["Highest: net, but its difference from linear may be chance."],
        ),
        (
            {"linear, plain": LINEAR, "net": (0.81, 0.80, 0.80, 0.82, 0.79)},
            ["Highest: net, but its difference from linear, plain may be chance."],
        ),
        (
            {"linear": LINEAR, "a": LINEAR, "net": (0.81, 0.80, 0.80, 0.82, 0.79)},
            ["Highest: net, but its difference from linear and a may be chance."],
        ),
        (
            {"linear": (0.5,), "net": (0.9,)},
            ["Highest: net; one fold cannot tell whether by chance."],
        ),
        ({"net": (0.9,)}, ["Best: net."]),
    ],
)
def test_the_best_is_claimed_only_where_it_is_no_chance(rows, said):
    from inlay.cli.compare import verdict
    from inlay.evaluate import Comparison, Row

    found = tuple(Row(name, accuracies, 1.0, None) for name, accuracies in rows.items())
    assert verdict(Comparison(found, 80, 20, {"net": Saved()})) == said
