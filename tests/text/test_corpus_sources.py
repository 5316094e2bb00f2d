"""What a corpus may be given as, and in which order it is read."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, MissingFileError
from inlay.text import LabelledTexts, encode_corpus
from inlay.text.chunks import CHUNK, chunks
from inlay.text.corpus_sources import files_or_texts

TEXTS = ["a b", "c", "d a", "e"]


@pytest.fixture
def folder(tmp_path):
    """The texts in files whose order, by their paths, is that of the texts."""
    for name in ("B/x", "a.d/.hidden", ".git"):
        (tmp_path / name).mkdir(parents=True)
    files = {"B/x/z.txt": b"a b", "a.d/1.txt": gzip.compress(b"c\r\nd a\r\n"), "a.txt": b"e\n"}
    aside = {".git/x.txt": b"q\n", "a.d/.hidden/x.txt": b"q\n", "a.d/.DS_Store": b"\xff"}
    for name, content in (files | aside | {"B/x/empty.txt": b""}).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def words_of(corpus):
    """The texts that were read, every word of them."""
    words = [corpus.tokens[i] if i >= 0 else "\n" for i in corpus.ids]
    return [" ".join(text.split()) for text in " ".join(words).split("\n")[:-1]]


def encoded(source, **settings):
    return encode_corpus(source, min_count=1, every_text=True, **settings)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_folder_is_read_in_the_order_of_its_paths(folder, encoding):
    for source in (folder, str(folder), [folder], f"{folder}/**/*.txt"):
        assert words_of(encoded(source, encoding=encoding)) == TEXTS, source


def test_files_in_the_order_in_which_they_are_given(folder):
    paths = [folder / "a.txt", folder / "B", folder / "a.txt"]
    for source in (paths, tuple(paths), iter(paths)):
        assert words_of(encoded(source)) == ["e", "a b", "e"]
    assert words_of(encoded(folder / "[aB].txt")) == ["e"]
    assert words_of(encoded(f"{folder}/a*/1.*")) == ["c", "d a"]


def test_a_name_is_no_pattern_where_it_is_a_file(tmp_path):
    for name, text in (("[a].txt", "yes"), ("a.txt", "no")):
        (tmp_path / name).write_text(text, "utf-8")
    assert words_of(encoded(tmp_path / "[a].txt")) == ["yes"]


def test_many_small_files_share_a_chunk_and_keep_their_lines(tmp_path):
    paths = [tmp_path / f"{i:02}.txt" for i in range(40)]
    for i, path in enumerate(paths):
        path.write_bytes(b"\xef\xbb\xbf" + f"w{i} x\n\nlast".encode())
    assert len(list(chunks(paths))) == 1
    corpus = encoded(tmp_path)
    assert words_of(corpus) == [text for i in range(40) for text in (f"w{i} x", "", "last")]
    paths[20].write_bytes(b"a\n" * 7 + b"caf\xe9 \n")
    (tmp_path / "10.txt").write_bytes(b"a b\n" * CHUNK)  # it has chunks of its own
    for tokenizer in ("split", "words", str.split):
        with pytest.raises(FormatError, match=r"20\.txt, line 8: expected text in UTF-8"):
            encode_corpus(tmp_path, tokenizer=tokenizer)


def test_labelled_texts_are_a_corpus():
    labelled = LabelledTexts(TEXTS, ["x", "y", "x", "y"], [""] * 4)
    assert words_of(encoded(labelled)) == TEXTS


@pytest.mark.parametrize("module", ["pandas", "polars"])
def test_a_column_of_a_data_frame(module):
    library = pytest.importorskip(module)
    frame = library.DataFrame({"text": TEXTS, "label": [1, 2, 1, 2]})
    assert words_of(encoded(frame["text"])) == TEXTS
    with pytest.raises(ArgumentTypeError, match=r"one column of it: corpus\[\.\.\.\]"):
        encoded(frame)
    gaps = library.DataFrame({"text": [*TEXTS, None]})["text"]
    with pytest.raises(ArgumentTypeError, match=r"item 4: .*corpus\.dropna\(\) in pandas"):
        encoded(gaps)


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ({"text": TEXTS}, r"one column of it: corpus\[\.\.\.\]"),
        ([{"text": "a b"}], r"\[row\['text'\] for row in corpus\]"),
        ([float("nan")], r"leave out what is missing"),
        (np.array([TEXTS]).T, r"corpus\.ravel\(\)"),
        ([Path(__file__), "a text"], None),
    ],
    ids=["columns", "rows", "nan", "table", "a text among paths"],
)
def test_what_is_no_corpus(source, hint):
    with pytest.raises(ArgumentTypeError, match=f"Try: {hint}" if hint else "a path, as before"):
        encode_corpus(source, min_count=1)


def test_names_of_files_are_no_texts(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(ArgumentError, match=r"Try: \[Path\(name\) for name in corpus\]"):
        encoded(["a.txt", "a.d/1.txt"])
    assert encoded(["a.txt", "no file"]).texts == 2


@pytest.mark.parametrize(
    ("name", "write", "reads"),
    [
        ("c.csv", "to_csv", "pandas.read_csv(path)['text']"),
        ("c.tsv", "to_csv", r"pandas.read_csv(path, sep='\t')['text']"),
        ("c.csv.gz", "to_csv", "pandas.read_csv(path)['text']"),
        ("c.jsonl", "to_json", "pandas.read_json(path, lines=True)['text']"),
        ("c.json", "to_json", "pandas.read_json(path, lines=True)['text']"),
    ],
)
def test_a_table_is_no_text(folder, name, write, reads):
    pandas = pytest.importorskip("pandas")
    frame, path = pandas.DataFrame({"label": [1] * 4, "text": TEXTS}), folder / "a.d" / name
    options = {"orient": "records", "lines": True} if write == "to_json" else {"index": False}
    getattr(frame, write)(path, **options | ({"sep": "\t"} if name.endswith("tsv") else {}))
    for source in (path, str(path), [folder / "a.txt", path], folder, f"{folder}/a*/c.*"):
        with pytest.raises(ArgumentError, match="got a table, whose other columns") as caught:
            encoded(source)
        assert f"{name}: expected a file whose lines are texts" in str(caught.value)
        assert f"Try: {reads}, for a column of it" in str(caught.value)
        pattern = f"{folder / '**' / '*.txt'}, for the files of text alone"
        assert (pattern in str(caught.value)) == (source == folder)
        assert ("open(path, encoding='utf-8'), for its" in str(caught.value)) == (".gz" not in name)
    said = {"pandas": pandas, "path": path}
    assert words_of(encoded(eval(reads, said))) == TEXTS
    with open(path, encoding="utf-8", errors="replace") as lines:
        assert encoded(lines).texts >= 4 or ".gz" in name
    assert words_of(encoded(f"{folder}/**/*.txt")) == TEXTS


def test_a_table_of_parquet_is_no_text(tmp_path):
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArgumentError, match=r"Try: pandas\.read_parquet\(path\)\['text'\], for"):
        encoded(tmp_path)


def test_where_nothing_is(tmp_path):
    with pytest.raises(MissingFileError, match="a folder with text files, got none"):
        encoded(tmp_path)
    with pytest.raises(MissingFileError, match="files that match, got none"):
        encoded(tmp_path / "*.txt")
    with pytest.raises(MissingFileError, match="nothing there"):
        encoded([tmp_path / "absent.txt"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_read_once(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = "import sys; open(sys.argv[1], 'w').write('a b\\nc\\n')"
    with subprocess.Popen([sys.executable, "-c", script, pipe]):
        assert words_of(encoded(pipe)) == ["a b", "c"]


def test_texts_are_not_read_before_they_are_needed():
    read = []

    def texts():
        for text in TEXTS:
            read.append(text)
            yield text

    found = files_or_texts(texts())
    assert len(read) == 1
    assert list(found) == TEXTS
