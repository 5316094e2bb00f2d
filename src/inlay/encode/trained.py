"""Whether an encoder splits texts as those were that it was trained on."""

from inlay.checks import warn
from inlay.tokenizers import TokenizerLike, get_tokenizer, tokenizer_name
from inlay.tokenizers.pieces import Pieces


def warn_of_tokenizer(what: str, trained: TokenizerLike | None, given: TokenizerLike) -> None:
    """Warn of a tokenizer that is not the one of the training.

    Args:
        what: What was trained: "this ELMo was".
        trained: The tokenizer of its training; None: it is not known, and nothing is said.
        given: The one that is asked for; of a function without a name nothing is said.
    """
    if trained is None:
        return
    now = tokenizer_name(given)
    if now is None or now == trained:
        return
    one, other = get_tokenizer(trained), get_tokenizer(given)
    if isinstance(one, Pieces) and isinstance(other, Pieces) and one.sha256 == other.sha256:
        return
    own = repr(trained) if isinstance(trained, str) else "in the folder"
    warn(
        f"{what} trained on texts split by the tokenizer {own}, not by {now!r}: words that differ "
        "are known less well, or not at all. Try: no tokenizer, or lists of tokens for texts."
    )
