"""A tokenizer by its name, or a callable of the user's own, whose answers are looked at."""

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inlay.checks import described
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    InlayError,
    MissingFileError,
    MissingPackageError,
)
from inlay.tokenizers.characters import Ngrams, characters
from inlay.tokenizers.icu import Icu
from inlay.tokenizers.jieba import Jieba
from inlay.tokenizers.kiwi import Kiwi
from inlay.tokenizers.mecab import Mecab
from inlay.tokenizers.normalise import STEPS, Normalised
from inlay.tokenizers.pieces import MARK, SUFFIXES, Pieces
from inlay.tokenizers.protocol import Checked, Named, NotOpened, Tokenizer, TokenizerLike
from inlay.tokenizers.words import fasttext, lower, split, words

DEFAULT = "words"
AUTO = "auto"
PHRASES = "phrases"  # how the names of phrases begin, which are in a file of their own

# Those without anything behind them.
PLAIN: tuple[tuple[str, Tokenizer], ...] = (
    ("words", words),
    ("lower", lower),
    ("split", split),
    ("characters", characters),
    ("fasttext", fasttext),
)
# What others say, and what people look for by the name of a language.
ELSEWHERE = {
    **dict.fromkeys(("korean", "ko", "한국어", "konlpy", "okt", "komoran", "kiwipiepy"), "kiwi"),
    **dict.fromkeys(("chinese", "zh", "中文", "汉语", "pkuseg", "thulac", "hanlp"), "jieba"),
    **dict.fromkeys(("japanese", "ja", "日本語", "fugashi", "janome", "sudachi"), "mecab"),
    **dict.fromkeys(("thai", "th", "ไทย", "khmer", "lao", "burmese", "pythainlp"), "icu"),
    **dict.fromkeys(("whitespace", "space", "white_space", "str.split"), "split"),
    **dict.fromkeys(("char", "chars", "character"), "characters"),
    **dict.fromkeys(("word", "spacy", "nltk", "punkt", "toktok", "moses"), "words"),
    **dict.fromkeys(("basic_english", "uncased", "lowercase"), "lower"),
    **dict.fromkeys(("bert", "wordpiece", "bpe", "gpt2"), "path/to/tokenizer.json"),
    **dict.fromkeys(("sentencepiece", "spm", "unigram"), "path/to/pieces.model"),
    **dict.fromkeys(("bigrams", "ngram", "ngrams", "char_ngrams"), "ngrams:2"),
}

# Those of a library, which may be missing.
LIBRARIES = (Jieba, Kiwi, Mecab, Icu)
_FUNCTION = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
NAMES = (*(name for name, _ in PLAIN), "ngrams:2", *(kind.name for kind in LIBRARIES))


@dataclass(frozen=True)
class Imported(Checked):
    """A function that was given by name, by which it also travels to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return get_tokenizer, (self.name,)


def get_tokenizer(tokenizer: TokenizerLike | None) -> Tokenizer:
    """The tokenizer of a name, or the callable itself, whose answers are looked at.

    Args:
        tokenizer: `"words"`, `"lower"`, `"split"`, `"characters"`, `"ngrams:2"`, `"jieba"`,
            `"kiwi"`, `"mecab"` or `"icu"`; one of these behind `nfc+`, `nfkc+`, `lower+` or
            `unwrap+`; the path of a `tokenizer.json` or a SentencePiece `.model`;
            `"module:function"`, which is imported; a callable that makes tokens of a text. None:
            `"words"`.

    Raises:
        ArgumentError: No tokenizer has this name, or no such function can be imported.
        ArgumentTypeError: It is neither a name nor callable.
        MissingPackageError: The library behind it is not installed.
        MissingFileError: There is no such file.
        FormatError: The file is no tokenizer, or another one than the name says.

    Examples:
        >>> get_tokenizer("nfkc+lower+words")("Ｇｏｏｄ film")
        ['good', 'film']
    """
    if tokenizer is None:
        return words
    if isinstance(tokenizer, str):
        return _by_name(tokenizer)
    if isinstance(tokenizer, os.PathLike):
        return Pieces.of(tokenizer)
    if not callable(tokenizer):
        raise ArgumentTypeError("tokenizer", expected=_choices(), got=described(tokenizer))
    if isinstance(tokenizer, Named | Checked | NotOpened):
        return tokenizer
    for _, plain in PLAIN:
        if tokenizer is plain:
            return plain
    return Checked(tokenizer, _name_of_function(tokenizer))


def check_tokenizer(tokenizer: TokenizerLike | None) -> None:
    """What `get_tokenizer` refuses is refused; `"auto"` and None may stand until there are texts.

    Raises:
        InlayError: As `get_tokenizer`.
    """
    if not (isinstance(tokenizer, str) and tokenizer == AUTO):
        get_tokenizer(tokenizer)


def tokenizer_name(tokenizer: TokenizerLike | None) -> str | None:
    """The name that a file can hold, or None for a callable that no name leads to.

    A file of pieces is named with its SHA-256, a function of a module as `"module:function"`.

    Examples:
        >>> tokenizer_name(str.split), tokenizer_name("lower")
        (None, 'lower')
    """
    chosen = get_tokenizer(tokenizer)
    plain = (name for name, known in PLAIN if known is chosen)
    return next(plain, None) or getattr(chosen, "name", None)


def saved_tokenizer(name: Any, *, hint: str) -> "str | NotOpened | None":
    """The tokenizer that a file names: checked, but never imported where it is code.

    Args:
        name: What stands in the file; None where a callable had no name.
        hint: How the user passes one instead: `"Vocabulary.load(path, tokenizer=...)"`.

    Returns:
        The name. Where it leads nowhere (a function, which is not imported, phrases, a library that
        is not installed, a file that is gone or changed), what raises when it is called, and says
        what to do. None for None.

    Raises:
        ArgumentError: No tokenizer has such a name.
        ArgumentTypeError: It is no name.
    """
    if name is None:
        return None
    if not isinstance(name, str):
        raise ArgumentTypeError("tokenizer", expected="a name", got=described(name))
    if is_function(name):
        error: InlayError = ArgumentError(
            "tokenizer",
            expected=f"the function {name!r} to be given, for a file's code is not imported",
            got="none",
            hint=hint.replace("...", repr(name)),
        )
        return NotOpened(name, error)
    if name.startswith(f"{PHRASES}:"):
        return NotOpened(name, _phrases(name, hint.replace("...", "Phrases.load(path)")))
    try:
        get_tokenizer(name)
    except MissingPackageError as error:
        return NotOpened(name, error)
    except (MissingFileError, FormatError) as error:
        found = type(error)(error.where, expected=error.expected, got=error.got, hint=hint)
        return NotOpened(name, found)
    return name


def _by_name(name: str) -> Tokenizer:
    for known, plain in PLAIN:
        if name == known:
            return plain
    for kind in LIBRARIES:
        if name == kind.name:
            return kind().open()
    if "+" in name and name.partition("+")[0] in STEPS:
        return _normalised(name)
    kind_name, colon, argument = name.partition(":")
    if kind_name == "ngrams" and colon:
        return Ngrams.of(argument)
    if kind_name == PHRASES and colon:
        raise _phrases(name, "tokenizer=Phrases.load(path)")
    if _is_file(name):
        return Pieces.of(name)
    if is_function(name):
        return Imported(_function(name), name)
    if name == AUTO:
        raise ArgumentError(
            "tokenizer",
            expected="a name that does not depend on texts, for there are none to look at",
            got="'auto'",
            hint="Vocabulary.from_texts(texts, tokenizer='auto').tokenizer, to see its choice",
        )
    raise ArgumentError("tokenizer", expected=_choices(), got=described(name), hint=_near(name))


def _phrases(name: str, hint: str) -> ArgumentError:
    expected = f"the phrases {name!r} themselves, which no name leads to"
    return ArgumentError("tokenizer", expected=expected, got="their name", hint=hint)


def _near(name: str) -> str:
    """What may be meant by a name that is none, as an argument."""
    from difflib import get_close_matches

    word = name.casefold()
    near = ELSEWHERE.get(word) or next(iter(get_close_matches(word, (*NAMES, AUTO), 1)), None)
    return f"tokenizer={near!r}" if near else ""


def _normalised(name: str) -> Normalised:
    steps: list[str] = []
    rest = name
    while True:
        first, plus, after = rest.partition("+")
        if not plus or first not in STEPS:
            return Normalised(
                tuple(steps), _by_name(rest), f"{'+'.join(steps)}+{tokenizer_name(rest)}"
            )
        steps.append(first)
        rest = after


def _is_file(name: str) -> bool:
    path = name.partition(MARK)[0]
    return path.endswith(SUFFIXES) or "/" in path or os.sep in path


def is_function(name: str) -> bool:
    """Whether it is `module:function`, of which only its tokens tell what it does."""
    known = name.startswith("ngrams:") or _is_file(name)
    return not known and _FUNCTION.fullmatch(name.rpartition("+")[2]) is not None


def _function(name: str) -> Callable[[str], Any]:
    """Import what `module:function` names; the module may lie in the working folder."""
    module, _, path = name.partition(":")
    root = module.partition(".")[0]
    try:
        here = str(Path.cwd())
        if root not in sys.modules and here not in sys.path and not importlib.util.find_spec(root):
            sys.path.append(here)
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        if isinstance(error, ModuleNotFoundError) and not module.startswith(error.name or "\0"):
            raise
        expected = "a function that can be imported"
        raise ArgumentError("tokenizer", expected=expected, got=f"{name!r}: {error}") from error
    if not callable(found):
        raise ArgumentTypeError(
            "tokenizer", expected=f"{name!r} to be callable", got=described(found)
        )
    function: Callable[[str], Any] = found
    return function


def _name_of_function(function: Any) -> str | None:
    """`module:function`, where that leads back to the very same object."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(path, str) or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return f"{module}:{path}" if found is function else None


def _choices() -> str:
    return (
        f"one of {list(NAMES)}, the path of a tokenizer.json or SentencePiece .model, "
        "'module:function', or a callable"
    )
