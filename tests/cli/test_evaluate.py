import json


def test_pairs_and_analogies_are_measured(inlay, glove, tmp_path):
    pairs, questions = tmp_path / "pairs.txt", tmp_path / "questions.txt"
    pairs.write_text("good great 9\ngood film 2\ngood none 1\n", encoding="utf-8")
    questions.write_text(": same\ngood great film 영화\n", encoding="utf-8")
    shown = inlay("evaluate", glove, "--pairs", pairs, "--analogies", questions)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == (
        f"{pairs}: Spearman 1.0000 on 2 pairs, 1 with unknown words left out\n"
        f"{questions}: 100.0% right of 1 questions\n"
        "  100.0% of      1  same\n"
    )
    answer = json.loads(inlay("evaluate", glove, "--pairs", pairs, "--json").stdout)
    assert answer["results"][0]["spearman"] == 1.0
    few = inlay("evaluate", glove, "--analogies", questions, "--max-size", "2", "--json")
    assert json.loads(few.stdout)["results"][0]["accuracy"] is None


def test_something_must_be_asked_for(inlay, glove):
    failed = inlay("evaluate", glove)
    assert failed.exit_code == 1
    assert failed.stderr == (
        "inlay: error: inlay evaluate: expected --pairs or --analogies, got neither. "
        "Try: --pairs FILE.\n"
    )
