"""All sources by their names, and by what people type instead."""

import functools
import re
from collections.abc import Iterator

from inlay.errors import ArgumentError
from inlay.sources import others, vectors
from inlay.sources.languages import SPOKEN
from inlay.sources.source import Source

# torchtext's classes, and what their arguments are by default.
CALL = re.compile(r"\s*(glove|fasttext)\s*\((.*)\)\s*")
CALLED = {"glove": {"name": "840b", "dim": "300"}, "fasttext": {"language": "en"}}
# What nobody publishes any more, and what serves in its place.
GONE = {"charngram": "cc.en.300.bin", "charngram.100": "cc.en.300.bin"}
TFHUB = "https://tfhub.dev/google/"
NEAR = 5  # names that a message shows


def catalogue() -> tuple[Source, ...]:
    """Everything that `fetch` knows by name: plain data, made when it is first asked for."""
    return _all()


def find(name: str) -> Source | None:
    """The source of a name or an alias, however it is spelled; None if there is none.

    Case, spaces, hyphens, and the `d` behind a dimension make no difference, and neither does a
    call of torchtext's. What has a slash in it is a path, and no name, but for the address that a
    module has on TensorFlow Hub.

    Examples:
        >>> find("GloVe 840B").name, find('GloVe(name="6B", dim=100)').name
        ('glove.840B.300d', 'glove.6B.100d')
    """
    if name.startswith(TFHUB):
        name = name.removeprefix(TFHUB).replace("/", "-")
    is_path = not name[:1].isalnum() or "/" in name or "\\" in name
    return None if is_path else _index().get(_key(name))


def known(name: str) -> Source:
    """`find`, where there has to be one.

    Raises:
        ArgumentError: No such name, with those that are near.
    """
    source = find(name)
    if source is None:
        near = near_names(name)
        raise ArgumentError(
            "name",
            expected="a name of the catalogue",
            got=repr(name[:100]),
            hint=" or ".join(map(repr, near)) or "inlay catalogue, which lists all of them",
        )
    return source


def near_names(name: str) -> list[str]:
    """The names that may be meant by one that is none, the likeliest first."""
    from difflib import get_close_matches

    keys = _index()
    key = _key(name[:100])
    if key in GONE:
        return [GONE[key]]
    close = [*(k for k in keys if key and k.startswith(f"{key}."))]
    close += get_close_matches(key, keys, NEAR, 0.7)
    return list(dict.fromkeys(keys[k].name for k in close))[:NEAR]


def search(words: str) -> list[Source]:
    """The sources that all these words stand in: in a name, a note, a kind, as a language."""
    wanted = words.casefold().split()
    return [source for source in _all() if all(word in _text(source) for word in wanted)]


@functools.cache
def _all() -> tuple[Source, ...]:
    def every() -> Iterator[Source]:
        yield from vectors.named()
        yield from others.encoders()
        yield from others.labelled()
        yield from others.corpora()
        yield from vectors.of_languages()

    return tuple(every())


@functools.cache
def _index() -> dict[str, Source]:
    """Each source by its name and its aliases; a name goes before an alias."""
    index: dict[str, Source] = {}
    for source in _all():
        for alias in source.aliases:
            index.setdefault(_key(alias), source)
    return index | {_key(source.name): source for source in _all()}


def _key(name: str) -> str:
    """What is left of a name when it does not matter how it is written."""
    parts = re.findall(r"[^\W_]+", _called(name.casefold()))
    return ".".join(re.sub(r"^(\d+)d$", r"\1", part) for part in parts)


def _called(name: str) -> str:
    """The arguments of a call of torchtext's, with its defaults; any other name as it is."""
    found = CALL.fullmatch(name)
    if found is None:
        return name
    given = dict(CALLED[found[1]])
    for argument, text in zip(
        CALLED[found[1]], filter(str.strip, found[2].split(",")), strict=False
    ):
        said, _, value = text.rpartition("=")
        given[said.strip() or argument] = value
    return " ".join([found[1], *given.values()])


def _text(source: Source) -> str:
    language = SPOKEN.get(source.language, "")
    facts = (source.name, *source.aliases, source.kind, source.language, language, source.note)
    return " ".join(facts).casefold()
