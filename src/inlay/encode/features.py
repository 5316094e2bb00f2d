"""Texts of any number to a file of vectors, once: what is there is not encoded again."""

import os
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from inlay.aliases import Array, Text
from inlay.bytes.encodings import Encoding
from inlay.bytes.lines import read_lines
from inlay.calls import Elsewhere, refuses_unknown
from inlay.checks import choice, described, every_text, flag, whole, whole_or_none
from inlay.encode.base import unit
from inlay.encode.elsewhere import OF_TEXTS
from inlay.encode.feature_file import (
    STORED,
    Features,
    digest,
    digest_of_all,
    features_job,
    finish,
)
from inlay.encode.one_layer import with_layers
from inlay.encode.protocol import (
    Encoder,
    LayeredEncoder,
    check_encoder,
    has_tokens,
    settings_of,
)
from inlay.errors import ArgumentError, FormatError, InlayError
from inlay.jobs.journal import open_journal, work_paths
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.same import check_same, other_job
from inlay.paths import file_to_write, path_to_read
from inlay.text.labelled.readers import kind_of_table
from inlay.tokenizers.named import is_function

__all__ = ["Features", "write_features"]

# Texts in a block, pooled or not. An encoder sorts and batches inside one, and may hold its
# vectors: those of all tokens of 64 long reviews are 200 MB in the largest ELMo.
BLOCK, TOKEN_BLOCK = 256, 64
DEFAULT = "default"
FOREIGN: Elsewhere = {
    **OF_TEXTS,
    **dict.fromkeys(("output", "file", "out", "filename"), "path, third and unnamed"),
    **dict.fromkeys(("model", "embedding"), "encoder, first and unnamed"),
}
ANOTHER = "another name, or overwrite=True"


@refuses_unknown(FOREIGN)
def write_features(
    encoder: Encoder,
    texts: str | os.PathLike[str] | Iterable[Text],
    path: str | os.PathLike[str],
    *,
    layers: Literal["all", "mix"] | int | Sequence[int] = "all",
    pool: str | None = DEFAULT,
    normalize: bool = False,
    max_length: int | None = None,
    batch_size: int | None = None,
    encoding: str = "utf-8",
    dtype: Literal["float32", "float16"] = "float32",
    overwrite: bool = False,
    progress: bool | None = None,
) -> Features:
    """Encode texts into a file, or open the file if it holds just these features.

    Called again after a kill, a full disk or Ctrl-C it goes on from the last block of texts
    that is done, and the file comes out the same byte for byte. Until all is done the work is
    in two files beside it, `.NAME.work` and `.NAME.work.journal`.

    Args:
        encoder: What gives the vectors: of `inlay.load_encoder`, or anything with the members
            of `inlay.encode.Encoder`. One without layers counts as one with a single layer.
            `inlay.encode.as_encoder` makes one of a table or a function.
        texts: Strings, or lists of tokens: of any number, read once, a block at a time. Or the
            path of a file with a text on each line, which may be packed.
        path: The file to write, `.safetensors`.
        layers: Which to keep, counted from 0; "mix": the encoder's mix of all.
        pool: How the vectors of a text's tokens become one: of the encoder's `pools`, such as
            "mean"; "default": the first of these. None: every token's vectors.
        normalize: Give each vector of a text the length 1; zeros stay zeros.
        max_length: Read only so many tokens of a text.
        batch_size: How many texts the encoder is given at once, at most. None: as many as suit it.
            The file does not depend on it.
        encoding: The encoding of a file of texts, such as "cp949" for Korean.
        dtype: What is stored; float16 is rounded to three digits.
        overwrite: Encode again and replace a finished file; throw away unfinished work where
            it does not fit.
        progress: Show a bar. None: on a terminal.

    Returns:
        The features, mapped from the file. Memory does not grow with the number of texts.

    Raises:
        ArgumentError: An argument that cannot be; an encoder that remembers texts; or a file or
            unfinished work of another encoder, other settings or other texts is there.
        ArgumentTypeError: Something that is no text, or no encoder.
        FormatError: The file of texts is not text in this encoding.
        MissingFileError: There is no folder to write into, or no file of texts.
    """
    check_encoder("encoder", encoder)
    given = settings_of(encoder)
    layered = with_layers(encoder)
    names = _layer_names(layers, layered.n_layers)
    settings: dict[str, Any] = {
        "encoder": {"hash": encoder.hash, "dim": encoder.dim, "n_layers": layered.n_layers} | given,
        "layers": names,
        "mix": _shares(layered) if names == ["mix"] else None,
        "pool": _pool(encoder, pool),
        "normalize": _normalize(normalize, pool),
        "max_length": whole_or_none("max_length", max_length),
        "dtype": choice("dtype", dtype, tuple(STORED)),
        "block": TOKEN_BLOCK if pool is None else BLOCK,
    }
    if pool is None or max_length is not None:
        layered.tokenize("")  # what has no tokens says so now
    most = whole_or_none("batch_size", batch_size)
    target = _target(path)
    how = Encoding.of_lines(encoding, texts)
    overwrite = flag("overwrite", overwrite)
    checked: Iterable[Text] = every_text("texts", _read(texts, how))
    tokenizer = given.get("tokenizer", "")
    function = tokenizer is None or is_function(tokenizer)
    if function and has_tokens(layered):  # what a function does shows in its tokens
        checked = map(layered.tokenize, checked)
    if target.exists() and not overwrite:
        return _finished(target, settings, checked)
    with open_journal(features_job(target, settings, overwrite=overwrite)) as journal:
        total = _count(texts, how)
        with show_progress(total, unit=" texts", desc="encoding", enabled=progress) as report:
            for block in _blocks(checked, settings["block"]):
                texts_digest = digest(block)
                if not journal.is_done(texts_digest):
                    journal.append(texts_digest, _encoded(layered, block, settings, most))
                report.update(len(block))
        finish(journal, settings)
    return Features.open(target)


def _read(texts: str | os.PathLike[str] | Iterable[Text], how: Encoding) -> Iterable[Text]:
    if isinstance(texts, str | os.PathLike):
        if kind_of_table(texts) is not None:
            raise ArgumentError(
                str(texts),
                expected="texts, or a file whose lines are texts",
                got="a table, whose labels would be read as texts too",
                hint="inlay.read_labelled(path).texts; or a copy with the texts alone, named .txt",
            )
        return (line.rstrip("\r\n") for line in read_lines(path_to_read("texts", texts), how))
    return texts


def _count(texts: str | os.PathLike[str] | Iterable[Text], how: Encoding) -> int | None:
    """How many will come, if that can be known without using them up."""
    if isinstance(texts, str | os.PathLike):
        path = Path(texts)
        return sum(1 for _ in read_lines(path, how)) if path.is_file() else None
    return len(texts) if isinstance(texts, Sized) else None


def _pool(encoder: Encoder, pool: Any) -> str | None:
    """The name of a pool; an encoder that has no names for them has one, the mean."""
    pools: tuple[str, ...] = getattr(encoder, "pools", ("mean",))
    chosen: str | None = choice("pool", pool, (*pools, DEFAULT, None))
    return pools[0] if chosen == DEFAULT else chosen


def _normalize(normalize: Any, pool: str | None) -> bool:
    if flag("normalize", normalize) and pool is None:
        raise ArgumentError(
            "normalize",
            expected="False with pool=None",
            got="vectors of tokens, which stay as they are",
        )
    return bool(normalize)


def _shares(encoder: LayeredEncoder) -> list[float]:
    """What each layer counts in the mix."""
    shares: list[float] = encoder.mix(np.eye(encoder.n_layers, dtype=np.float32)).tolist()
    return shares


def _layer_names(layers: Any, n: int) -> list[str]:
    if isinstance(layers, str) and layers == "mix":
        return ["mix"]
    asked = range(n) if isinstance(layers, str) and layers == "all" else np.atleast_1d(layers)
    try:
        numbers = [whole("layers", number, least=0, most=n - 1) for number in asked]
    except InlayError:
        numbers = []
    if not numbers:
        raise ArgumentError(
            "layers", expected=f'"all", "mix", or numbers from 0 to {n - 1}', got=described(layers)
        )
    return [str(number) for number in numbers]


def _target(path: str | os.PathLike[str]) -> Path:
    """Where a symbolic link leads to, so that it stays one."""
    target = file_to_write(path_to_read("path", path).resolve())
    if target.suffix != ".safetensors" or (target.exists() and not target.is_file()):
        raise ArgumentError(
            str(path),
            expected="the name of a file to write, ending in .safetensors",
            got="something else",
        )
    return target


def _finished(target: Path, settings: dict[str, Any], texts: Iterable[Text]) -> Features:
    """The features that are there, if they are those that are wanted."""
    try:
        features = Features.open(target)
    except FormatError as error:
        raise other_job(target, "a file of something else", hint=ANOTHER) from error
    check_same(target, features.settings, settings, hint=ANOTHER)
    if features.texts != digest_of_all(digest(b) for b in _blocks(texts, settings["block"])):
        raise other_job(target, "features of other texts", hint=ANOTHER)
    if not work_paths(target)[0].exists():  # a kill came between the last two steps
        work_paths(target)[1].unlink(missing_ok=True)
    return features


def _blocks(texts: Iterable[Text], size: int) -> Iterator[list[Text]]:
    """Texts in lists of `size`, the last one shorter."""
    left = iter(texts)
    while block := list(islice(left, size)):
        yield block


def _encoded(
    encoder: LayeredEncoder, texts: list[Text], settings: dict[str, Any], most: int | None
) -> Iterator[Array]:
    """A block's rows `(rows, layers, dim)` as they are stored: of all its texts, or of each."""
    if (length := settings["max_length"]) is not None:
        texts = [encoder.tokenize(text)[:length] for text in texts]
    parts = list(_blocks(texts, most or len(texts)))
    if (pool := settings["pool"]) is not None:
        named = {"pool": pool} if hasattr(encoder, "pools") else {}
        rows = np.concatenate([encoder.pooled(part, **named) for part in parts])
        yield _stored(encoder, rows, len(texts), settings)
        return
    n = 0
    for vectors in chain.from_iterable(map(encoder.layers, parts)):
        rows = vectors.transpose(1, 0, 2)
        yield _stored(encoder, rows, len(rows), settings)
        n += 1
    if n != len(texts):
        raise ArgumentError("encoder", expected=f"vectors of {len(texts)} texts", got=f"of {n}")


def _stored(encoder: LayeredEncoder, rows: Array, n: int, settings: dict[str, Any]) -> Array:
    """The layers that are wanted, in the dtype that is wanted."""
    names, shape = settings["layers"], (n, encoder.n_layers, encoder.dim)
    if rows.shape != shape:
        raise ArgumentError("encoder", expected=f"vectors {shape}", got=str(rows.shape))
    if names == ["mix"]:
        chosen = encoder.mix(rows.transpose(1, 0, 2))[:, None]
    else:
        chosen = rows[:, [int(name) for name in names]]
    if settings["normalize"]:
        chosen = unit(chosen)
    with np.errstate(over="ignore"):
        stored: Array = chosen.astype(STORED[settings["dtype"]])
    if not np.isfinite(stored).all():
        too_large = "numbers beyond 65,504, too large for float16"
        raise ArgumentError(
            "dtype",
            expected=f"vectors that are finite in {settings['dtype']}",
            got=too_large if np.isfinite(chosen).all() else "NaN or infinity from the encoder",
        )
    return stored
