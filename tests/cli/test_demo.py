import json
import random

import pytest

from inlay.demo.job import installed

pytest.importorskip("keras")
pytest.importorskip("sklearn")

TOPICS = {"fruit": ["apple", "pear", "plum", "ripe"], "weather": ["rain", "wind", "storm", "cold"]}
FILLER = "the a of and with some more".split()


@pytest.fixture
def data(tmp_path):
    """Sixteen short texts of each of two topics, a file per class."""
    pick = random.Random(0)
    folder = tmp_path / "data"
    folder.mkdir()
    for topic, words in TOPICS.items():
        lines = [" ".join(pick.choices(words, k=4) + pick.choices(FILLER, k=4)) for _ in range(16)]
        (folder / f"{topic}.txt").write_text("\n".join(lines))
    return folder


def test_demo_on_data_of_ones_own(inlay, data, tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(p.read_text() for p in data.iterdir()) * 3)
    args = ("--data", data, "--corpus", corpus, "--train-size", "8", "--folds", "1")
    kept = tmp_path / "kept"
    shown = inlay("demo", *args, "--output", kept, "--ask", "ripe plum, apple", "--json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    answer = json.loads(shown.stdout)
    assert answer["classes"] == ["fruit", "weather"]
    assert (answer["n_texts"], answer["n_characters"]) == (32, corpus.stat().st_size)
    comparison = answer["comparison"]
    encoders = ["linear, use-multilingual frozen"] * len(installed())
    assert [row["name"] for row in comparison["rows"]][4:] == encoders
    assert len(comparison["rows"]) == 4 + len(encoders)
    assert (comparison["n_train"], comparison["n_test"]) == (16, 16)
    assert answer["saved"] == comparison["best_classifier"]
    assert answer["saved"].startswith(("CNN", "linear, use"))
    assert next(iter(answer["answer"])) == "fruit"
    # What was kept can be used by the other commands.
    asked = inlay("classify", "predict", answer["classifier"], "rain and storm")
    assert asked.stdout.startswith("weather\t")
    assert inlay("similar", answer["vectors"], "apple").exit_code == 0


def test_the_story_is_told_step_by_step(inlay, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inlay-demo").mkdir()
    args = ("demo", "--data", data, "--train-size", "2", "--folds", "1")
    shown = inlay(*args)
    assert (shown.exit_code, shown.stderr) == (0, "")
    steps = [line for line in shown.stdout.splitlines() if line[:1].isdigit() and line[1] == "."]
    assert [step.split()[1] for step in steps] == [
        "Collecting",
        "Learning",
        "Comparing",
        "Keeping",
        "Asking",
    ]
    assert "32 labelled texts" in shown.stdout
    assert "TF-IDF + logistic regression" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100
    # The folder that was there is not touched.
    assert list((tmp_path / "inlay-demo").iterdir()) == []
    assert (tmp_path / "inlay-demo-2" / "classifier" / "settings.json").is_file()


def test_a_corpus_without_data_is_wrong_usage(inlay, tmp_path):
    assert inlay("demo", "--corpus", tmp_path / "c.txt").exit_code == 2


@pytest.mark.parametrize(("missing", "extra"), [("sklearn", "demo"), ("keras", "keras")])
def test_a_missing_package_is_named_before_any_work(inlay, data, monkeypatch, missing, extra):
    import sys

    monkeypatch.setitem(sys.modules, missing, None)
    failed = inlay("demo", "--data", data)
    assert (failed.exit_code, failed.stdout) == (1, "")
    assert f'pip install "inlay[{extra}]"' in failed.stderr


def test_too_few_texts_is_a_failure_that_says_so(inlay, data, tmp_path):
    failed = inlay("demo", "--data", data, "--train-size", "16", "--output", tmp_path / "o")
    assert failed.exit_code == 1
    assert "class fruit: expected more than 16 texts" in failed.stderr
    assert not (tmp_path / "o").exists()


def test_the_place_of_the_results_is_looked_at_before_any_work(inlay, data, tmp_path):
    (tmp_path / "file").touch()
    file = inlay("demo", "--data", data, "--output", tmp_path / "file")
    assert (file.exit_code, "the name of a folder to write" in file.stderr) == (1, True)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "vectors.safetensors").touch()
    old = inlay("demo", "--data", data, "--output", tmp_path / "old")
    assert (old.exit_code, "--overwrite to replace it" in old.stderr) == (1, True)


def test_columns_are_said_or_asked_for(inlay, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\nplum,2\n")
    failed = inlay("demo", "--data", tmp_path / "x.csv", "--output", tmp_path / "kept")
    assert (failed.exit_code, "a column 'text'" in failed.stderr) == (1, True)
    assert "the columns 'a', 'b' and the first row 'plum', '2'" in failed.stderr
    assert "--text with the name of one and --label with" in failed.stderr
    few = inlay("demo", "--data", tmp_path / "x.csv", "--text", "a", "--label", "b")
    assert "two classes" in few.stderr
    assert inlay("demo", "--text", "a").exit_code == 2


def test_data_and_corpus_in_another_encoding(inlay, tmp_path):
    words = "영화 이야기 배우 장면 음악 감독".split()
    rows = [f"{a} {b} {c},{d}" for a in words for b in words for c, d in (("좋다", 1), ("싫다", 0))]
    data, corpus = tmp_path / "korean.csv", tmp_path / "corpus.txt"
    data.write_bytes("\n".join(["text,label", *rows]).encode("cp949"))
    corpus.write_bytes("\n".join(row.partition(",")[0] for row in rows).encode("cp949"))
    args = ("demo", "--data", data, "--corpus", corpus, "--folds", 1, "-o", tmp_path / "kept")
    refused = inlay(*args)
    assert (refused.exit_code, "Try: --encoding cp949" in refused.stderr) == (1, True)
    for more in ((), ("--corpus", corpus)):
        known = ("demo", "--data", data, *more, "--folds", 1, "--train-size", 8, "--overwrite")
        shown = inlay(*known, "-o", tmp_path / "kept", "--encoding", "cp949", "--json")
        assert shown.exit_code == 0, shown.stderr
        assert "배우" in inlay("similar", tmp_path / "kept/vectors.safetensors", "영화").stdout
    wide = inlay(*args, "--encoding", "utf-16")
    assert (wide.exit_code, "Invalid value for '--encoding'" in wide.stderr) == (2, True)
