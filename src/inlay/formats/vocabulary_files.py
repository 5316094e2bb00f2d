"""Files of tokens in every layout that libraries keep them in: what each says, and no more.

Whether the ids stand in the file or are the places in a list makes a difference: a hole between
ids is a row without a token, and a list that is too short may lack its first token or its last.
"""

import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from inlay.bytes.content import Content, open_content
from inlay.bytes.encodings import UTF8
from inlay.bytes.protobuf import fields
from inlay.errors import FormatError
from inlay.formats.beside import TOKENIZER, json_of, vocabulary_of
from inlay.formats.cells import csv_rows
from inlay.formats.lists_beside import MODELS
from inlay.formats.strangers import PICKLE

SETTINGS = ("special_tokens_map.json", "tokenizer_config.json")
CONFIG = "config.json"
OF_TOKENIZERS = (TOKENIZER, "vocab.txt", "vocab.json")
FAIRSEQ = "sentencepiece.bpe.model"  # what models that fairseq trained call their pieces
MERGES = "merges.txt"  # which pieces a BPE joins, in which order
LONGEST_ID = 20  # digits
# A message with a first piece, which is one of these in every model of SentencePiece.
SENTENCEPIECE = re.compile(
    rb"\n[\x80-\xff]{0,4}[\x01-\x7f]\n[\x01-\x20]<(?:unk|pad|s|/s)>", re.DOTALL
)
# How the same is read in Python, for hints.
LINES = "Path({!r}).read_text('utf-8').rstrip('\\n').split('\\n')"
COLUMN = f"[line.split('\\t')[{{}}] for line in {LINES}]"
CELLS = (
    "[row[{}] for row in csv.reader(Path({!r}).read_text('utf-8-sig').splitlines(), "
    "delimiter={!r})]"
)
JSON = "json.loads(Path({!r}).read_text('utf-8'))"


class Listing(NamedTuple):
    """Tokens as a file or an object lists them.

    Attributes:
        where: What to call it in messages.
        tokens: The tokens in its order.
        ids: The row of each, if that is said; None: the tokens stand in the order of the rows.
        made: How the same list is made in Python, for a hint; empty if the user gave it.
        in_columns: Whether the tokens are a column of several, which may have a head.
        whole: Whether rows behind the last id are known to be only there to fill up.
        pad: The token that is said to be padding.
        unk: The token that is said to stand for unknown ones.
        kind: What splits texts into these tokens, as far as the file tells: `"BPE"`.
    """

    where: str
    tokens: list[str]
    ids: list[int] | None = None
    made: str = ""
    in_columns: bool = False
    whole: bool = False
    pad: str | None = None
    unk: str | None = None
    kind: str = ""


def read_listing(path: str) -> Listing:
    """The tokens in a file: lines, TSV, JSON of several kinds, a model of SentencePiece.

    Raises:
        MissingFileError: There is no such file.
        FormatError: A pickle, no text, or JSON of something else.
    """
    source = open_content(path, what="a file of tokens", choosable=False)
    if re.match(PICKLE, source.head):
        raise FormatError(
            path,
            expected="a text or JSON file of tokens",
            got="a Python pickle, which may run any program and is never opened here",
            hint="load it yourself if you trust it, and give the list or dict",
        )
    if SENTENCEPIECE.match(source.head):
        return _of_model(Listing(path, _pieces(source, path), kind="SentencePiece"))
    try:
        text = UTF8.decode(source.array().tobytes(), path)
        if source.inner.endswith(".json"):
            return _of_model(_from_json(json.loads(text), path))
        if source.inner.endswith(".csv") and (found := _from_cells(text, path)):
            return found
    except (ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(path, expected="tokens as JSON", got=str(error)) from error
    return _of_model(_from_lines(text, path))


def _from_cells(text: str, path: str) -> Listing | None:
    """The tokens in a CSV file of several columns, such as words and their counts."""
    for separator in ",;\t":
        rows = list(filter(None, csv_rows(io.StringIO(text, newline=""), separator)))
        if len(widths := set(map(len, rows))) == 1 and widths != {1}:
            at = _column(rows)
            return Listing(
                path,
                [row[at] for row in rows],
                made=CELLS.format(at, path, separator),
                in_columns=True,
            )
    return None


def _column(rows: list[list[str]]) -> int:
    """The first column that is more than numbers, which ids, ranks and counts are; or the first."""
    for at in range(len(rows[0])):
        # What the first line has may be its name.
        if not all(row[at].isascii() and row[at].isdigit() for row in rows[1:]):
            return at
    return 0


def _from_lines(text: str, path: str) -> Listing:
    """A token on each line; if all lines have the same columns, in one of them."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines]
    tabs = {line.count("\t") for line in lines}
    if len(tabs) == 1 and tabs != {0}:
        rows = [line.split("\t") for line in lines]
        at = _column(rows)
        tokens = [row[at] for row in rows]
        return Listing(path, tokens, made=COLUMN.format(at, path), in_columns=True)
    return Listing(path, lines, made=LINES.format(path))


def _from_json(value: Any, path: str) -> Listing:
    if isinstance(value, str) and value.startswith("{"):  # json.dump(tokenizer.to_json())
        value = json.loads(value)
    if isinstance(value, list) and all(isinstance(token, str) for token in value):
        return Listing(path, value, made=JSON.format(path))
    for known in (of_tokenizer, _of_keras, _of_ours, _of_pairs):
        if isinstance(value, dict) and (found := known(value, path)) is not None:
            return found
    raise FormatError(
        path,
        expected="a list of tokens, token -> row, or row -> token",
        got=f"a JSON {type(value).__name__} of something else",
        hint="give them as a Python list",
    )


def _of_pairs(value: dict[str, Any], path: str) -> Listing | None:
    """Token -> row, or row -> token."""
    if all(type(row) is int for row in value.values()):
        return Listing(path, list(value), list(value.values()), made=JSON.format(path))
    rows = all(row.isascii() and row.isdigit() and len(row) < LONGEST_ID for row in value)
    if rows and all(isinstance(token, str) for token in value.values()):
        return Listing(path, list(value.values()), [int(row) for row in value])
    return None


def of_tokenizer(value: dict[str, Any], path: str) -> Listing | None:
    """A `tokenizer.json`; what pads and what is unknown may also stand beside it."""
    model, padding = value.get("model"), value.get("padding")
    if not isinstance(model, dict) or "vocab" not in model:
        return None
    tokens, ids = vocabulary_of(value, path)
    unk, number = model.get("unk_token"), model.get("unk_id")  # the second of Unigram alone
    if type(number) is int:
        unk = dict(zip(ids.tolist(), tokens, strict=True)).get(number)
    pad = padding.get("pad_token") if isinstance(padding, dict) else None
    kind, pad, unk = _string(model.get("type")) or "", _string(pad), _string(unk)
    return Listing(path, tokens, ids.tolist(), whole=True, pad=pad, unk=unk, kind=kind)


def _of_model(listing: Listing) -> Listing:
    """What other files of a model of Hugging Face say of its tokens, and of those added to them.

    Rows behind the last token fill a matrix up to a round number there.
    """
    path = Path(listing.where)
    if path.name not in (*OF_TOKENIZERS, *MODELS):
        return listing
    listing = listing._replace(
        pad=listing.pad or _special(path, "pad_token"),
        unk=listing.unk or _special(path, "unk_token"),
    )
    if path.with_name(MERGES).is_file() and not listing.kind:
        listing = listing._replace(kind="BPE")
    config = _settings(path, CONFIG)
    if "model_type" not in config or path.name == TOKENIZER:
        return listing
    tokens, ids = listing.tokens, listing.ids or list(range(len(listing.tokens)))
    if path.name == FAIRSEQ:
        tokens, ids = _of_fairseq(listing, str(config["model_type"]))
    by_id = dict(zip(ids, tokens, strict=True))
    if len(by_id) < len(tokens):  # which is said when the ids are looked at
        return listing
    by_id |= _added(path)
    return listing._replace(
        tokens=list(by_id.values()), ids=list(by_id), in_columns=False, whole=True
    )


def _of_fairseq(listing: Listing, model: str) -> tuple[list[str], list[int]]:
    """The tokens of XLM-R, which has its own four first, and each piece one row later."""
    if model not in ("xlm-roberta", "xlm-roberta-xl"):
        raise FormatError(
            listing.where,
            expected="a SentencePiece model whose pieces are numbered as the rows are",
            got=f"that of a {model:.60}, which has them in another order",
            hint="the tokenizer.json of the model, in its folder",
        )
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *listing.tokens[3:], "<mask>"]
    return tokens, list(range(len(tokens)))


def _added(path: Path) -> dict[int, str]:
    """The tokens that were added to a tokenizer, by their ids."""
    beside = _settings(path, "added_tokens.json")
    found = {row: token for token, row in beside.items() if type(row) is int}
    decoder = _settings(path, "tokenizer_config.json").get("added_tokens_decoder")
    for row, added in decoder.items() if isinstance(decoder, dict) else ():
        token = added.get("content") if isinstance(added, dict) else None
        if isinstance(token, str) and row.isascii() and row.isdigit() and len(row) < LONGEST_ID:
            found[int(row)] = token
    return found


def _settings(path: Path, name: str) -> dict[str, Any]:
    """A JSON object beside a file of tokens; an empty one, if there is none."""
    beside = path.with_name(name)
    found = json_of(beside) if beside.is_file() else None
    return found if isinstance(found, dict) else {}


def _special(path: Path, key: str) -> str | None:
    """A special token that the settings beside a tokenizer name."""
    for name in SETTINGS:
        token = _settings(path, name).get(key)
        token = token.get("content") if isinstance(token, dict) else token
        if isinstance(token, str):
            return token
    return None


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _of_keras(value: dict[str, Any], path: str) -> Listing | None:
    """What `Tokenizer.to_json()` of Keras 2 says; ids from `num_words` on are never used."""
    config = value.get("config")
    if value.get("class_name") != "Tokenizer" or not isinstance(config, dict):
        return None
    index = config.get("word_index")
    index = json.loads(index) if isinstance(index, str) else index
    if not isinstance(index, dict) or any(type(row) is not int for row in index.values()):
        raise FormatError(path, expected="a Keras Tokenizer with its word_index", got="none")
    most = config.get("num_words")
    if type(most) is int:
        index = {token: row for token, row in index.items() if row < most}
    rows = list(index.values())
    return Listing(path, list(index), rows, unk=_string(config.get("oov_token")))


def _of_ours(value: dict[str, Any], path: str) -> Listing | None:
    """What `Vocabulary.save` writes."""
    tokens = value.get("tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return None

    def named(key: str) -> str | None:
        row = value.get(key)
        return tokens[row] if type(row) is int and 0 <= row < len(tokens) else None

    return Listing(path, tokens, list(range(len(tokens))), pad=named("pad_id"), unk=named("unk_id"))


def _pieces(source: Content, path: str) -> list[str]:
    """The pieces of a model of SentencePiece, in the order of their ids.

    Source: `sentencepiece_model.proto`, fields 1 of ModelProto and of SentencePiece.
    """
    message = memoryview(source.array())  # type: ignore[arg-type]
    found: list[str] = []
    for number, piece in fields(message, path):
        if number != 1 or not isinstance(piece, memoryview):
            continue
        text = next((bytes(v) for n, v in fields(piece, path) if n == 1 and _is_text(v)), b"")
        found.append(UTF8.decode(text, path))
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, memoryview)
