"""Whether a file of vectors is healthy: what is wrong with it, where, and what to do."""

import os
import re
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from inlay.bytes.content import Content, open_content
from inlay.core import Table
from inlay.errors import FormatError
from inlay.evaluate.findings import Example, Finding
from inlay.evaluate.number_findings import number_findings
from inlay.evaluate.token_findings import token_findings
from inlay.formats import Format, format_of, load
from inlay.formats.format_options import TextFormat

# Where a reader of rows says that it came to: `glove.txt, line 40213`.
TAIL = 1 << 16  # bytes
ENOUGH = 20  # numbers that show how many decimals there are
DECIMALS = re.compile(rb"(?<=[ \t])-?\d+\.(\d+)(?=[ \t\r\n])")
PLACE = re.compile(r", (line|word) (\d+)$")


@dataclass(frozen=True)
class Diagnosis:
    """What was found in a file of vectors.

    Attributes:
        path: The file.
        format: The name of its format.
        shape: Rows and numbers in a row, as far as they could be read.
        dtype: The type of the numbers.
        findings: What does not look as it should; empty for a healthy file.
    """

    path: str
    format: str
    shape: tuple[int, int]
    dtype: str
    findings: tuple[Finding, ...]

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "file": self.path,
            "format": self.format,
            "vocab_size": self.shape[0],
            "dim": self.shape[1],
            "dtype": self.dtype,
            "healthy": self.is_healthy,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def diagnose(
    path: str | os.PathLike[str], *, format: str | Format | None = None, **reading: Any
) -> Diagnosis:
    r"""Look for all that may be wrong with a file of vectors.

    What a reader would refuse, such as a header that lies, tokens that are not UTF-8, or a line
    that is cut off, becomes a finding if a table can be read all the same. The digests of a native
    file are compared. Reads the file, then its numbers once more.

    Args:
        path: The file.
        format: As `inlay.load` is told.
        reading: What else `inlay.load` is told: `member`, `limit`, `name`, `tokens`, `dtype`.

    Returns:
        The findings: those of reading first, then those of the tokens and the numbers.

    Raises:
        FormatError: No table can be read.
        MissingFileError: There is no such file.

    Examples:
        >>> from pathlib import Path; from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "tiny.txt")
        >>> _ = path.write_text("good 1 0\nfilm 0 0\nfilm 7 7\n")
        >>> for finding in diagnose(path).findings:
        ...     print(finding.kind, finding.n)
        duplicates 1
        zeros 1
    """
    known = format_of(path, format=format, member=reading.get("member"))
    table, findings = _read(path, _lenient(known), reading)
    findings += _counted(table, known)
    if isinstance(known, TextFormat) and reading.get("limit") is None:
        findings += _cut_number(open_content(path, reading.get("member")))
    try:
        findings += token_findings(table)
    except FormatError as error:
        advice = "download or make the file again; no token can be relied on"
        findings.append(_of_reader("tokens", "tokens that are damaged", error, advice))
    else:
        findings += number_findings(table)
    return Diagnosis(os.fspath(path), known.name, table.shape, table.stored_dtype, tuple(findings))


def _lenient(format: Format) -> Format:
    """The same format, for which NaN is no reason to stop."""
    return _with(format, nonfinite="keep") if _option(format, "nonfinite") else format


def _option(format: Any, name: str) -> Any:
    """The value of a format's option; None if it has none of this name."""
    has = is_dataclass(format) and name in {field.name for field in fields(format)}
    return getattr(format, name) if has else None


def _with(format: Any, **options: Any) -> Format:
    changed: Format = replace(format, **options)
    return changed


def _read(
    path: str | os.PathLike[str], format: Format, reading: dict[str, Any]
) -> tuple[Table, list[Finding]]:
    """Read what can be read, less strictly each time that the reader refuses something."""
    findings: list[Finding] = []
    settings = {**reading, "verify": "verify" in getattr(format, "takes", ())}
    while True:
        try:
            return load(path, format=format, **settings), findings
        except FormatError as error:
            place = PLACE.search(error.where)
            if settings["verify"]:
                settings["verify"] = False
                advice = "download or make the file again; some of its bytes have changed"
                findings.append(_of_reader("digests", "digests that do not fit", error, advice))
            elif _option(format, "header") == "check" and "header='ignore'" in error.hint:
                format = _with(format, header="ignore")
                advice = "download it again if rows are missing; otherwise correct the header"
                findings.append(_of_reader("header", "headers that are wrong", error, advice))
            elif _option(format, "errors") == "strict" and "errors='replace'" in error.hint:
                format = _with(format, errors="replace")
            elif place and not any(finding.kind == "cut" for finding in findings):
                header = _option(format, "header") is not None and place[1] == "line"
                settings["limit"] = int(place[2]) - 1 - header
                if settings["limit"] < 1:
                    raise
                advice = "download it again; nothing from there on was looked at"
                what = "places beyond which the file cannot be read"
                findings.append(_of_reader("cut", what, error, advice))
            else:
                raise


def _of_reader(kind: str, what: str, error: FormatError, advice: str) -> Finding:
    note = f"{error.where}: expected {error.expected}, got {error.got}"
    return Finding(kind, what, 1, (Example(None, None, note),), advice)


def _cut_number(content: Content) -> list[Finding]:
    """Nothing but its digits shows that a file of text was cut off within its last number."""
    if content.packed:  # which the packing shows
        return []
    with content.path.open("rb") as file:
        file.seek(max(content.path.stat().st_size - TAIL, 0))
        tail = file.read()
    decimals = [len(number[1]) for number in DECIMALS.finditer(tail)]
    last = tail.split()[-1] if tail.strip() else b""
    if tail.endswith(b"\n") or len(decimals) < ENOUGH:
        return []
    digits = len(last.partition(b".")[2])
    if digits >= min(decimals):
        return []
    note = (
        f"the last number, {last.decode(errors='replace')}, has {digits} decimals; those before it "
    )
    note += f"have {min(decimals)} or more, and no line feed follows it"
    what, advice = "numbers that may have been cut off", "download it again"
    return [Finding("cut", what, 1, (Example(None, None, note),), advice)]


def _counted(table: Table, format: Format) -> list[Finding]:
    """What the reader has left out or changed, and counted."""
    made = table.provenance
    if made.get("format") != format.name:  # of a native file: of what was converted long ago
        return []
    counted = {
        "duplicates": (
            "tokens that are there more than once",
            "nothing, if the first of each is the right one; inlay reads no other",
        ),
        "encoding": (
            "tokens that are not valid in their encoding",
            "leave them out, or name the encoding that the file was written in",
        ),
    }
    findings = []
    for kind, (what, advice) in counted.items():
        key = "replaced" if kind == "encoding" else kind
        if n := made.get(key):
            listed = made.get(f"{key.removesuffix('s')}_examples", [])
            rows = [(table.find(token), token) for token in listed]
            examples = [Example(row if row >= 0 else None, token) for row, token in rows]
            findings.append(Finding(kind, what, n, tuple(examples), advice))
    return findings
