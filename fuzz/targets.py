"""What is fuzzed: a reader each, small valid files for it, and the ways in which it is called."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np

from fuzz import checkpoints, encoders, fasttext, others
from inlay import Table, Vocabulary, containers, load, load_encoder, read_labelled, save
from inlay.classify import storage
from inlay.classify.network import Network
from inlay.classify.settings import ClassifierSettings
from inlay.classify.words import Words
from inlay.containers.safetensors import write_to
from inlay.encode.elmo import Elmo, Options, Weights
from inlay.errors import InlayError
from inlay.formats import (
    FastText,
    Finalfusion,
    Gensim,
    Glove,
    Magnitude,
    Model2Vec,
    Npy,
    R,
    Word2VecBinary,
    Word2VecText,
    cells,
    text,
)
from inlay.text.corpus import encode_corpus

Files = dict[str, bytes]
Read = Callable[[Path], object]


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        name: What the command line calls it.
        seeds: Makes small valid inputs: files by their names in a folder.
        reads: Ways to read such a folder. Each may raise what `tolerated` allows.
        needs: A package without which it cannot be read.
    """

    name: str
    seeds: Callable[[], list[Files]]
    reads: tuple[Read, ...]
    needs: str = ""


@contextlib.contextmanager
def tolerated() -> Iterator[None]:
    """Let pass what a reader may say: an error of ours, or one of the disk."""
    try:
        yield
    except InlayError:
        pass
    except OSError as error:
        if error.errno is None:
            raise


TOKENS = ["the", "é", "film", "1", "x.y"]
MATRIX = np.array([[0, 1, -2.5], [0.25, 3, 4], [1e-3, 7, 8], [9, -1, 2], [5, 6, 7]], np.float32)


def table() -> Table:
    """The vectors that all seeds hold."""
    return Table(
        [*TOKENS[:4], "<pad>"],
        MATRIX * (np.arange(5) < 4)[:, None],
        counts=[5, 4, 3, 2, 0],
        pad_id=4,
        unk_id=3,
        provenance={"source": "x", "rows": 5},
    )


def used(found: Table) -> None:
    """Ask a table for all that it has: what was read lazily is looked at now."""
    for token in found.tokens[:20]:
        found.find(token)
    np.isfinite(found.matrix).sum()
    if len(found):
        with np.errstate(all="ignore"):  # numbers that are not finite were asked for
            found.most_similar(np.ones(found.dim, np.float32), topn=2)
    if found.can_compose:
        with np.errstate(all="ignore"):
            found[["films", "é", "", "__label__a"]]
    json.dumps(found.provenance)


def saved(*names: str) -> list[bytes]:
    """A table, saved under each of these names."""
    with TemporaryDirectory() as folder:
        for name in names:
            save(table(), Path(folder, name), format="glove" if ".txt" in name else None)
        return [Path(folder, name).read_bytes() for name in names]


def native_seeds() -> list[Files]:
    """A table, and three that compose: of numbers, quantised, and of n-grams that are listed."""
    contents = saved("x.safetensors")
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        for model in (fasttext.seeds()[0], fasttext.seeds()[3], others.fifu_seeds()[3]):
            Path(folder, "x").write_bytes(model)
            save(load(Path(folder, "x")), path)
            contents.append(path.read_bytes())
    return named(contents)


def named(contents: list[bytes], name: str = "x") -> list[Files]:
    """Each content as a file of this name."""
    return [{name: content} for content in contents]


def text_seeds() -> list[Files]:
    glove, vec = saved("x.txt", "x.vec")
    return named([glove, vec, b"\xef\xbb\xbf" + glove.replace(b"\n", b"\r\n"), b". . 1 2\na 1 2\n"])


def packed_seeds() -> list[Files]:
    names = ("x.txt.gz", "x.vec.bz2", "x.txt.xz", "x.bin.zip", "x.safetensors.gz", "x.npz.gz")
    file = io.BytesIO()
    (glove,) = saved("x.txt")
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("x.txt")
        info.size = len(glove)
        archive.addfile(info, io.BytesIO(glove))
    tar = file.getvalue()
    more = [tar, gzip.compress(tar, mtime=0), bz2.compress(tar), lzma.compress(glove)]
    return named(saved(*names) + more)


def numpy_seeds() -> list[Files]:
    files = named(saved("x.npz"))
    words = "\n".join(TOKENS).encode()
    for dtype, order in (("<f4", "C"), (">f8", "F"), ("<f2", "C")):
        file = io.BytesIO()
        np.save(file, np.asarray(MATRIX, dtype, order=order))
        files.append({"x": file.getvalue(), "words.txt": words})
    for save_npz in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save_npz(file, vectors=MATRIX, words=np.array(TOKENS), n=np.arange(3))
        files.append({"x": file.getvalue(), "words.txt": words})
    return files


def tokens_seeds() -> list[Files]:
    """A matrix, and its tokens in each layout that libraries have for them."""
    file = io.BytesIO()
    np.save(file, MATRIX)
    rows = {token: row for row, token in enumerate(TOKENS)}
    keras = {"class_name": "Tokenizer", "config": {"num_words": 9, "word_index": json.dumps(rows)}}
    layouts = (
        TOKENS,
        rows,
        {str(row): token for token, row in rows.items()},
        {"model": {"type": "WordPiece", "vocab": rows, "unk_token": "1"}, "added_tokens": []},
        {"model": {"type": "Unigram", "vocab": [[t, 0.5] for t in TOKENS], "unk_id": 1}},
        keras,
        json.dumps(keras),
        {"format": "inlay-vocabulary", "tokens": TOKENS, "pad_id": 0, "unk_id": 1},
    )
    lists = [{"tokens.json": json.dumps(layout).encode()} for layout in layouts]
    lists.append({"tokens.txt": "\n".join(TOKENS).encode()})
    lists.append({"tokens.tsv": "\n".join(f"{token}\t1" for token in ["word", *TOKENS]).encode()})
    piece = [checkpoints.message((1, checkpoints.message((1, t.encode())))) for t in TOKENS]
    lists.append({"tokens.model": checkpoints.message((1, b"\n\x05<unk>")) + b"".join(piece[1:])})
    return [{"x.npy": file.getvalue()} | files for files in lists]


def read_tokens(folder: Path) -> None:
    """Read a matrix with the list of tokens beside it."""
    (tokens,) = folder.glob("tokens.*")
    used(load(folder / "x.npy", tokens=tokens))


def keras_seeds() -> list[Files]:
    """A model as Keras keeps it: its settings, and the weights, which are HDF5."""
    import h5py

    weights = io.BytesIO()
    with h5py.File(weights, "w") as root:
        root["layers/embedding/vars/0"] = MATRIX
        root["layers/embedding/vars"].attrs["name"] = "words"
        root["layers/dense/vars/0"] = np.ascontiguousarray(MATRIX.T, np.float16).view("V2")
    layer = {"class_name": "Embedding", "config": {"name": "words"}}
    settings = {"class_name": "Sequential", "config": {"name": "all", "layers": [layer]}}
    files = []
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", packing) as archive:
            archive.writestr("config.json", json.dumps(settings))
            archive.writestr("model.weights.h5", weights.getvalue())
        files.append({"x": file.getvalue(), "words.txt": "\n".join(TOKENS).encode()})
    return files


def folder_seeds() -> list[Files]:
    """A model as Hugging Face keeps it."""
    file = io.BytesIO()
    matrix = np.concatenate([MATRIX, MATRIX])
    write_to(file, {"bert.embeddings.word_embeddings.weight": matrix, "cls.weight": matrix + 1})
    vocab = {token: row for row, token in enumerate(TOKENS)}
    tokenizer = {"model": {"type": "WordPiece", "vocab": vocab}, "padding": {"pad_token": "the"}}
    return [
        {
            "model.safetensors": file.getvalue(),
            "config.json": b'{"model_type": "bert"}',
            "tokenizer.json": json.dumps(tokenizer).encode(),
            "tokenizer_config.json": b'{"unk_token": {"content": "1"}, "pad_token": "the"}',
        }
    ]


def csv_seeds() -> list[Files]:
    rows = [
        ",".join([f'"{token}"', *map(str, row)])
        for token, row in zip(TOKENS, MATRIX.tolist(), strict=True)
    ]
    pair = {
        "x": "\n".join("\t".join(map(str, row)) for row in MATRIX.tolist()).encode(),
        "metadata.tsv": "\n".join(TOKENS).encode(),
    }
    plain = "\n".join(rows)
    named_columns = f"word;a;b;c\n{plain.replace(',', ';')}"
    bare = plain.replace('"', "") + "\nw,1e5, 7,-0.25\n"
    contents = [
        plain.encode(),
        bare.encode(),
        named_columns.encode(),
        gzip.compress(plain.encode()),
    ]
    return [*named(contents), pair]


def parquet_seeds() -> list[Files]:
    import polars

    files = []
    for kind in (polars.List(polars.Float32), polars.Array(polars.Float64, 3)):
        vectors = polars.Series("vector", MATRIX.tolist(), dtype=kind)
        frame = polars.DataFrame({"word": TOKENS, "vector": vectors})
        for save_frame in (frame.write_parquet, frame.write_ipc):
            file = io.BytesIO()
            save_frame(file)
            files.append(file.getvalue())
    return named(files)


def labelled_seeds() -> list[Files]:
    csv = 'text,label\n"a, good ""film""",pos\na bore,neg\n'
    lines = '{"text": "good", "label": "pos"}\n{"text": "bad", "label": 0}\n'
    fasttext = "__label__pos good film\n__label__neg a bore\n"
    folders = {"pos/1.txt": b"good", "neg/1.txt": b"bad"}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in folders.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("x.csv", csv)
    files = {
        "x.csv": csv.encode(),
        "x.tsv": csv.replace(" ", "").replace(",", "\t").encode(),
        "x.jsonl": lines.encode(),
        "x.txt": fasttext.encode(),
        "y.csv.gz": gzip.compress(csv.encode(), mtime=0),
        "x.tar.gz": packed.getvalue(),
        "x.zip": zipped.getvalue(),
    }
    return [folders, *({name: content} for name, content in files.items())]


def read_texts(folder: Path) -> object:
    """Read the one file as labelled texts, or the folder if it holds folders."""
    files = [path for path in folder.iterdir() if path.is_file()]
    return read_labelled(files[0] if files else folder)


def corpus_seeds() -> list[Files]:
    text = "a film , a good one\n\n영화 a b\r\nlast line without an end".encode() * 3
    return named([text, gzip.compress(text, mtime=0), lzma.compress(text)])


CHOSEN = ("embedding", "model", "tokenizer")  # what the user may give to a classifier that is read


def classifier_seeds() -> list[Files]:
    settings = ClassifierSettings(
        model="cnn", trainable=True, variant=None, dim=3, tokenizer="words", max_length=9,
        max_size=None, min_count=1, epochs=2, batch_size=8, learning_rate=1e-3, validation=None,
        patience=1, seed=0, features=None, progress=None, word_ngrams=1, min_n=0, max_n=0,
        bucket=2_000_000, loss="softmax", negative=5, workers=1, autotune_seconds=None,
        autotune_trials=None, autotune_metric="accuracy",
    )  # fmt: skip
    vocabulary = Vocabulary.from_texts([" ".join(TOKENS[:3])] * 2, tokenizer="words")
    vectors = np.zeros((len(vocabulary), 3), np.float32)
    table = Table(vocabulary.tokens, vectors, pad_id=0, unk_id=1)
    learned = storage.Fitted(
        settings=settings,
        classes=np.array(["neg", "pos"]),
        history={"loss": [0.5, 0.25]},
        n_trainable=7,
        learned=Network(
            settings,
            n_classes=2,
            inputs=Words(vocabulary, table, settings),
            weights={"000 dense/kernel": np.ones((3, 2), np.float32)},
        ),
    )
    with TemporaryDirectory() as parent:
        folder = Path(parent, "classifier")
        storage.save(learned, folder, by_reference=False)
        return [{path.name: path.read_bytes() for path in folder.iterdir()}]


def elmo_seeds() -> list[Files]:
    options = Options(4, 3, 2, 3.0, 3.0, True, 4, ((1, 2), (3, 4)), 1, "relu")
    with TemporaryDirectory() as parent:
        folder = Path(parent, "elmo")
        Elmo(options, Weights.random(options)).save(folder)
        return [{path.name: path.read_bytes() for path in folder.iterdir()}]


def container_seeds() -> list[Files]:
    seeds = named(saved("x.safetensors", "x.npz"))
    file = io.BytesIO()
    np.save(file, MATRIX)
    return [*seeds, {"x": file.getvalue()}]


def hdf5_seeds() -> list[Files]:
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        root["a/kernel:0"] = MATRIX
        root.create_dataset("b", data=MATRIX, chunks=(2, 3), compression="gzip")
        root.attrs["names"] = np.array([b"a", b"b"])
    texts = io.BytesIO()
    with h5py.File(texts, "w") as root:
        root["a"] = MATRIX
        root.attrs["fixed"] = np.bytes_("a text of fixed length")
        root.attrs["variable"] = "one of variable length, in a heap"
        root["a"].attrs.create("several", ["ab", "c"], dtype=h5py.string_dtype())
        root.create_dataset("words", data=["good", "film"], dtype=h5py.string_dtype())
    return named([file.getvalue(), texts.getvalue()])


def torch_seeds() -> list[Files]:
    import torch

    rows = torch.from_numpy(MATRIX)
    state = {"a.weight": rows, "b": rows.to(torch.bfloat16), "view": rows.T[1:], "step": 7}
    new, old = io.BytesIO(), io.BytesIO()
    torch.save(state, new)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    model = io.BytesIO()
    torch.save(torch.nn.Sequential(torch.nn.Embedding(3, 2), torch.nn.Linear(2, 1)), model)
    return named([new.getvalue(), old.getvalue(), model.getvalue()])


def tensorflow_seeds() -> list[Files]:
    arrays = {
        "a/kernel": MATRIX,
        "half": checkpoints.Brain(MATRIX),
        "sliced": checkpoints.Sliced(MATRIX, [0, 2]),
        "step": np.int64(7),
        "text": np.array([b"ab", b""], object),
    }
    seeds: list[Files] = []
    with TemporaryDirectory() as folder:
        for order in "<>":
            checkpoints.write(Path(folder, "x"), arrays, order=order)
            seeds += [{path.name: path.read_bytes() for path in Path(folder).glob("x.*")}]
        pairs, _ = checkpoints.pairs_of(arrays)
        seeds[0]["x.block"] = seeds[1]["x.block"] = checkpoints.block(pairs)
    return seeds


def read_block(folder: Path) -> None:
    """Read a checkpoint whose index has this block and the checksums for it."""
    content = (folder / "x.block").read_bytes()
    (folder / "x.index").write_bytes(checkpoints.table([(b"z", content)]))
    read_arrays(folder)


def onnx_seeds() -> list[Files]:
    rows, shape = MATRIX.tobytes(), [(1, 5), (1, 3)]
    place = [(13, checkpoints.message((1, b"location"), (2, b"y"))), (14, 1)]
    tensors = [
        [*shape, (2, 1), (8, b"raw"), (9, rows)],
        [(1, b"\5\3"), (2, 1), (8, b"listed"), (4, rows)],
        [(1, 3), (2, 7), (8, b"whole"), (7, b"\1\x80\1\0")],
        [*shape, (2, 1), (8, b"outside"), *place],
        [(1, 1), (2, 8), (8, b"text"), (6, b"ab")],
    ]
    value = checkpoints.message((5, checkpoints.message(*tensors[0])))
    graph = [(1, checkpoints.message((2, b"made"), (4, b"Constant"), (5, value)))]
    graph += [(5, checkpoints.message(*tensor)) for tensor in tensors]
    model = checkpoints.message((1, 8), (2, b"inlay"), (7, checkpoints.message(*graph)))
    return [{"x": model, "y": rows}]


def shards_seeds() -> list[Files]:
    (table,) = saved("x.safetensors")
    places = {"matrix": "y.safetensors", "tokens": "y.safetensors"}
    return [{"x": json.dumps({"weight_map": places}).encode(), "y.safetensors": table}]


def read_arrays(folder: Path) -> None:
    """Read all arrays of a container, as far as they are numbers; the others say why not."""
    with containers.open(folder / "x") as file:
        for entry in file.values():
            with tolerated():
                np.array(entry)
            with tolerated():
                entry[:1] if entry.shape else entry[...]


def vectors_by(*formats: object) -> tuple[Read, ...]:
    """Reads of the file `x` in each of these formats."""
    return tuple(
        lambda folder, format=format: used(load(folder / "x", format=format))  # type: ignore[misc]
        for format in formats
    )


def as_if_large(folder: Path) -> None:
    """Read `x` by what reads large files alone: cells by a kernel, and lines that are kept."""
    with patch.object(cells, "SMALL", 0), patch.object(text, "LOOKED_AT", 16):
        used(load(folder / "x", keep=None if b"," in (folder / "x").read_bytes() else TOKENS))


TARGETS: tuple[Target, ...] = (
    Target(
        "text",
        text_seeds,
        (
            *vectors_by(
                None,
                Glove(dim=3, errors="replace", nonfinite="keep"),
                Word2VecText(header="ignore", errors="ignore"),
            ),
            as_if_large,
        ),
    ),
    Target(
        "binary",
        lambda: named(saved("x.bin")),
        vectors_by(None, Word2VecBinary(header="ignore", errors="replace", nonfinite="keep")),
    ),
    Target(
        "native",
        native_seeds,
        (
            *vectors_by(None),
            lambda folder: used(load(folder / "x", format="native", verify=True, mmap=False)),
            lambda folder: used(load(folder / "x", keep={"é", "the"}, limit=3)),
        ),
    ),
    Target(
        "fasttext",
        lambda: named(fasttext.seeds()),
        (
            *vectors_by(None, FastText(errors="replace")),
            lambda folder: used(load(folder / "x", keep={"é", "the"}, limit=3, mmap=False)),
        ),
    ),
    Target(
        "numpy",
        numpy_seeds,
        (
            *vectors_by(None),
            lambda folder: used(load(folder / "x", format=Npy(nonfinite="keep"), tokens=TOKENS)),
        ),
    ),
    Target(
        "finalfusion",
        lambda: named(others.fifu_seeds()),
        vectors_by(None, Finalfusion(norms="multiply", nonfinite="keep")),
    ),
    Target("gensim", others.gensim_seeds, vectors_by(None, Gensim(part="documents"))),
    Target(
        "model2vec",
        others.model2vec_seeds,
        (
            lambda folder: used(load(folder / "model.safetensors")),
            lambda folder: used(
                load(folder / "model.safetensors", format=Model2Vec(weights="multiply"))
            ),
        ),
    ),
    Target("spacy", others.spacy_seeds, (lambda folder: used(load(folder / "vectors")),)),
    Target("json", lambda: named(others.json_seeds()), vectors_by(None, "word2vec-json")),
    Target("r", lambda: named(others.r_seeds()), vectors_by(None, R(nonfinite="keep"))),
    Target(
        "magnitude",
        lambda: named(others.magnitude_seeds()),
        vectors_by(None, Magnitude(norms="multiply", nonfinite="keep")),
    ),
    Target("packed", packed_seeds, vectors_by(None)),
    Target("tokens", tokens_seeds, (read_tokens,)),
    Target(
        "keras",
        keras_seeds,
        (*vectors_by(None), lambda folder: used(load(folder / "x", name="words"))),
        "h5py",
    ),
    Target("folder", folder_seeds, (lambda folder: used(load(folder)),)),
    Target("csv", csv_seeds, (*vectors_by(None, "csv"), as_if_large)),
    Target("parquet", parquet_seeds, vectors_by(None), "polars"),
    Target("labelled", labelled_seeds, (read_texts,)),
    Target("corpus", corpus_seeds, (lambda folder: encode_corpus(folder / "x", min_count=1),)),
    Target(
        "vocabulary",
        lambda: [{"x": classifier_seeds()[0]["vocabulary.json"]}],
        (lambda folder: Vocabulary.load(folder / "x"),),
    ),
    Target(
        "classifier",
        classifier_seeds,
        (lambda folder: storage.load(folder, **dict.fromkeys(CHOSEN), verify=False),),
    ),
    Target("elmo", elmo_seeds, (lambda folder: load_encoder(folder).hash,), "h5py"),
    Target("static", encoders.static_seeds, (encoders.encoded,)),
    Target("model2vec-encoder", encoders.model2vec_folders, (encoders.encoded,), "tokenizers"),
    Target("transformer", encoders.transformer_seeds, (encoders.encoded,), "tokenizers"),
    Target("use", encoders.use_seeds, (encoders.encoded,), "sentencepiece"),
    Target("containers", container_seeds, (read_arrays,)),
    Target("hdf5", hdf5_seeds, (read_arrays,), "h5py"),
    Target("torch", torch_seeds, (read_arrays,), "torch"),
    Target("onnx", onnx_seeds, (read_arrays,)),
    Target("shards", shards_seeds, (read_arrays,)),
    Target("tensorflow", tensorflow_seeds, (read_arrays, read_block)),
)
