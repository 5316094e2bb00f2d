"""Docstrings as a classification task: which package of the library does a text belong to?"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from inlay.demo.stdlib import Docstring
from inlay.errors import ArgumentError

ALIKE = 0.8  # texts that share this part of their words count as one
MIN_WORDS = 4  # "Return the value." could be anyone's


@dataclass(frozen=True, slots=True)
class PackageTask:
    """Texts with the package each comes from, as many of one package as of any other.

    Attributes:
        texts: Docstrings without the names of the packages in `names`.
        labels: The package of each.
        names: The packages, those with most docstrings first.
        n_short: Docstrings left out because too few words remained.
        n_alike: Left out because an earlier one has nearly the same words.
        n_shared: Left out because two packages share them.
        n_surplus: Left out so that all packages have equally many.
    """

    texts: list[str]
    labels: list[str]
    names: list[str]
    n_short: int
    n_alike: int
    n_shared: int
    n_surplus: int


def package_task(docs: Sequence[Docstring], *, n_packages: int = 10) -> PackageTask:
    """Make a task of the packages that have most docstrings; which those are differs by version.

    A package's name in its own docstrings would give the answer away, and its absence too, so
    words that begin with any of the names are dropped from all texts, whatever their case.

    Raises:
        ArgumentError: `docs` has fewer packages.
    """
    names = [name for name, _ in Counter(doc.package for doc in docs).most_common(n_packages)]
    if len(names) < n_packages:
        raise ArgumentError("n_packages", expected=f"at most {len(names)}", got=str(n_packages))
    leak = re.compile(rf"\b_*(?:{'|'.join(map(re.escape, names))})\w*", re.IGNORECASE)
    chosen = [doc for doc in docs if doc.package in names]
    texts = [leak.sub("", doc.text) for doc in chosen]
    bags = [frozenset(re.findall(r"[^\W\d_]+", text.lower())) for text in texts]
    long = [i for i, bag in enumerate(bags) if len(bag) >= MIN_WORDS]

    members: dict[int, list[int]] = defaultdict(list)
    for i, first in zip(long, first_alike([bags[i] for i in long], ALIKE), strict=True):
        members[long[first]].append(i)
    shared = {i for i in members if len({chosen[j].package for j in members[i]}) > 1}
    kept = [i for i in members if i not in shared]
    even = _equally_many({name: [i for i in kept if chosen[i].package == name] for name in names})
    return PackageTask(
        texts=[texts[i] for i in even],
        labels=[chosen[i].package for i in even],
        names=names,
        n_short=len(texts) - len(long),
        n_alike=sum(len(members[i]) - 1 for i in kept),
        n_shared=sum(len(members[i]) for i in shared),
        n_surplus=len(kept) - len(even),
    )


def first_alike(bags: Sequence[frozenset[str]], alike: float) -> list[int]:
    """For each set of words, the first kept one with Jaccard similarity `alike` or more.

    A set like no kept one before it is kept and gets its own position. Two sets that are so
    similar share one of their `n - ceil(alike * n) + 1` rarest words, which are looked up in an
    index; all pairs would be a hundred times more.

    Source: Bayardo et al. 2007, Scaling up all pairs similarity search, section 4.
    """
    frequency = Counter(word for bag in bags for word in bag)
    holders: dict[str, list[int]] = defaultdict(list)
    found: list[int] = []
    for i, bag in enumerate(bags):
        rare = sorted(bag, key=lambda word: (frequency[word], word))
        rare = rare[: len(bag) - math.ceil(alike * len(bag)) + 1]
        candidates = sorted({j for word in rare for j in holders[word]})
        like = (j for j in candidates if len(bag & bags[j]) >= alike * len(bag | bags[j]))
        found.append(next(like, i))
        if found[i] == i:
            for word in rare:
                holders[word].append(i)
    return found


def _equally_many(groups: dict[str, list[int]]) -> list[int]:
    """The same number from every group, spread evenly over each."""
    n = min(map(len, groups.values()))
    return sorted(group[k * len(group) // n] for group in groups.values() for k in range(n))
