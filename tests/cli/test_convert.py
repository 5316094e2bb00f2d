import json
import zipfile

import numpy as np
import pytest
from fuzz.fasttext import model

import inlay as lib
from inlay.formats import Npz


def unreadable(folder):
    """A file of which every reader would complain."""
    path = folder / "no-vectors"
    path.write_bytes(b"\0\0no vectors at all")
    return path


@pytest.mark.parametrize("name", ["o.safetensors", "o.npz", "o.bin", "o.vec", "o.vec.gz"])
def test_every_format_by_its_suffix_keeps_every_number(inlay, glove, tmp_path, name):
    shown = inlay("convert", glove, tmp_path / name)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"{tmp_path / name}: 5 x 3 float32, ")
    before, after = lib.load(glove), lib.load(tmp_path / name)
    assert after.tokens.tolist() == before.tokens.tolist()
    np.testing.assert_array_equal(after.vectors, before.vectors)


def test_json_counts_what_was_left_out(inlay, glove, tmp_path):
    target = tmp_path / "o.bin"
    answer = json.loads(inlay("convert", glove, target, "--limit", "5", "--json").stdout)
    provenance = answer.pop("provenance")
    assert (provenance["rows"], provenance["duplicates"]) == (5, 1)
    assert answer == {
        "file": str(target),
        "file_bytes": target.stat().st_size,
        "vocab_size": 4,
        "dim": 3,
        "dtype": "float32",
    }


def test_keep_reads_tokens_from_a_file_and_from_stdin(inlay, glove, tmp_path):
    words = tmp_path / "words.txt"
    words.write_bytes("\ufeff영화\r\nfilm\r\nabsent\r\n".encode())
    for keep, text in ((words, None), ("-", "영화\nfilm\nabsent\n")):
        target = tmp_path / "o.safetensors"
        args = ("--keep", keep, "--overwrite")
        assert inlay("convert", glove, target, *args, input=text).exit_code == 0
        assert lib.load(target).tokens.tolist() == ["film", "영화"]


def test_formats_by_name(inlay, glove, tmp_path):
    target = tmp_path / "out.txt"
    assert inlay("convert", glove, target, "--format-out", "word2vec").exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("5 3\ngood 1")
    again = tmp_path / "again.npz"
    assert inlay("convert", target, again, "--format-in", "fasttext-vec").exit_code == 0
    assert inlay("convert", target, again, "--format-in", "glove").exit_code == 1


@pytest.mark.parametrize("name", ["out.txt", "out", "out.xyz"])
def test_a_target_that_says_no_format_is_refused_before_anything_is_read(inlay, tmp_path, name):
    refused = inlay("convert", unreadable(tmp_path), tmp_path / name)
    assert refused.exit_code == 2
    said = " ".join(refused.stderr.split())
    assert f"{name}: expected a suffix that says the format" in said
    assert "--format-out " in said
    assert "word2vec" in said


def test_a_target_in_no_folder_fails(inlay, glove, tmp_path):
    failed = inlay("convert", glove, tmp_path / "no" / "o.bin")
    assert failed.exit_code == 1
    assert "expected a folder to write into" in failed.stderr


def test_a_target_that_is_a_folder_is_refused_before_anything_is_read(inlay, tmp_path):
    (tmp_path / "o.bin").mkdir()
    refused = inlay("convert", unreadable(tmp_path), tmp_path / "o.bin")
    assert refused.exit_code == 1
    assert "o.bin: expected the name of a file to write, got a folder" in refused.stderr


def test_reading_options_reach_the_reader(inlay, tmp_path):
    target = tmp_path / "o.npz"
    bad = tmp_path / "bad.vec"
    bad.write_bytes(b"3 2\nnan nan 1\ncaf\xe9 1 2\n")
    strict = ("convert", bad, target)
    assert inlay(*strict).exit_code == 1
    loose = ("--header", "ignore", "--nonfinite", "keep", "--errors", "replace", "--dim", "2")
    assert inlay(*strict, *loose).exit_code == 0
    assert lib.load(target, format=Npz(nonfinite="keep")).tokens.tolist() == ["nan", "caf\ufffd"]


def test_a_zip_of_two_asks_which(inlay, glove, tmp_path):
    packed = tmp_path / "two.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(glove, "a.txt")
        archive.writestr("b.txt", "only 1 2\n")
    failed = inlay("convert", packed, tmp_path / "o.bin")
    assert failed.exit_code == 1
    assert "--member a.txt" in failed.stderr
    chosen = inlay("convert", packed, tmp_path / "o.bin", "--member", "b.txt")
    assert chosen.exit_code == 0
    assert lib.load(tmp_path / "o.bin").tokens.tolist() == ["only"]


def test_a_matrix_without_tokens_takes_them_from_a_file(inlay, tmp_path):
    np.save(tmp_path / "m.npy", np.eye(2, dtype="float32"))
    (tmp_path / "words.txt").write_text("a\nb\n")
    options = ("--tokens", tmp_path / "words.txt")
    assert inlay("convert", tmp_path / "m.npy", tmp_path / "o.vec", *options).exit_code == 0
    assert (tmp_path / "o.vec").read_text().startswith("2 2\na 1")


@pytest.mark.parametrize(
    ("flag", "value", "understood"),
    [
        ("--header", "check", "--dim, --encoding, --errors, --nonfinite"),
    ],
)
def test_a_flag_without_effect_is_named(inlay, glove, tmp_path, flag, value, understood):
    refused = inlay("convert", glove, tmp_path / "o.bin", flag, value)
    assert refused.exit_code == 2
    message = " ".join(refused.stderr.split())
    assert f"{flag} has no effect on {glove}, of the format 'glove'" in message
    assert f"what it understands is {understood}." in message
    assert not (tmp_path / "o.bin").exists()


def test_a_flag_without_effect_is_named_by_the_format_that_was_said(inlay, glove, tmp_path):
    native = tmp_path / "t.safetensors"
    inlay("convert", glove, native)
    refused = inlay("convert", native, tmp_path / "o.bin", "--nonfinite", "error")
    assert refused.exit_code == 2
    assert "--nonfinite has no effect" in refused.stderr
    assert "needs no such flag" in " ".join(refused.stderr.split())
    said = ("--format-in", "word2vec-binary", "--dim", "3")
    assert "--dim has no effect" in inlay("convert", glove, tmp_path / "o.bin", *said).stderr


def test_a_list_of_pairs_says_which_flag_makes_it_a_table(inlay, tmp_path):
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("love sex 6.77\ntiger cat 7.35\n")
    failed = inlay("convert", pairs, tmp_path / "o.bin")
    assert failed.exit_code == 1
    assert "Try: --dim 1 if it is one" in failed.stderr
    assert inlay("convert", pairs, tmp_path / "o.npz", "--dim", "1").exit_code == 0


def test_tokens_in_another_encoding_are_named_and_read(inlay, tmp_path):
    korean = tmp_path / "ko.txt"
    tokens = ["영화", "배우", "정말", "재미있다", "이것은"]
    korean.write_bytes("".join(f"{token} 0.5 1.5\n" for token in tokens).encode("cp949"))
    failed = inlay("convert", korean, tmp_path / "o.npz")
    assert failed.exit_code == 1
    assert "Try: --encoding cp949." in " ".join(failed.stderr.split())
    assert inlay("convert", korean, tmp_path / "o.npz", "--encoding", "cp949").exit_code == 0
    assert "영화" in inlay("similar", tmp_path / "o.npz", "배우").stdout


def test_report_says_what_was_lost(inlay, glove, tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("good\tgreat\t9\ngood\tfilm\t1\nfilm\tmovie\t8\n", encoding="utf-8")
    target = tmp_path / "o.safetensors"
    shown = inlay("convert", glove, target, "--dtype", "int8", "--report", "--pairs", pairs)
    assert shown.exit_code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].startswith(f"{target}: 5 x 3 int8, ")
    assert lines[1] == "  stored as int8: 35 bytes for the numbers, 60 bytes before"
    assert lines[2].startswith("  cosine with the original: 1.0000")
    assert lines[3] == "  neighbours kept: 100.00% of the nearest 4, of 5 rows"
    assert lines[4].endswith("; 3 of 3 pairs known")
    assert lib.load(target).stored_dtype == "int8"
    answer = inlay("convert", glove, target, "--dtype", "int8", "--report", "--json", "--overwrite")
    report = json.loads(answer.stdout)["report"]
    assert (report["dtype"], report["n_sample"], report["agreement"]) == ("int8", 5, [])


def test_without_report_there_is_none(inlay, glove, tmp_path):
    answer = inlay("convert", glove, tmp_path / "o.safetensors", "--json")
    assert "report" not in json.loads(answer.stdout)


def test_pairs_that_are_missing_are_noticed_before_the_work(inlay, tmp_path):
    args = (unreadable(tmp_path), tmp_path / "o.bin", "--pairs", tmp_path / "absent")
    failed = inlay("convert", *args)
    assert failed.exit_code == 1
    assert "a file of pairs of words" in failed.stderr


def test_the_origin_is_noted(inlay, glove, tmp_path):
    assert inlay("convert", glove, tmp_path / "o.safetensors", "--limit", 2).exit_code == 0
    made = lib.load(tmp_path / "o.safetensors").provenance
    assert (made["source"], made["options"]) == ("glove.txt", {"limit": 2})
    assert len(made["sha256"]) == 64


def test_a_model_of_fasttext_stays_one_or_is_pointed_to_what_holds_all_of_it(inlay, tmp_path):
    made = model(["film", "drama"], min_n=3, max_n=3)
    (tmp_path / "m.bin").write_bytes(made.dump())
    done = inlay("convert", tmp_path / "m.bin", tmp_path / "o.bin")
    assert (done.exit_code, "cannot hold" in done.stderr) == (0, False)
    assert lib.load(tmp_path / "o.bin").can_compose
    done = inlay("convert", tmp_path / "m.bin", tmp_path / "o.vec")
    assert done.exit_code == 0
    assert "Try: a path in .safetensors, or the format 'fasttext', which can.\n" in done.stderr
