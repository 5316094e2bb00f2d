"""What is wrong is told before anything is computed, replaced, or imported at length."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from inlay import Table
from tests.processes import ROOT

ROWS = "text,label\n" + "a good film,pos\na bad film,neg\n" * 8
FRAMEWORKS = ("keras", "torch", "tensorflow", "jax", "numba")
# Each is wrong in one way; what the answer must contain.
WRONG = [
    ("info none.txt", "none.txt: expected a file of vectors, got nothing there"),
    ("convert none.txt o.npz", "none.txt: expected a file of vectors, got nothing there"),
    ("convert g.txt o.foo", "a suffix that says the format"),
    ("convert g.txt o.npy", "o.npy: expected a format that holds tokens"),
    (
        "info https://a.org/g.txt",
        "Try: inlay fetch https://a.org/g.txt, which prints the path of the file.",
    ),
    ("convert g.txt no/o.npz", "expected a folder to write into, got no folder no"),
    ("convert g.txt old.npz", "old.npz: expected a new file, got one that exists"),
    ("convert g.txt o.npz --keep none", "none: expected a file of tokens"),
    ("similar none.txt good", "none.txt: expected a file of vectors"),
    ("train word2vec none.txt -o o.npz", "none.txt: expected a text file"),
    ("train word2vec g.txt -o old.npz", "old.npz: expected a new file, got one that exists"),
    ("train word2vec g.txt -o no/o.npz", "got no folder no"),
    ("train word2vec g.txt -o o.npz --tokenizer wrods", "Try: --tokenizer words."),
    ("train word2vec g.txt -o o.npz --encoding kor", "Try: --encoding cp949."),
    ("train word2vec g.txt -o o.npz --tokenizer no/tokenizer.json", "Try: --tokenizer with the"),
    ("train bilm none.txt -o o", "none.txt: expected a text file"),
    ("train bilm g.txt -o no/o", "got no folder no"),
    ("train bilm g.txt -o g.txt", "the name of a folder to write, got a file"),
    ("distil --encoder none --vocab g.txt -o o.npz", "none: expected an encoder"),
    ("distil --encoder folder --vocab none -o o.npz", "none: expected a text file, a vocabulary"),
    ("distil --encoder folder --vocab g.txt -o old.npz", "old.npz: expected a new file"),
    ("distil --encoder folder --vocab g.txt -o o.foo", "a suffix that says the format"),
    ("encode none.txt --encoder folder -o o.safetensors", "none.txt: expected a file of texts"),
    ("encode g.txt --encoder none -o o.safetensors", "none: expected an encoder"),
    ("encode g.txt --encoder a/b -o o.safetensors", "Try: hf://a/b, if a model of the"),
    ("encode g.txt --encoder folder -o o.npz", "--output must end in .safetensors"),
    ("encode g.txt --encoder folder -o no/o.safetensors", "got no folder no"),
    ("classify fit none.csv", "none.csv: expected labelled texts, got nothing there"),
    ("classify fit data.csv -o no/m", "got no folder no"),
    ("classify fit data.csv -o folder", "a folder with other things in it"),
    ("classify fit data.csv -o folder --overwrite", "a folder with other things in it"),
    ("classify fit data.csv -o mixed --overwrite", "a folder with other things in it"),
    ("classify fit data.csv -o model", "Try: --overwrite to replace it, or another name."),
    ("classify fit data.csv --text none", "expected a column 'none'"),
    ("classify fit data.csv --test none", "none: expected labelled texts"),
    ("classify fit data.csv --test-split test", "--test-split needs --test"),
    ("classify fit data.csv --embedding none", "none: expected vectors, got nothing there"),
    ("classify fit data.csv --embedding data.csv", "data.csv: expected a file of vectors"),
    ("classify fit data.csv --variant static", "Try: --embedding with vectors"),
    ("classify fit data.csv --model bert", "Invalid value for '--model'"),
    ("classify fit data.csv --epochs 0", "Invalid value for '--epochs'"),
    ("classify fit data.csv --encoding utf-16", "Try: convert it first: iconv -f UTF-16"),
    ("classify fit data.csv --validation 2", "expected a share between 0 and 1, got 2.0"),
    ("classify fit data.csv --encoding kor", "Try: --encoding"),
    ("classify fit one.csv", "expected two classes or more, got only 'pos'"),
    ("classify evaluate none data.csv", "none: expected the folder of a classifier"),
    ("classify evaluate folder data.csv", "folder: expected the folder of a classifier"),
    ("classify evaluate model none.csv", "none.csv: expected labelled texts"),
    ("classify predict folder good", "folder: expected the folder of a classifier"),
    ("classify predict model", "Give one of: TEXT, - for standard input, --file"),
    ("classify predict model --file none", "none: expected a file of texts"),
    ("compare none.csv", "none.csv: expected labelled texts"),
    ("compare data.csv --folds 9", "expected 9 texts or more, one for each fold"),
    ("compare data.csv -o old.npz", "old.npz: expected a new file"),
    ("demo --data none.csv", "none.csv: expected labelled texts"),
    ("demo --corpus g.txt", "--corpus needs labelled texts"),
    ("demo --label x", "--label has no effect without --data"),
    ("demo --data data.csv --corpus none", "none: expected a text file"),
    ("demo --data data.csv --output folder", "a folder with other things in it"),
]
RUN = f"""
import json, sys
from click.testing import CliRunner
from inlay.cli.root import inlay
answers = []
for line in json.load(sys.stdin):
    done = CliRunner().invoke(inlay, line.split())
    loaded = [name for name in {FRAMEWORKS} if name in sys.modules]
    answers.append([done.exit_code, done.stdout, done.stderr, loaded])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files to be wrong about."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "g.txt").write_text("good 1 0\ngreat 0.9 0.1\n")
    (folder / "data.csv").write_text(ROWS)
    (folder / "one.csv").write_text("text,label\na,pos\nb,pos\n")
    (folder / "old.npz").write_bytes(b"old")
    (folder / "folder").mkdir()
    (folder / "folder" / "diary.txt").write_text("dear diary")
    (folder / "model").mkdir()
    (folder / "model" / "settings.json").write_text("{}")
    (folder / "mixed").mkdir()
    (folder / "mixed" / "settings.json").write_text("{}")
    (folder / "mixed" / "diary.txt").write_text("dear diary")
    return folder


@pytest.fixture(scope="module")
def answers(folder):
    """What one process, which has imported nothing before, says to all of them."""
    for package in ("keras", "sklearn", "h5py"):
        pytest.importorskip(package)
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([line for line, _ in WRONG]),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    return dict(zip(WRONG, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_a_mistake_is_told_at_once(answers, folder, line, said):
    code, out, err, loaded = answers[line, said]
    assert said in " ".join(err.split())
    assert code in (1, 2)
    assert out == ""
    assert "Traceback" not in err
    assert loaded == [], "a framework was imported before the mistake was told"


def test_nothing_was_made_or_replaced(answers, folder):
    names = {"g.txt", "data.csv", "one.csv", "old.npz", "folder", "model", "mixed"}
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / "old.npz").read_bytes() == b"old"
    assert [path.name for path in (folder / "folder").iterdir()] == ["diary.txt"]


def test_a_folder_that_cannot_be_written_is_found_before_the_work(inlay, folder, monkeypatch):
    import tempfile

    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", denied)
    monkeypatch.chdir(folder)
    for line in ("convert g.txt o.npz", "train word2vec g.txt -o o.npz", "classify fit data.csv"):
        failed = inlay(*line.split())
        assert (failed.exit_code, failed.stdout) == (1, "")
        assert f"can be written to, got {folder}: Permission denied" in failed.stderr


def test_overwrite_replaces(inlay, tmp_path):
    (tmp_path / "g.txt").write_text("good 1 0\ngreat 0.9 0.1\n")
    (tmp_path / "old.npz").write_bytes(b"old")
    done = inlay("convert", tmp_path / "g.txt", tmp_path / "old.npz", "--overwrite")
    assert done.exit_code == 0
    assert len(Table.load(tmp_path / "old.npz")) == 2
    (tmp_path / "corpus.txt").write_text("a b c\n" * 5)
    args = ("-o", tmp_path / "old.npz", "--vector-size", 4, "--overwrite")
    assert inlay("train", "word2vec", tmp_path / "corpus.txt", *args).exit_code == 0
    assert Table.load(tmp_path / "old.npz").tokens.tolist() == ["a", "b", "c"]
    assert np.isfinite(Table.load(tmp_path / "old.npz").matrix).all()


def test_a_device_is_no_file_to_replace(inlay, tmp_path):
    (tmp_path / "g.txt").write_text("good 1 0\n")
    args = ("convert", tmp_path / "g.txt", os.devnull, "--format-out", "glove")
    assert inlay(*args).exit_code == 0


@pytest.mark.parametrize(
    ("line", "missing", "extra"),
    [
        ("train bilm g.txt -o o", ("h5py",), "elmo"),
        ("train bilm g.txt -o o", ("torch", "h5py"), "torch,elmo"),
        ("encode g.txt --encoder elmo -o o.safetensors --engine torch", ("torch",), "torch"),
        ("compare data.csv", ("sklearn",), "demo"),
        ("demo --data data.csv", ("sklearn",), "demo"),
        ("classify fit data.csv", ("keras",), "keras"),
    ],
)
def test_packages_are_looked_for_before_the_first_is_imported(folder, line, missing, extra):
    heavy = [name for name in (*FRAMEWORKS, "h5py", "sklearn") if name not in missing]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({missing}))\n"
        "from click.testing import CliRunner\n"
        "from inlay.cli.root import inlay\n"
        f"done = CliRunner().invoke(inlay, {line.split()})\n"
        f"print(done.exit_code, [name for name in {heavy} if name in sys.modules], done.stderr)\n"
    )
    (folder / "elmo").mkdir(exist_ok=True)
    (folder / "elmo/options.json").write_text("{}")
    (folder / "elmo/weights.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n")
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        )
    finally:
        (folder / "elmo/options.json").unlink()
        (folder / "elmo/weights.hdf5").unlink()
        (folder / "elmo").rmdir()
    assert done.stdout.startswith("1 [] inlay: error: ")
    assert f'Try: pip install "inlay[{extra}]".' in done.stdout
