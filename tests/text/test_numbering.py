"""The way from the runs between white space to tokens: the same as text by text, but faster."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.text import encode_corpus, numbering
from inlay.text.chunks import chunks
from inlay.tokenizers import get_tokenizer

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


def test_runs_are_forgotten_before_they_fill_the_memory(tmp_path, monkeypatch):
    """Text without white space has as many different runs as lines."""
    lines = [f"line{i},film{i % 7}." for i in range(30_000)] * 3
    path = tmp_path / "corpus.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    expected = encode_corpus(path, min_count=1)
    made = []
    monkeypatch.setattr(numbering, "RUNS", 100_000)
    monkeypatch.setattr(
        numbering, "_Runs", lambda *a, own=numbering._Runs: made.append(own(*a)) or made[-1]
    )
    found = encode_corpus(path, min_count=1)
    assert len(made) > 3
    assert found.tokens == expected.tokens
    assert found.ids.tolist() == expected.ids.tolist()
    tokenize = get_tokenizer("words")
    number = {token: i for i, token in enumerate(found.tokens)}
    assert found.ids[:5].tolist() == [*map(number.get, tokenize(lines[0])), -1]
    assert (found.counts == expected.counts).all()


def test_each_run_is_split_once(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("a b\na b c\n" * 1000)
    seen = []

    class Local:
        def __call__(self, run):
            return seen.append(run) or [run]

    with (tmp_path / "out").open("wb") as out:
        report = type("Report", (), {"update": lambda self, n: None})()
        tokens, counts = numbering.number_runs(chunks([path]), Local(), out, report)
    assert seen == ["a", "b", "c"] == tokens
    assert counts.tolist() == [2000, 2000, 1000]
