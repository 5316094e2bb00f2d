"""Names of the Hugging Face Hub, and which files of a repository are needed: nothing is fetched.

hf://OWNER/REPO                      a model
hf://OWNER/REPO@REVISION             as it was at a commit, a branch or a tag
hf://OWNER/REPO/FOLDER/FILE          one of its files
hf://datasets/OWNER/REPO/FILE        one of a data set
"""

import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from inlay.checks import described
from inlay.errors import ArgumentError, DownloadError

T = TypeVar("T")
HUB = "hf://"
NAME = re.compile(
    r"hf://(?P<datasets>datasets/)?(?P<repository>\w[\w.-]*/\w[\w.-]*)"
    r"(?:@(?P<revision>refs/(?:pr|convert)/\w+|[^/@\s]+))?(?:/(?P<file>.*[^/]))?/?"
)
# Of input embeddings in models of Hugging Face.
EMBEDDING = re.compile(
    r"(^|\.)(word_embeddings?|embed_tokens|wte|shared|tok_embeddings|token_embedding|embed_in|"
    r"tokens_embed|(transformer|rwkv)\.embeddings|backbone\.embeddings?)\.weight$"
)
# The file that holds the numbers: the first that is there. None of them is a pickle.
INDEX = "model.safetensors.index.json"
NUMBERS = ("model.safetensors", INDEX, "0_StaticEmbedding/model.safetensors")
# The files beside it: one that says all of the tokens, or else those that say something of them.
TOKENIZER, CARD = "tokenizer.json", "README.md"
TOKENS = (
    *("vocab.txt", "vocab.json"),
    *("spiece.model", "tokenizer.model", "sentencepiece.bpe.model", "spm.model"),
)
SETTINGS = (
    *("config.json", "tokenizer_config.json", "special_tokens_map.json"),
    "added_tokens.json",
)
LISTED = 5  # files in a message
# Of an encoder: what lists its modules, its numbers (the first that is there), and all else.
MODULES, MAP = "modules.json", "weight_map"
WEIGHTS = ("model.safetensors", INDEX, "pytorch_model.bin", "pytorch_model.bin.index.json")
TEXTS = (".json", ".txt", ".model")
# What a hint names, where a repository has nothing that can be taken for what is meant.
READABLE = (
    *(".safetensors", ".bin", ".vec", ".txt", ".zip", ".gz", ".npz", ".npy", ".parquet", ".ftz"),
    *(".hdf5", ".h5", ".pt", ".pth", ".onnx", ".csv", ".tsv", ".jsonl", ".kv"),
)


class HubName(NamedTuple):
    """What a name of the Hub stands for.

    Attributes:
        repository: `"OWNER/REPO"`.
        revision: A commit, a branch or a tag.
        file: One of its files; "" for what is needed of all.
        type: `"model"` or `"dataset"`.
    """

    repository: str
    revision: str = "main"
    file: str = ""
    type: str = "model"

    def __str__(self) -> str:
        """The name, as it is typed."""
        kind = "datasets/" if self.type == "dataset" else ""
        revision = "" if self.revision == "main" else f"@{self.revision}"
        return f"{HUB}{kind}{self.repository}{revision}" + (f"/{self.file}" if self.file else "")


def hub_name(url: str) -> HubName:
    """Take a name apart.

    Raises:
        ArgumentError: It is none.

    Examples:
        >>> hub_name("hf://sentence-transformers/all-MiniLM-L6-v2@c9745ed")
        HubName(repository='sentence-transformers/all-MiniLM-L6-v2', revision='c9745ed', file='',
            type='model')
    """
    found = NAME.fullmatch(url)
    if found is None or {"..", "."} & {*(found["file"] or "").split("/")}:
        raise ArgumentError(
            "the name",
            expected="hf://OWNER/REPO, with @REVISION or /FILE behind it if need be",
            got=described(url),
        )
    return HubName(
        found["repository"],
        found["revision"] or "main",
        found["file"] or "",
        "dataset" if found["datasets"] else "model",
    )


def needed(
    name: HubName, kind: str, files: Collection[str], read: Callable[[str], Path]
) -> tuple[str, list[str]]:
    """Which files to fetch, and which of them, or which folder, is to be read.

    Args:
        name: What was asked for.
        kind: What it is to be.
        files: All files of the repository.
        read: Gives the place of one of them, which is fetched.

    Raises:
        DownloadError: There is no such file, or none that can be meant.
    """
    card = [CARD] if CARD in files else []
    if name.file:
        if name.file not in files:
            raise _none_of(name, f"the file {name.file}", files)
        return name.file, [name.file, *card]
    if kind == "encoder":
        weights = [file for file in files if file.endswith(".hdf5") and "/" not in file]
        if weights:
            settings = [file for file in files if file.endswith(".json") and "/" not in file]
            return "", [*weights, *settings, *card]
        model = _of_model(name, files, read)
        if model:
            return "", [*model, *card]
        what = "an encoder: the .hdf5 of an ELMo, or config.json and model.safetensors"
        raise _none_of(name, what, files)
    if kind != "vectors" or name.type != "model":
        raise _none_of(name, "the name of a file behind it", files)
    numbers = next((file for file in NUMBERS if file in files), None)
    if numbers is None:
        own = [file for file in files if re.fullmatch(r"[^/]+\.safetensors", file)]
        if len(own) != 1:
            raise _none_of(name, "one .safetensors file, which is no pickle", files)
        numbers = own[0]
    folder = numbers.rpartition("/")[0]
    prefix = f"{folder}/" if folder else ""
    tokens = (TOKENIZER,) if prefix + TOKENIZER in files else TOKENS
    beside = [prefix + file for file in (*tokens, *SETTINGS) if prefix + file in files]
    if numbers == INDEX:
        return _of_shards(name, read(INDEX), files, [*beside, *card])
    return numbers, [numbers, *beside, *card]


def _of_model(name: HubName, files: Collection[str], read: Callable[[str], Path]) -> list[str]:
    """The files of a model of `transformers`, sentence-transformers or model2vec, or none.

    Its settings, its tokenizer and its numbers, and those of each module in a folder of its own:
    no other copies of the numbers, for other programs.
    """
    folders, found, numbers = [""], [], False
    if MODULES in files:
        listed = _json_of(name, MODULES, read, lambda said: [str(one["path"]) for one in said])
        folders += [path.strip("/") for path in listed if path.strip("/")]
    for folder in folders:
        prefix = f"{folder}/" if folder else ""
        here = [file for file in files if file.startswith(prefix)]
        own = [file for file in here if "/" not in file.removeprefix(prefix)]
        found += [
            file
            for file in sorted(own)
            if file.endswith(TEXTS) and not file.endswith(".index.json")
        ]
        weights = next((prefix + file for file in WEIGHTS if prefix + file in own), None)
        if weights is not None:
            numbers = True
            found.append(weights)
        if weights is not None and weights.endswith(".json"):
            said = _json_of(name, weights, read, lambda said: {*map(str, said[MAP].values())})
            found += sorted(prefix + file for file in said)
    if missing := [file for file in found if file not in files]:
        raise _none_of(name, f"the file {missing[0]:.100}, as another says", files)
    return found if numbers and ("config.json" in files or MODULES in files) else []


def _json_of(name: HubName, file: str, read: Callable[[str], Path], part: Callable[[Any], T]) -> T:
    """A part of one of its files in JSON."""
    try:
        return part(json.loads(read(file).read_bytes()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        expected, got = "the files of a model", f"{type(error).__name__}: {error!s:.100}"
        raise DownloadError(f"{name}/{file}", expected=expected, got=got) from error


def _of_shards(
    name: HubName, index: Path, files: Collection[str], beside: list[str]
) -> tuple[str, list[str]]:
    """Of a model in several files the one with the embedding, if that is one; else all of them."""
    places: dict[str, str] = _json_of(
        name,
        INDEX,
        lambda _: index,
        lambda said: {str(tensor): str(file) for tensor, file in dict(said[MAP]).items()},
    )
    shards = sorted(set(places.values()))
    if missing := [file for file in shards if file not in files or "/" in file]:
        raise _none_of(name, f"the file {missing[0]:.100}, as {INDEX} says", files)
    of_words = {file for tensor, file in places.items() if EMBEDDING.search(tensor)}
    if len(of_words) == 1:
        (own,) = of_words
        return own, [own, *beside]
    return INDEX, [INDEX, *shards, *beside]


def _none_of(name: HubName, expected: str, files: Collection[str]) -> DownloadError:
    """The error of a repository without something, which names what it has."""
    able = [file for file in sorted(files) if file.endswith(READABLE)]
    shown = (able or sorted(files))[:LISTED]
    more = f" and {len(files) - len(shown)} more" if len(files) > len(shown) else ""
    plain = name._replace(file="")
    return DownloadError(
        str(name),
        expected=expected,
        got=", ".join(shown) + more if files else "no files",
        hint=f"{plain}/{able[0]}, or another of its files" if able else "",
    )
