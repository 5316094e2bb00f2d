"""Every hint of the library that can reach a shell is said in what its user can type."""

import ast
import itertools
import re
from pathlib import Path

import click
import pytest

import inlay as package
from inlay.cli.hints import PHRASES, in_options, names_of
from inlay.cli.root import inlay as root
from inlay.encode.elmo.report import HINT, LOST

SRC = Path(package.__file__).parent

# Which commands run the code of a room; a room that none runs has the reason instead.
READING = ["info", "convert", "similar"]
DATA = ["classify fit", "classify evaluate", "classify test", "compare", "demo"]
REACHED = {
    "__init__.py": "names of the package in Python",
    "bytes": [*READING, *DATA],
    "checks.py": "arguments in Python; the command line gives lists and numbers",
    "classify": ["classify fit", "compare"],
    "cli": "already in the words of the command line",
    "compat": "other libraries' names in Python",
    "containers": READING,
    "core": "what is made in Python: tables, vocabularies and ids",
    "demo": ["demo"],
    "encode": ["encode", "distil"],
    "encode/static/encoder.py": "encoders are made and taught in Python",
    "encode/static/fitting.py": "encoders are made and taught in Python",
    "encode/static/kind.py": "the commands compare no digests",
    "encode/vectorizer.py": "transformers of scikit-learn are made in Python",
    "encode/use/keras.py": "layers of a framework",
    "encode/use/torch.py": "layers of a framework",
    "encode/elsewhere.py": "encoders are called, and their attributes set, in Python",
    "encode/function.py": "functions are given in Python",
    "encode/paragraph/network.py": ["train doc2vec"],
    "encode/protocol.py": "the command line makes the encoder itself",
    "encode/elmo/characters.py": "texts are read from a file, so they are strings",
    "encode/elmo/hosted.py": "layers of a framework",
    "encode/elmo/keras": "layers of a framework",
    "encode/elmo/layer_settings.py": "layers of a framework",
    "encode/elmo/lexicon.py": "word tables are made in Python",
    "encode/elmo/travel.py": "pickling an encoder",
    "encode/elmo/torch": "layers of a framework",
    "encode/savedmodel": "what to call, and ids of texts, are given in Python",
    "evaluate": ["compare"],
    "formats": READING,
    "hosts": "ids and tensors in Python",
    "hosts/backends.py": ["classify fit"],
    "jobs": ["train bilm", "encode"],
    "layers": "layers of a framework",
    "optional.py": ["classify fit"],
    "paths.py": READING,
    "sources": ["fetch", "cache remove", *READING],
    "text/vocabularies.py": ["train word2vec"],
    "text/corpus_file.py": ["train word2vec"],
    "text/space.py": ["train word2vec"],
    "text/corpus_sources.py": "texts that are given in Python, and a list of names of files",
    "text/labelled": DATA,
    "text/phrases.py": ["train phrases"],
    "tokenizers": ["classify fit", "encode"],
    "train/__init__.py": "the module called as a function",
    "train/doc2vec.py": ["train doc2vec"],
    "train/elmo": ["train bilm"],
    "train/cooccurrences.py": ["train glove"],
    "train/corpora.py": ["train word2vec"],
    "train/glove.py": ["train glove"],
    "train/glove_files.py": "the original's files are given in Python",
    "train/job.py": ["train word2vec"],
    "train/phrases.py": ["train phrases"],
    "train/position.py": ["train word2vec"],
    "train/refine": "functions of Python",
    "train/running.py": ["train word2vec"],
    "train/start.py": "the command line loads the table itself",
    "train/subword_start.py": ["train fasttext"],
    "train/subwords.py": ["train fasttext"],
    "train/tags.py": ["train doc2vec"],
    "train/word2vec_objectives.py": ["train word2vec"],
}
# Advice that no command gives, because none can make the mistake.
NEVER = {
    "str(label)": "labels are read from a file, so they are strings",
    "a function of your own": "a model is one of two names",
    "labels.tolist()": "labels are read from a file, so they are strings",
    "labels.argmax(": "labels are read from a file, so they are strings",
    "Vocabulary.from_texts(texts, tokenizer='auto')": "the commands pass 'auto' on to the texts",
    "TextClassifier.load(path, X=...)": "the tokenizer's name is tested below",
    "inlay.read_labelled(path)": "the command line reads them itself",
    "TextClassifier(embedding=path)": "the command line gives a path or a name",
    "torch.save(": "vectors are in none of these files",
    "kind=X, or whichever": "there is one kind of encoder so far",
    "list(estimators": "estimators are made in Python",
    "('mine', TextClassifier": "estimators are made in Python",
    "inlay.load_encoder(path, X=...), for an encoder": "TF-IDF is always compared there",
    "inlay.load_encoder(path)": "the command line gives a path or a name",
    "stack([a, b])": "encoders are joined in Python",
    "inlay.encode.stack([...])": "encoders are joined in Python",
    "encode(texts), for a vector": "layers and tokens are asked for in Python",
    "inlay.encode.transformer.Transformer.load(": "the command line loads the encoder itself",
    "Transformer.load(": "the command line loads the encoder itself",
    "Elmo.load(": "the command line loads the encoder itself",
    "Table(tokens": "tables are made in Python",
    "Table(list(d)": "tables are made in Python",
    "X(X=X)": "what a format is told; tested below",
    "one text of encoder.layers": "layers are mixed in Python",
    "the table first: save(": "the command line saves the table itself",
    "vocabulary.save(path)": "vocabularies are saved in Python",
    "leave norms= out": "what a format is told in Python",
    "leave weights= out": "what a format is told in Python",
    "table = Table(words": "only spaCy makes vectors of these rows",
    "X()": "formats are made in Python",
    "inlay.load(path, mmap": "pickling a table",
    "load it again; or inlay.load(path, mmap": "pickling a table",
    "list(corpus), for": "iterators are given in Python",
    "inlay.train.phrases(corpus), which": "phrases are made in Python",
    "[callback]": "callbacks are given in Python",
    "lambda text:": "there is no function to correct",
    "encode_corpus(": "a corpus that was numbered in Python",
    "leave X out": "pairs that were counted already are given in Python",
}


def command(path):
    found = root
    for name in path.split():
        found = found.get_command(click.Context(found), name)
    return found


def room(file):
    """The most special entry of `REACHED` for a file."""
    fitting = [name for name in REACHED if file.startswith(name)]
    assert fitting, f"{file} gives hints: say in REACHED which commands run it"
    return REACHED[max(fitting, key=len)]


class Hints(ast.NodeVisitor):
    """All that the hints of a module may be, with X for what is known only when it runs."""

    def __init__(self, tree):
        self.named, self.found = {}, []
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.named.setdefault(node.targets[0].id, []).append(node.value)
        self.visit(tree)

    def visit_Call(self, node):
        for keyword in node.keywords:
            if keyword.arg == "hint":
                self.found += [(node.lineno, text) for text in self.texts(keyword.value) if text]
        self.generic_visit(node)

    def texts(self, node, depth=0):
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                parts = [
                    self.texts(getattr(v, "value", v), depth)
                    if isinstance(v, ast.FormattedValue)
                    else [v.value]
                    for v in values
                ]
                return ["".join(p) for p in itertools.product(*[p or ["X"] for p in parts])]
            case ast.IfExp(body=a, orelse=b):
                return self.texts(a, depth) + self.texts(b, depth)
            case ast.BinOp(left=a, right=b):
                return [
                    "".join(p)
                    for p in itertools.product(
                        self.texts(a, depth) or ["X"], self.texts(b, depth) or ["X"]
                    )
                ]
            case ast.BoolOp(values=values):
                return [text for value in values for text in self.texts(value, depth)]
            case ast.Name(id=name) | ast.Attribute(attr=name) if depth < 3:
                return [
                    t for value in self.named.get(name, []) for t in self.texts(value, depth + 1)
                ]
            case ast.Call(func=ast.Attribute(attr="saying"), args=[ast.Constant(value=option), *_]):
                return [f"format=Glove({option}='X')"]
            case ast.Call(func=ast.Attribute(attr="join"), args=[ast.GeneratorExp(elt=each)]):
                return self.texts(each, depth)
        return []


def hints():
    for path in sorted(SRC.rglob("*.py")):
        file = path.relative_to(SRC).as_posix()
        for line, text in Hints(ast.parse(path.read_text("utf-8"))).found:
            yield pytest.param(file, text, id=f"{file}:{line}")


HINTS = list(hints())


@pytest.mark.parametrize(("file", "hint"), HINTS)
def test_a_hint_that_reaches_the_shell_can_be_typed_there(file, hint):
    commands = room(file)
    if isinstance(commands, str) or hint.startswith(tuple(NEVER)):
        return
    said = [in_options(hint, names_of(command(path))) for path in commands]
    assert any(said), f"no command that runs {file} has words for {hint!r}"


def test_hints_are_found_and_every_exception_is_needed():
    files = {param.values[0] for param in HINTS}
    assert len(HINTS) > 100
    found = [param.values[1] for param in HINTS]
    assert [start for start in NEVER if not any(hint.startswith(start) for hint in found)] == []
    assert {name for name in REACHED if any(file.startswith(name) for file in files)} == {*REACHED}


@pytest.mark.parametrize(
    ("path", "hint", "said"),
    [
        ("info", "format='glove', or whichever it is", "--format glove, or whichever it is"),
        (
            "convert",
            "format='glove' or format='word2vec'",
            "--format-in glove or word2vec",
        ),
        (
            "info",
            "format=Glove(header='ignore') to believe the rows",
            "--header ignore to believe the rows",
        ),
        (
            "info",
            "leave format= out: the content says it",
            "leave --format out: the content says it",
        ),
        (
            "info",
            "tokens= with the list that belongs to this matrix",
            "--tokens with the file of tokens, one per line, of this matrix",
        ),
        ("compare", "text= one of them", "--text with one of them"),
        (
            "compare",
            "a smaller n_train, or leave the class out",
            "a smaller --train-size, or leave the class out",
        ),
        ("classify fit", "kind= one of csv, tsv", "--kind with one of csv, tsv"),
        (
            "classify fit",
            "embedding= with vectors to start from",
            "--embedding with vectors to start from",
        ),
        ("classify predict", "TextClassifier.load(path, tokenizer='a:b')", "--tokenizer a:b"),
        ("classify fit", "TextClassifier(table, tokenizer=...)", "--tokenizer NAME"),
        ("classify predict", "TextClassifier.load(path, model=...)", ""),
        ("encode", LOST.hint, "--tokenizer module:function"),
        ("encode", HINT, "--tokenizer NAME"),
        ("encode", HINT.replace("...", "'a:b'"), "--tokenizer a:b"),
        (
            "train bilm",
            "another folder, or resume=False, which starts anew",
            "another folder, or --overwrite, which starts anew",
        ),
        ("train word2vec", "a smaller min_count", "a smaller --min-count"),
        ("classify fit", "encoding='shift_jis'", "--encoding shift_jis"),
        ("encode", "iconv -f shift_jis -t utf-8", "iconv -f shift_jis -t utf-8"),
        ("classify predict", "tokenizer='my_module:function'", "--tokenizer my_module:function"),
        ("encode", "--layers to_torch(), or another", "another"),
        ("convert", "give them as a Python list", "--tokens with a file of one token per line"),
        ("encode", "another name, or overwrite=True", "another name, or --overwrite"),
        (
            "encode",
            "engine='torch' or engine='onnxruntime'",
            "--engine torch or onnxruntime",
        ),
        (
            "classify fit",
            'pip install "inlay[jax]", or KERAS_BACKEND=torch',
            'pip install "inlay[jax]", or KERAS_BACKEND=torch',
        ),
    ],
)
def test_hints_in_options(path, hint, said):
    assert in_options(hint, names_of(command(path))) == said


def test_every_phrase_is_needed():
    hints = [param.values[1] for param in HINTS]
    unused = [pattern for pattern in PHRASES if not any(re.search(pattern, h) for h in hints)]
    assert unused == []
