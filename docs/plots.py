"""Draw a table of a page as a plot, so that what is drawn and what is written cannot disagree."""

import math
import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

Scale = Callable[[float], float]

# A line of its own in front of a table, of which all but the first cells are numbers.
TABLE = re.compile(r"^<!-- plot: (.+?); (.+?) -->\n\n((?:\|.*\n)+)", re.M)
# All have a contrast of more than 3 to white and to the dark palette's background.
COLOURS = "#d9480f", "#1c7ed6", "#2b8a3e", "#ae3ec9"
DASHES = "none", "8 4", "2 4"
WIDTH, HEIGHT = 720, 330
LEFT, RIGHT, TOP, BOTTOM = 62, 506, 14, 280  # of the frame; the names stand to its right


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page, with a plot above each table that asks for one."""
    return TABLE.sub(lambda found: f"{plot(*found.groups())}\n\n{found[3]}", markdown)


def plot(across: str, up: str, table: str) -> str:
    r"""An SVG with a line for each row of a table, on two logarithmic axes.

    Rows whose names begin alike up to a comma have one colour, and those that end alike from
    there on have one kind of line.

    >>> svg = plot("rows", "ms", "| | 10 | 1,000 |\n|---|---|---|\n| A, fast | 0.1 | 100 |\n")
    >>> "62.0,280.0 506.0,14.0" in svg, "A, fast</text>" in svg
    (True, True)
    """
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    xs = [_number(cell) for cell in head[1:]]
    series = {name: [_number(cell) for cell in cells] for name, *cells in rows}
    powers = _powers([y for ys in series.values() for y in ys])
    right, high = _scale(_powers(xs), LEFT, RIGHT), _scale(powers, BOTTOM, TOP)
    parts = [*_grid(xs, right, powers, high), *_captions(across, up)]
    names, kinds = ([*dict.fromkeys(part)] for part in zip(*map(_parted, series), strict=True))
    for i, (label, ys) in enumerate(series.items()):
        name, kind = _parted(label)
        colour, dashes = COLOURS[names.index(name)], DASHES[kinds.index(kind)]
        stroke = f'stroke="{colour}" stroke-dasharray="{dashes}"'
        points = " ".join(f"{right(x):.1f},{high(y):.1f}" for x, y in zip(xs, ys, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="2" {stroke}/>')
        at = TOP + 12 + 22 * i
        parts.append(f'<path d="M{RIGHT + 16} {at}h36" stroke-width="2" {stroke}/>')
        parts.append(f'<text x="{RIGHT + 60}" y="{at + 4}">{escape(label)}</text>')
    # Text in the colour of the page's own, whichever palette the reader has.
    look = 'fill="currentColor" font-size="13" style="max-width:100%;height:auto"'
    title = escape(f"{up}, by {across}: {'; '.join(series)}", quote=True)
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{title}"'
    return "\n".join([f"<figure>\n{head} {look}>", *parts, "</svg>\n</figure>"])


def _number(cell: str) -> float:
    return float(cell.replace(",", ""))


def _parted(label: str) -> tuple[str, str]:
    name, _, kind = label.partition(", ")
    return name, kind


def _powers(values: list[float]) -> list[float]:
    """The powers of ten from the one below all values to the one above."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(low, high + 1)]


def _scale(powers: list[float], first: float, last: float) -> Scale:
    """From a value to its place on a logarithmic axis."""
    low, high = math.log10(powers[0]), math.log10(powers[-1])
    return lambda value: first + (last - first) * (math.log10(value) - low) / (high - low)


def _grid(xs: list[float], right: Scale, powers: list[float], high: Scale) -> Iterator[str]:
    grid = 'stroke="currentColor" stroke-opacity="0.2"'
    for x in xs:
        yield f'<path d="M{right(x):.1f} {TOP}V{BOTTOM}" {grid}/>'
        yield f'<text x="{right(x):.1f}" y="{BOTTOM + 18}" text-anchor="middle">{x:,g}</text>'
    for y in powers:
        yield f'<path d="M{LEFT} {high(y):.1f}H{RIGHT}" {grid}/>'
        yield f'<text x="{LEFT - 8}" y="{high(y) + 4:.1f}" text-anchor="end">{y:g}</text>'


def _captions(across: str, up: str) -> Iterator[str]:
    middle = (TOP + BOTTOM) / 2
    yield f'<text x="{(LEFT + RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">{across}</text>'
    turned = f'transform="rotate(-90 14 {middle})"'
    yield f'<text x="14" y="{middle}" text-anchor="middle" {turned}>{up}</text>'
