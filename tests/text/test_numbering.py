"""The way from the runs between white space to tokens: the same as text by text, but faster."""

import errno

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.errors import ArgumentError, ArgumentTypeError, FormatError, NoSpaceError
from inlay.text import encode_corpus, numbering, vocabularies
from inlay.text.space import write_whole
from inlay.text.vocabularies import Vocabularies
from tests.processes import soon

TEXTS = st.lists(
    st.text(st.sampled_from("ab.,'-é한\u1112\u1161👍🏽 \t\u3000\u00a0\x1c很")),
    min_size=1,
    max_size=30,
)


@pytest.mark.filterwarnings("ignore:.*decomposed letters")
@pytest.mark.parametrize("name", ["words", "lower", "ngrams:2", "nfkc+words"])
@given(texts=TEXTS)
@settings(max_examples=50, deadline=None)
def test_a_file_is_what_its_lines_are(tmp_path_factory, name, texts):
    texts = [*texts, "a"]
    path = tmp_path_factory.mktemp("runs") / "corpus.txt"
    path.write_bytes("".join(f"{text}\n" for text in texts).encode())
    file, lines = (encode_corpus(corpus, min_count=1, tokenizer=name) for corpus in (path, texts))
    assert file.tokens == lines.tokens
    assert file.counts.tolist() == lines.counts.tolist()
    assert file.ids.tolist() == lines.ids.tolist()


@pytest.mark.parametrize("before", ["", "a "])
def test_a_run_may_have_many_more_tokens_than_all_others(tmp_path, before):
    path = tmp_path / "corpus.txt"
    path.write_text(before + "가나다라마바사아자차카타파하\n", encoding="utf-8")
    with soon(60):  # compiling is slow; but it had no end
        corpus = encode_corpus(path, min_count=1, tokenizer="ngrams:1")
    assert len(corpus.tokens) == 14 + len(before.split())


def test_runs_are_forgotten_before_they_fill_the_memory(tmp_path, monkeypatch):
    """Text without white space has as many different runs as lines; here, of what is hard."""
    lines = [f"line{i},fi👍lm{i % 7}." for i in range(3_000)] * 3
    path = tmp_path / "corpus.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    expected = encode_corpus(lines, min_count=1)
    monkeypatch.setattr("inlay.text.chunks.CHUNK", 1 << 12)
    for name, most in (("RUN_BYTES", 20_000), ("RUNS", 900)):
        forgotten = []
        forget = numbering.Tokens._forget
        with monkeypatch.context() as patch:
            patch.setattr(numbering, name, most)
            patch.setattr(
                numbering.Tokens,
                "_forget",
                lambda self, forget=forget, times=forgotten: times.append(1) or forget(self),
            )
            found = encode_corpus(path, min_count=1, workers=1)
        assert len(forgotten) > 4
        assert found.fingerprint == expected.fingerprint


def test_each_run_is_split_once(tmp_path, monkeypatch):
    path = tmp_path / "corpus.txt"
    path.write_text("a b\na b c\n" * 1000)
    seen = []

    def local(run):
        seen.append(run)
        return [run]

    monkeypatch.setattr("inlay.text.corpus.is_local", lambda tokenizer: True)
    corpus = encode_corpus(path, min_count=1, tokenizer=local)
    assert seen == ["a", "b", "c"] == corpus.tokens
    assert corpus.counts.tolist() == [2000, 2000, 1000]


def words_in(chunks, size=100_000):
    """Text of many different words, some of them long, with texts of rare words alone."""
    rng = np.random.default_rng(0)
    words = [f"w{i}" if i % 3 else f"a.long,one-{i}" for i in rng.integers(0, 9_000, size)]
    words += ["always"] * 50
    return [" ".join(words[i : i + 7]) for i in range(0, size, 7)] * chunks


@pytest.mark.parametrize(
    ("tokenizer", "every_text"), [("split", False), ("words", True), (str.split, False)]
)
def test_neither_workers_nor_memory_change_the_corpus(tmp_path, monkeypatch, tokenizer, every_text):
    """Many small vocabularies, some of them on the disk, merged in parts: to the byte the same."""
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(words_in(1, 12_000)))
    settings = {"min_count": 3, "tokenizer": tokenizer, "every_text": every_text}
    expected = encode_corpus(path, workers=1, **settings)
    monkeypatch.setattr("inlay.text.chunks.CHUNK", 1 << 12)
    monkeypatch.setattr("inlay.text.vocabularies.MOST", 1_500)
    monkeypatch.setattr("inlay.text.vocabularies.PART", 1_000)
    monkeypatch.setattr(numbering, "STRINGS", 1_000)
    monkeypatch.setattr(numbering, "BATCH", 1_000)
    written, parts = [], set()
    write, merged = Vocabularies._written, Vocabularies._merged
    monkeypatch.setattr(
        Vocabularies, "_written", lambda self, *a: written.append(1) or write(self, *a)
    )
    monkeypatch.setattr(
        Vocabularies, "_merged", lambda self, which: parts.add(which) or merged(self, which)
    )
    for workers in (1, 3):
        written.clear()
        found = encode_corpus(path, workers=workers, **settings)
        assert len(written) > 3
        assert len(parts) > 3
        assert found.ids.tolist() == expected.ids.tolist()
        assert found.fingerprint == expected.fingerprint
        found = encode_corpus(path, workers=workers, max_size=500, **settings)
        assert found.tokens == expected.tokens[:500]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_texts_without_a_known_word_leave_nothing_wherever_they_are_cut(monkeypatch, size):
    texts = ["x1", "a x2", "x3", "x4 x5", "", "a", "x6"]
    monkeypatch.setattr(numbering, "BATCH", size)
    assert encode_corpus(texts, min_count=2).ids.tolist() == [0, -1, 0, -1]
    every = encode_corpus(texts, min_count=2, every_text=True)
    assert every.ids.tolist() == [-1, 0, -1, -1, -1, -1, 0, -1, -1]


def test_words_that_wait_on_the_disk_are_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("inlay.text.vocabularies.MOST", 100)
    monkeypatch.setattr(numbering, "BATCH", 1_000)
    monkeypatch.setattr(numbering, "STRINGS", 100)
    opened = []
    real = vocabularies.tempfile.TemporaryFile
    monkeypatch.setattr(
        vocabularies.tempfile, "TemporaryFile", lambda **k: opened.append(real(**k)) or opened[-1]
    )
    encode_corpus(words_in(1, 5_000))
    words = [file for file in opened if file.closed]
    assert len(opened) == 2
    assert len(words) == 2  # the numbers are mapped, which needs no open file
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["numbering", "vocabularies"])
@pytest.mark.parametrize("source", ["file", "stream"])
def test_a_disk_that_is_full_leaves_nothing_half_written(tmp_path, monkeypatch, where, source):
    """Whether it is the numbers or the words that do not fit."""
    monkeypatch.setattr("inlay.text.vocabularies.MOST", 100)
    monkeypatch.setattr(numbering, "STRINGS", 100)
    monkeypatch.setattr(numbering, "BATCH", 1_000)
    monkeypatch.setattr("inlay.text.chunks.CHUNK", 1 << 12)
    texts = words_in(1, 3_000)
    path, folder, written = tmp_path / "corpus.txt", tmp_path / "work", []
    path.write_text("\n".join(texts))

    def full(file, array):
        written.append(array.size)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_whole(file, array)

    with monkeypatch.context() as patch:
        patch.setattr(f"inlay.text.{where}.write_whole", full)
        with pytest.raises(NoSpaceError, match=r"4 bytes for each word.* got no space left"):
            encode_corpus(path if source == "file" else iter(texts), folder=folder, min_count=1)
    assert len(written) > 2  # several threads may try
    assert list(folder.iterdir()) == []
    again = encode_corpus(path, folder=folder, min_count=1)
    assert again.fingerprint == encode_corpus(path, min_count=1).fingerprint


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_wrong_line_is_told_whoever_finds_it(tmp_path, workers):
    path = tmp_path / "corpus.txt"
    good = b"a few words\n" * 100_000
    path.write_bytes(good + b"caf\xe9\n" + good + b"caf\xe9\n")
    with pytest.raises(FormatError, match="line 100001: expected text in UTF-8"):
        encode_corpus(path, workers=workers)


@pytest.mark.parametrize(
    ("workers", "error"), [(0, ArgumentError), ("2", ArgumentTypeError), (True, ArgumentTypeError)]
)
def test_workers_that_cannot_be(workers, error):
    with pytest.raises(error, match=r"^workers: expected a whole number, 1 or more"):
        encode_corpus(["a a a a a"], workers=workers)
