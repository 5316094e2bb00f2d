import json

from inlay import load, save


def test_a_healthy_file_is_0(inlay, tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("good 1 2\nfilm 2 1\n", encoding="utf-8")
    shown = inlay("doctor", path)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout == f"{path}: 2 x 2 float32, glove\nhealthy: nothing was found\n"


def test_findings_are_1_with_rows_and_advice(inlay, glove):
    shown = inlay("doctor", glove)
    assert shown.exit_code == 1
    lines = shown.stdout.splitlines()
    assert lines[0] == f"{glove}: 5 x 3 float32, glove"
    assert "duplicates (1): tokens that are there more than once" in lines
    assert "  row 0, 'good'" in lines
    assert lines[-1].startswith("  Try: ")


def test_json(inlay, glove):
    shown = inlay("doctor", glove, "--json")
    answer = json.loads(shown.stdout)
    assert (shown.exit_code, answer["healthy"], answer["format"]) == (1, False, "glove")
    assert [finding["kind"] for finding in answer["findings"]] == ["duplicates"]


def test_what_cannot_be_read_is_2(inlay, tmp_path):
    path = tmp_path / "v.safetensors"
    path.write_bytes(b"no table")
    for file in (path, tmp_path / "absent.txt"):
        failed = inlay("doctor", file)
        assert (failed.exit_code, failed.stdout) == (2, "")
        assert failed.stderr.startswith("inlay: error: ")


def test_a_failure_of_another_command_is_still_1(inlay, tmp_path):
    assert inlay("info", tmp_path / "absent.txt").exit_code == 1


def test_reading_options_are_obeyed(inlay, tmp_path):
    path = tmp_path / "v.vec"
    path.write_text("5 2\ngood 1 2\nfilm 2 1\n", encoding="utf-8")
    assert inlay("doctor", path).exit_code == 1
    assert inlay("doctor", path, "--format", "word2vec", "--header", "ignore").exit_code == 0


def test_a_changed_byte_is_found(inlay, glove, tmp_path):
    path = tmp_path / "n.safetensors"
    save(load(glove), path)
    assert inlay("doctor", path).exit_code == 0
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    shown = inlay("doctor", path)
    assert shown.exit_code == 1
    assert "digests (1): " in shown.stdout
