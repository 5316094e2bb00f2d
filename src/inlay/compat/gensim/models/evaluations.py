"""How vectors do on sets of analogies and of pairs that people judged, counted as gensim counts."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from inlay.aliases import Array
from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import read_lines
from inlay.checks import choice
from inlay.core import Tokens
from inlay.core.offsets import nearest_to_offsets
from inlay.errors import FormatError
from inlay.optional import require

NEAREST = 5  # keys beside those asked about, among which gensim looks for the answer

Question = tuple[str, str, str, str]
Section = dict[str, Any]
Path = str | os.PathLike[str]


class Vectors(Protocol):
    """What is evaluated."""

    @property
    def vectors(self) -> Array:
        """The matrix."""

    @property
    def index_to_key(self) -> Tokens:
        """The keys."""


def analogies(
    kv: Vectors,
    path: Path,
    restrict_vocab: int,
    *,
    case_insensitive: bool,
    dummy4unknown: bool,
    similarity_function: str,
) -> tuple[float, list[Section]]:
    """`KeyedVectors.evaluate_word_analogies`."""
    choice("similarity_function", similarity_function, ("most_similar",))
    rows = _rows_by_name(kv, restrict_vocab, case_insensitive)
    sections: list[Section] = []
    n = 0
    for line in read_lines(path):
        if line.startswith(": "):
            name = line.lstrip(": ").strip()
            sections.append({"section": name, "correct": [], "incorrect": [], "asked": []})
            continue
        if not sections:
            expected = "a line such as ': capital-common-countries' before the first question"
            raise FormatError(str(path), expected=expected, got=f"{line.strip()!r:.60}")
        question = tuple((line.upper() if case_insensitive else line).split())
        if len(question) != 4:
            continue
        n += 1
        if all(word in rows for word in question):
            sections[-1]["asked"].append(question)
        elif dummy4unknown:
            sections[-1]["incorrect"].append(question)
    if not n:
        raise FormatError(str(path), expected="lines of four words", got="none")
    answers = _answers(kv, rows, [q for s in sections for q in s["asked"]], restrict_vocab)
    for section in sections:
        for question in section.pop("asked"):
            answer = _chosen(next(answers), rows, question, case_insensitive)
            section["correct" if answer == question[3] else "incorrect"].append(question)
    total: Section = {"section": "Total accuracy"}
    for kind in ("correct", "incorrect"):
        total[kind] = [question for section in sections for question in section[kind]]
    right, wrong = len(total["correct"]), len(total["incorrect"])
    return right / (right + wrong) if right + wrong else 0.0, [*sections, total]


def pairs(
    kv: Vectors,
    path: Path,
    delimiter: str,
    encoding: str,
    restrict_vocab: int,
    *,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[Any, Any, float]:
    """`KeyedVectors.evaluate_word_pairs`."""
    stats = require("scipy.stats", extra="compat", need="correlations")
    rows = _rows_by_name(kv, restrict_vocab, case_insensitive)
    judged, of_pairs, unknown = [], [], 0
    for line in read_lines(path, Encoding.given(encoding)):
        parts = (line.upper() if case_insensitive else line).split(delimiter)
        if line.startswith("#") or len(parts) != 3 or (score := _number(parts[2])) is None:
            continue
        found = [rows.get(word) for word in parts[:2]]
        unknown += None in found
        if None not in found or dummy4unknown:
            judged.append(score)
            of_pairs.append((-1, -1) if None in found else found)
    if not judged:
        expected = f"lines of two words that are here and a number, with {delimiter!r} between them"
        raise FormatError(str(path), expected=expected, got="none", hint="delimiter=...")
    at = np.array(of_pairs)
    ends = [np.asarray(kv.vectors[at[:, i]], np.float32) for i in (0, 1)]
    lengths = np.linalg.norm(ends[0], axis=1) * np.linalg.norm(ends[1], axis=1)
    near = np.einsum("ij,ij->i", *ends) / np.where(lengths > 0, lengths, 1)
    near[at[:, 0] < 0] = 0
    share = unknown / (len(judged) if dummy4unknown else len(judged) + unknown) * 100
    return stats.pearsonr(judged, near), stats.spearmanr(judged, near), share


def _rows_by_name(kv: Vectors, restrict_vocab: int, case_insensitive: bool) -> dict[str, int]:
    """The rows that count, by what they are called here; of several of one name the first."""
    rows: dict[str, int] = {}
    for row, key in enumerate(kv.index_to_key[:restrict_vocab]):
        rows.setdefault(key.upper() if case_insensitive else key, row)
    return rows


def _answers(
    kv: Vectors, rows: Mapping[str, int], questions: list[Question], restrict_vocab: int
) -> Iterator[list[str]]:
    """The keys nearest to b - a + c for each question."""
    asked = np.array([[rows[word] for word in question[:3]] for question in questions], np.int64)
    near = nearest_to_offsets(kv.vectors[:restrict_vocab], asked.reshape(-1, 3), NEAREST)
    for found in near:
        yield [kv.index_to_key[i] for i in found]


def _chosen(
    keys: list[str], rows: Mapping[str, int], question: Question, case_insensitive: bool
) -> str | None:
    """The first that is not one of the words asked about in another case; else the last."""
    answer = None
    for key in keys:
        answer = key.upper() if case_insensitive else key
        if answer in rows and answer not in question[:3]:
            break
    return answer


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
