"""What people have at hand that is no table of vectors we read, and the way on."""

import re
import struct
from typing import NamedTuple

from inlay.bytes.content import HEAD, is_html

CONTROLS = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
NUMBERS_BY_COMMAS = re.compile(
    rb"(?:[^\n]{0,4000}\n)?[^,;\n]{0,1000}(?:[,;][ \t]*[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?){2,}\r?\n"
)
LABELLED_BY_COMMAS = re.compile(rb"[^,;\n]{1,200}[,;][^\n]{1,4000}\n[^,;\n]{0,4000}[,;]")
# Rows, dim, lengths of n-grams, hashes, seed, the marks of a word; and the first row, which is 0.
FLORET_TEXT = rb"\d+ \d+ \d+ \d+ [1-4] \d{1,10} \S{1,40} \S{1,40}[ \r]*\n0 [-+\d.]"
# A varint of protobuf, and behind it a name as TensorFlow and ONNX write them.
_VARINT = rb"[\x80-\xff]{0,4}[\x01-\x7f]"
# Of protocol 2 and later, or of 0 and 1: a list, a dict, or something that is imported.
PICKLE = (
    rb"\x80|\([dl]p\d{1,3}\n|[\]}]q[\x00\x01]|"
    rb"c(?:copy_reg|copyreg|__builtin__|builtins|_?collections|numpy[\w.]{0,40})\n\w+\n"
)
_TABLE = "Table(tokens, matrix)"
_GENSIM = "gensim's KeyedVectors.load(...).save_word2vec_format(path, binary=True)"
_CHECKPOINT = "what the names of its files have in common, with all of them in one folder"
_CSV = "frame = pandas.read_csv(path, index_col=0), and Table(list(frame.index), frame.to_numpy())"
_JSON = "d = json.load(open(path)), and Table(list(d), np.array(list(d.values()))) if it is a dict"
_LONG = "format=Glove(dim=...) with the number of numbers in a line, if this is a long token"
_FRAME = f"polars or pandas, and {_TABLE}"


class Stranger(NamedTuple):
    """A kind of file that is known, and not read.

    Attributes:
        pattern: What its first bytes match.
        what: What it is.
        way: How to get at its vectors.
    """

    pattern: bytes
    what: str
    way: str


# The first that matches is the answer: special ones before general ones.
STRANGERS: tuple[Stranger, ...] = (
    Stranger(rb"PK\x03\x04", "a zip archive of something else", "unzip -l FILE says what"),
    Stranger(
        PICKLE,
        "a Python pickle, which may run any program and is never opened",
        f"{_GENSIM} for a gensim model; otherwise {_TABLE}",
    ),
    Stranger(rb"SQLite format 3\0", "an SQLite database", f"sqlite3, and {_TABLE}"),
    Stranger(rb"PAR1|ARROW1", "a Parquet or Arrow file", _FRAME),
    Stranger(rb"FEA1", "a Feather file of version 1", _FRAME),
    Stranger(
        rb"\0\0[\x02-\x40]\x08[\x01-\xff]", "the index of a TensorFlow checkpoint", _CHECKPOINT
    ),
    Stranger(
        rb"\x08\x01\x12" + _VARINT + rb"\x0a",
        "a TensorFlow SavedModel (a graph without numbers)",
        "the whole folder of the model, in which variables/ has the numbers",
    ),
    Stranger(
        rb"\x08[\x01-\x20](?:\x12[\x01-\x40][ -~]+|[:B])",
        "an ONNX model",
        f"onnx.numpy_helper.to_array(initializer), and {_TABLE}",
    ),
    Stranger(
        rb"\n" + _VARINT + rb"\n[\x01-\x20]<(?:unk|pad|s)>",
        "a SentencePiece model (a tokenizer, without vectors)",
        "the model that it belongs to",
    ),
    Stranger(
        rb"\n" + _VARINT + rb"\n[\x01-\x7f][\w./-]+\x12[\x01-\x40][A-Z]\w+",
        "a frozen TensorFlow graph",
        f"tf.make_ndarray of the node's value, and {_TABLE}",
    ),
    Stranger(rb"\x28\xb5\x2f\xfd", "a zstd archive", "zstd -d first"),
    Stranger(rb"version https://git-lfs", "a pointer of Git LFS, not the file", "git lfs pull"),
    Stranger(
        FLORET_TEXT,
        "floret's rows of n-grams as text",
        "spacy init vectors en FILE FOLDER --mode floret, and that folder",
    ),
    Stranger(
        rb"\xff\xfe|\xfe\xff",
        "text in UTF-16",
        "iconv -f UTF-16 -t UTF-8, or save it as UTF-8",
    ),
)
# These have no first bytes of their own.
NAMES: tuple[tuple[str, str, str], ...] = (
    (r".*\.data-\d{5}-of-\d{5}", "the numbers of a TensorFlow checkpoint", _CHECKPOINT),
    (r".*\.(?:pb|meta)", "a file of TensorFlow's (a graph?)", _CHECKPOINT),
    (
        r".*\.(?:pbtxt|ya?ml|xml|md)",
        "a text that describes something",
        "the vectors beside it",
    ),
)
FASTTEXT = b"\xba\x16\x4f\x2f"  # the first bytes of its models since 2017
_OLD_FASTTEXT = struct.Struct("<12id")


def has_signature(head: bytes) -> bool:
    """Whether a file begins as only one kind of file does, one of ours or of others."""
    ours = head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**40
    known = any(re.match(stranger.pattern, head[:4096], re.DOTALL) for stranger in STRANGERS)
    return ours or known or head.startswith((b"\x93NUMPY", FASTTEXT)) or is_html(head)


def describe(head: bytes, name: str) -> tuple[str, str]:
    """What a file is that no format fits, and what to do with it.

    Args:
        head: Its first bytes, unpacked.
        name: Its name, for what has no first bytes of its own.
    """
    if is_html(head):
        return "an HTML page", "download it again: the address gave a web page, not the file"
    for stranger in STRANGERS:
        if re.match(stranger.pattern, head[:4096], re.DOTALL):
            return stranger.what, stranger.way
    for pattern, what, way in NAMES:
        if re.fullmatch(pattern, name, re.IGNORECASE):
            return what, way
    if NUMBERS_BY_COMMAS.match(head):
        return "numbers between commas (CSV)", _CSV
    if LABELLED_BY_COMMAS.match(head):
        return "columns between commas (CSV)", f"{_CSV}; read_labelled(path) for labelled texts"
    if re.match(rb"\s*[\[{]\s*[\[{\"\]}]", head):
        return "JSON", _JSON
    first = head.split(b"\n", 1)[0][:60]
    if b"\n" not in head and len(head) >= HEAD and not CONTROLS.search(head):
        return "a first line that is longer than what is looked at", _LONG
    if any(byte < 9 for byte in head[:1024]):
        return "binary data of a kind that is not known", "format=, if you know what it is"
    shown = first.decode(errors="replace")
    return f"something that begins with {shown!r}", "format=, if you know what it is"


def is_old_fasttext(head: bytes) -> bool:
    """Whether this begins with the settings of fastText, as models before 2017 do."""
    if len(head) < _OLD_FASTTEXT.size:
        return False
    *settings, sample = _OLD_FASTTEXT.unpack(head[: _OLD_FASTTEXT.size])
    dim, window, epochs, _, negative, grams, loss, model, buckets, least, most, rate = settings
    return (
        0 < dim <= 10_000
        and 0 < window <= 1000
        and 0 < epochs <= 100_000
        and 0 <= negative <= 1000
        and 0 < grams <= 100
        and loss in (1, 2, 3)
        and model in (1, 2, 3)
        and buckets >= 0
        and 0 <= least <= most <= 100
        and rate > 0
        and 0 <= sample <= 1
    )
