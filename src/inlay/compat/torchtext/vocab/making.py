"""How torchtext makes a `Vocab`: of counts in their order, or of lists of tokens."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from inlay.checks import described, flag, many, many_tokens, number, whole, whole_or_none
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.optional import require

if TYPE_CHECKING:
    from inlay.compat.torchtext.vocab.torch_vocab import Vocab


def vocab_class() -> "type[Vocab]":
    """`Vocab`, a module of PyTorch's.

    Raises:
        MissingPackageError: PyTorch is not installed.
    """
    require("torch", extra="torch", need="torchtext's Vocab")
    from inlay.compat.torchtext.vocab.torch_vocab import Vocab

    return Vocab


def vocab(
    ordered_dict: Mapping[str, int],
    min_freq: int = 1,
    specials: Sequence[str] | None = None,
    special_first: bool = True,
) -> "Vocab":
    """Number tokens in the order in which they are in a dict.

    Args:
        ordered_dict: Token and count; it is left as it is.
        min_freq: Leave out tokens with a lower count.
        specials: More tokens, whatever their counts.
        special_first: Whether they stand before the others, and not behind.

    Raises:
        ArgumentTypeError: No dict, or counts that are no numbers.
        ArgumentError: A special token twice.
    """
    if not isinstance(ordered_dict, Mapping):
        raise ArgumentTypeError(
            "ordered_dict",
            expected="a dict of token and count",
            got=described(ordered_dict),
            hint="build_vocab_from_iterator(lists of tokens)",
        )
    special = many_tokens("specials", specials or [])
    least = whole("min_freq", min_freq, least=0)
    counts = {t: number("a count", n) for t, n in ordered_dict.items()}
    kept = [t for t, n in counts.items() if n >= least and t not in set(special)]
    tokens = special + kept if flag("special_first", special_first) else kept + special
    return vocab_class()(tokens)


def build_vocab_from_iterator(
    iterator: Iterable[Iterable[str]],
    min_freq: int = 1,
    specials: Sequence[str] | None = None,
    special_first: bool = True,
    max_tokens: int | None = None,
) -> "Vocab":
    """Count tokens, and number them by falling count, equal ones in the order of their letters.

    Args:
        iterator: Lists of tokens.
        min_freq: Leave out tokens that are rarer.
        specials: More tokens, whatever their counts.
        special_first: Whether they stand before the others, and not behind.
        max_tokens: Keep at most so many, special ones among them.

    Raises:
        ArgumentTypeError: A text instead of its tokens.
        ArgumentError: No room beside the special tokens.
    """
    counter: Counter[str] = Counter()
    for i, tokens in enumerate(many("iterator", iterator, "lists of tokens")):
        where = f"iterator, item {i}"
        if isinstance(tokens, str):
            expected, got = "the tokens of a text", described(tokens)
            hint = "tokenizer(text) for each text, or inlay.Vocabulary.from_texts(texts)"
            raise ArgumentTypeError(where, expected=expected, got=got, hint=hint)
        counter.update(many_tokens(where, tokens))
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    most = whole_or_none("max_tokens", max_tokens)
    if most is not None:
        room = most - len(specials or [])
        if room < 1:
            expected = f"more than the {len(specials or [])} special tokens"
            raise ArgumentError("max_tokens", expected=expected, got=str(most))
        ranked = ranked[:room]
    return vocab(dict(ranked), min_freq, specials, special_first)
