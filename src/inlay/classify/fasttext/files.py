"""fastText's own files of supervised models, `.bin` and `.ftz`: read, and written."""

import struct
from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import open_content
from inlay.bytes.writing import atomic_path
from inlay.checks import described, warn
from inlay.classify.fasttext.model import OFFICIAL, Supervised
from inlay.classify.settings import OF_FASTTEXT, ClassifierSettings
from inlay.classify.storage import Fitted
from inlay.core import Tokens, Vocabulary
from inlay.core.subwords import BLOCK, Coded, as_kernels_take
from inlay.errors import ArgumentError, FormatError
from inlay.formats.fasttext_model import LOSSES, MODELS, NEWEST, PACKED, SETTINGS, Model, read_model
from inlay.formats.rows import spans, valid_utf8
from inlay.formats.strangers import FASTTEXT, is_old_fasttext
from inlay.tokenizers import TokenizerLike, tokenizer_name

PLAIN, CODED = ".bin", ".ftz"
PREFIX = "__label__"
SPLIT = "split"  # the tokenizer that is nearly theirs
# What fastText writes where it is told nothing, and what a classifier has no word for.
DEFAULTS = {"ws": 5, "lrUpdateRate": 100, "t": 1e-4}


def is_official(path: Path) -> bool:
    """Whether a file begins as fastText's models do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(1 << 10)
    return head.startswith(FASTTEXT) or is_old_fasttext(head)


def check_alone(**given: Any) -> None:
    """Refuse what belongs to a classifier of another kind.

    Raises:
        ArgumentError: Anything but None.
    """
    for name, value in given.items():
        if value is not None:
            expected = "nothing for a file of fastText, which holds all"
            raise ArgumentError(name, expected=expected, got=described(value))


def read_official(path: Path, defaults: dict[str, Any], tokenizer: TokenizerLike | None) -> Fitted:
    """A model that `fasttext supervised` or `quantize` made; its rows stay in the file, mapped.

    Args:
        path: The file.
        defaults: Of all settings of a classifier, by name.
        tokenizer: How texts become tokens; None: as in fastText, at white space.

    Raises:
        FormatError: It is damaged, or has no labels.
    """
    content = open_content(path, what="a supervised model of fastText")
    data = content.array().view(np.ndarray)
    found = read_model(data, content.name)
    if not found.is_supervised or not len(found.output.shape) or not found.output.shape[0]:
        raise FormatError(
            content.name,
            expected="a supervised model of fastText",
            got=f"one of {found.settings['model']}, which has no labels",
            hint="inlay.load(path), for its vectors of words",
        )
    bounds, counts, n_words = found.entries
    words = _tokens(data, bounds[:n_words], content.name)
    names = [name.removeprefix(PREFIX) for name in _tokens(data, bounds[n_words:], content.name)]
    classes, labels = np.unique(np.array(names, dtype=np.str_), return_inverse=True)
    if classes.size != len(names):
        raise FormatError(content.name, expected="each label once", got="one twice")
    settings = _settings(found, defaults, OFFICIAL if tokenizer is None else tokenizer)
    vocab = Vocabulary(
        words, pad=None, unk=None, counts=counts[:n_words], tokenizer=settings.tokenizer
    )
    kept = found.ngrams.kept
    model = Supervised(
        settings,
        vocab,
        found.input,
        _dense(found.output),
        labels=labels.astype(np.int64),
        label_counts=counts[n_words:],
        buckets=None if kept is None else kept[0],
        places=None if kept is None else kept[1],
        counts_all=kept is None,
    )
    model.check(classes.size)
    n = found.input.shape[0] + found.output.shape[0]
    return Fitted(settings, classes, {"loss": []}, n * found.settings["dim"], model)


def _settings(
    found: Model, defaults: dict[str, Any], tokenizer: TokenizerLike
) -> ClassifierSettings:
    said = found.settings
    has_parts = said["maxn"] > 0
    return ClassifierSettings.checked(
        defaults
        | {
            "model": "fasttext",
            "dim": said["dim"],
            "word_ngrams": max(1, said["wordNgrams"]) if said["bucket"] else 1,
            "min_n": max(1, said["minn"]) if has_parts else 0,
            "max_n": said["maxn"],
            "bucket": said["bucket"] or OF_FASTTEXT["bucket"],
            "loss": said["loss"],
            "negative": max(1, said["neg"]) if said["loss"] == "ns" else OF_FASTTEXT["negative"],
            "epochs": max(1, said["epoch"]),
            "min_count": max(1, said["minCount"]),
            "max_length": None,
            "max_size": None,
            "validation": None,
            "tokenizer": tokenizer,
        }
    )


def _tokens(data: Array, bounds: Array, name: str) -> Tokens:
    blob, offsets = spans(data, bounds)
    if not valid_utf8(blob, offsets):
        raise FormatError(name, expected="words in UTF-8", got="bytes that are not")
    return Tokens(blob, offsets)


def _dense(rows: Array | Coded) -> Array:
    """Rows as numbers, float32."""
    from inlay.kernels.supervised import mean_rows

    if not isinstance(rows, Coded):
        return np.array(rows, np.float32)
    n = rows.shape[0]
    out, ends = np.empty(rows.shape, np.float32), np.arange(n + 1)
    mean_rows(ends[:-1].astype(np.int32), ends, np.ones(n, np.int32), as_kernels_take(rows), out)
    return out


def write_official(fitted: Fitted, path: Path) -> None:
    """Write a model that fastText's own program and libraries read, in one step.

    Buckets that no text to learn from met are rows of zeros. Labels that all begin with
    `__label__` are written as they are.

    Raises:
        ArgumentError: The name does not end as such files do, or labels or words hold NUL.
    """
    model = fitted.learned
    assert isinstance(model, Supervised)
    is_coded = isinstance(model.rows, Coded)
    wanted = CODED if is_coded else PLAIN
    if path.suffix != wanted:
        raise ArgumentError(
            str(path),
            expected=f"a name that ends in {wanted}, for the classifier is "
            + ("quantised" if is_coded else "not quantised"),
            got=path.name,
            hint="another name",
        )
    _warn_of_tokenizer(model, path)
    names = [str(name) for name in fitted.classes[model.labels].tolist()]
    if not all(name.startswith(PREFIX) for name in names):
        names = [PREFIX + name for name in names]
    words = [*model.vocabulary.tokens, *names]
    for word in words:
        if "\0" in word:
            raise ArgumentError(str(path), expected="words without NUL", got=described(word))
    with atomic_path(path) as part, part.open("wb") as file:
        _write_head(file, model, words)
        _write_input(file, model)
        _write_dense(file, model.output)


def _warn_of_tokenizer(model: Supervised, path: Path) -> None:
    """Warn of a tokenizer whose tokens those who read the file do not see."""
    tokenizer = tokenizer_name(model.vocabulary.tokenizer)
    if tokenizer not in (OFFICIAL, SPLIT):
        warn(
            f"{path}: whoever reads a file of fastText splits texts at white space, and here they "
            f"were split by {tokenizer!r}, whose answers may be others. "
            f"Try: tokenizer='fasttext' for the training, or tokenizer={tokenizer!r} again for "
            "each use."
        )


def _write_head(file: IO[bytes], model: Supervised, words: list[str]) -> None:
    settings, n_words = model.settings, len(model.vocabulary)
    numbers = {
        **DEFAULTS,
        "dim": settings.dim,
        "epoch": settings.epochs,
        "minCount": settings.min_count,
        "neg": settings.negative,
        "wordNgrams": settings.word_ngrams,
        "loss": {name: number for number, name in LOSSES.items()}[settings.loss],
        "model": {name: number for number, name in MODELS.items()}["supervised"],
        "bucket": settings.bucket if model.rule.hashes else 0,
        "minn": settings.min_n,
        "maxn": settings.max_n,
    }
    file.write(FASTTEXT + struct.pack("<i", NEWEST))
    file.write(PACKED.pack(*(numbers[name] for name in SETTINGS)))
    of_words = model.vocabulary.counts
    of_words = np.ones(n_words, np.int64) if of_words is None else of_words
    counts = [*of_words.tolist(), *model.label_counts.tolist()]
    is_pruned = not model.counts_all
    n_kept = -1 if not is_pruned or model.buckets is None else model.buckets.size
    n_labels = len(words) - n_words
    file.write(struct.pack("<3iqq", len(words), n_words, n_labels, sum(counts), n_kept))
    for i, (word, count) in enumerate(zip(words, counts, strict=True)):
        raw = word.encode()
        file.write(b"%b\0%b" % (raw, struct.pack("<qb", count, i >= n_words)))
    if n_kept > 0 and model.buckets is not None:
        places = np.arange(n_kept) if model.places is None else model.places
        file.write(np.stack([model.buckets, places], axis=1).astype("<i4").tobytes())


def _write_input(file: IO[bytes], model: Supervised) -> None:
    rows, n_words = model.rows, len(model.vocabulary)
    if isinstance(rows, Coded):
        n, dim = rows.shape
        file.write(struct.pack("<??qqi", True, rows.norms.size > 0, n, dim, rows.codes.size))
        file.write(np.ascontiguousarray(rows.codes).tobytes())
        _write_quantiser(file, rows.centroids, dim, rows.width)
        if rows.norms.size:
            file.write(rows.norms.astype(np.uint8).tobytes())
            _write_quantiser(file, rows.scales, 1, 1)
        return
    if model.buckets is None or not model.rule.hashes:
        _write_dense(file, rows)
        return
    file.write(struct.pack("<?qq", False, n_words + model.settings.bucket, rows.shape[1]))
    for start in range(0, n_words, BLOCK):
        file.write(_bytes(rows[start : min(start + BLOCK, n_words)]))
    order = np.argsort(model.buckets, kind="stable")
    buckets, places = model.buckets[order], order if model.places is None else model.places[order]
    for start in range(0, model.settings.bucket, BLOCK):
        stop = min(start + BLOCK, model.settings.bucket)
        block = np.zeros((stop - start, rows.shape[1]), np.float32)
        first, last = np.searchsorted(buckets, [start, stop])
        block[buckets[first:last] - start] = rows[n_words + places[first:last]]
        file.write(_bytes(block))


def _write_quantiser(file: IO[bytes], centroids: Array, dim: int, width: int) -> None:
    parts = -(-dim // width)
    file.write(struct.pack("<4i", dim, parts, width, dim - width * (parts - 1)))
    file.write(_bytes(centroids))


def _write_dense(file: IO[bytes], rows: Array) -> None:
    file.write(struct.pack("<?qq", False, *rows.shape))
    for start in range(0, len(rows), BLOCK):
        file.write(_bytes(rows[start : start + BLOCK]))


def _bytes(array: Array) -> bytes:
    return np.ascontiguousarray(array, "<f4").tobytes()
