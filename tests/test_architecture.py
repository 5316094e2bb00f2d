"""The house's rules as tests: levels, guests, the front door, tests that can fail."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import inlay

SRC = Path(inlay.__file__).parent
TESTS = Path(__file__).parent

# Bottom first. A package imports only from levels below its own, and from the leaves.
LEVELS = [
    {"errors", "version", "aliases"},
    {"checks", "optional"},
    {"calls", "paths"},
    {"bytes", "kernels"},
    {"containers", "hosts"},
    {"jobs"},  # whose checkpoints are containers
    {"tokenizers"},
    {"core"},
    {"sources"},
    {"formats", "text"},
    {"layers", "encode", "compat"},
    {"classify", "train"},
    {"evaluate"},
    {"demo"},
    {"cli"},
    {"__main__"},
]
LEVEL = {name: i for i, names in enumerate(LEVELS) for name in names}
# The one arrow that points up, and why.
UPWARD = {("core/table.py", "formats"): "Table.load and Table.save are conveniences"}

FRAMEWORKS = {
    "torch",
    "tensorflow",
    "keras",
    "jax",
    "sklearn",
    "scipy",
    "h5py",
    "transformers",
    "onnx",
    "onnxruntime",
}
# Loaded by no file at its top: each is needed by some jobs only, and costs more than 10 ms.
LAZY = FRAMEWORKS | {"numba", "tqdm"}

FILES = sorted(SRC.rglob("*.py"))
TEST_FILES = sorted(TESTS.rglob("*.py"))


def module(path: Path) -> str:
    """The dotted name of a file."""
    parts = ["inlay", *path.relative_to(SRC).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module(path): path for path in FILES}


def relative(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> list[tuple[str, bool]]:
    """Absolute names imported anywhere, and whether at the top of the file.

    `inlay.X`, said of the package itself, imports the home of X: the front door is lazy.
    """
    top = {id(node) for node in getattr(tree, "body", [])}
    found: list[tuple[str, bool]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found += [(f"{node.module}.{alias.name}", id(node) in top) for alias in node.names]
    if "inlay" in [name for name, _ in found]:
        found += [(name, False) for name in map(ast.unparse, ast.walk(tree)) if is_ours(name)]
    return found


def is_ours(text: str) -> bool:
    """Whether a piece of code is `inlay.X`."""
    return text.startswith("inlay.") and text.removeprefix("inlay.").isidentifier()


def home(name: str) -> str:
    """The module that an imported name lives in: `inlay.core.Table` is in `inlay.core`."""
    front = inlay._HOME.get(name.removeprefix("inlay."), "inlay")
    name = front if front != "inlay" and name.count(".") == 1 else name
    while name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def unit(path: Path) -> str:
    """The package or leaf module that a file of inlay belongs to."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_point_down(path):
    here = unit(path)
    if here == "__init__":  # the front door names everything, lazily
        names = [name for name, top in imports(parse(path)) if top and "inlay." in name]
        assert names == ["inlay.version.__version__"]
        return
    assert here in LEVEL, f"{here} is not on the map: add it to LEVELS and to the design"
    for name, _ in imports(parse(path)):
        if name.partition(".")[0] != "inlay":
            continue
        assert home(name) != "inlay", f"{relative(path)} imports its own package: {name}"
        there = home(name).split(".")[1]
        if there == here or (relative(path), there) in UPWARD:
            continue
        assert LEVEL[there] < LEVEL[here], f"{relative(path)} imports {name}, which is not below"


def test_every_upward_arrow_is_still_there():
    for (file, there), reason in UPWARD.items():
        names = [name for name, top in imports(parse(SRC / file)) if not top]
        assert any(name.startswith(f"inlay.{there}") for name in names), reason


def arrows() -> dict[str, set[str]]:
    """Which modules each module imports, lazily or not, or for its types alone."""
    found: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        if name == "inlay":  # the front door, which nothing inside may use
            continue
        upward = {f"inlay.{there}" for file, there in UPWARD if file == relative(path)}
        named = {home(to) for to, _ in imports(parse(path)) if to.partition(".")[0] == "inlay"}
        found[name] = named - upward - {name}
    return found


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """The modules from which the arrows lead back to themselves."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = arrows.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return seen

    return sorted(name for name in arrows if name in reached(name))


def test_no_circle_of_modules():
    assert circles(arrows()) == []


def test_a_circle_is_noticed():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == ["b", "c"]
    tree = ast.parse("def f():\n    import inlay\n    return inlay.TextClassifier")
    assert {name for name, _ in imports(tree)} == {"inlay", "inlay.TextClassifier"}
    assert home("inlay.TextClassifier") == "inlay.classify"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_frameworks_are_guests(path):
    """A framework is imported at the top only by what is named after it; numba by kernels."""
    allowed = {path.stem.split("_")[0], path.parent.name}
    allowed |= {"numba"} if unit(path) == "kernels" else set()
    for name, top in imports(parse(path)):
        root = name.split(".")[0]
        if top and root in LAZY:
            assert root in allowed, f"{relative(path)} imports {root} at its top"


def test_threads_are_started_in_jobs():
    """There an error and Ctrl-C end them; a pool of one's own goes on until its queue is empty."""
    for path in FILES:
        roots = {name.split(".")[0] for name, _ in imports(parse(path))}
        if unit(path) != "jobs":
            assert not roots & {"threading", "concurrent", "multiprocessing"}, relative(path)


def test_kernels_know_arrays_only():
    known = {"numpy", "numba", "llvmlite", "math", "collections", "types", "inlay"}
    for path in (SRC / "kernels").glob("*.py"):
        roots = {name.split(".")[0] for name, _ in imports(parse(path))}
        if path.name == "compiled.py":  # it looks at the files that are compiled
            roots -= {"functools", "hashlib", "pathlib", "re"}
        assert roots <= known, path.name
        if path.name != "registers.py":  # it teaches numba a type: floats side by side
            assert not [n for n in ast.walk(parse(path)) if isinstance(n, ast.ClassDef)], path.name


def test_import_inlay_loads_nothing_heavy():
    script = (
        "import sys, inlay; "
        f"heavy = {sorted(LAZY | {'click', 'safetensors'})!r}; "
        "print([name for name in heavy if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_core_loads_numpy_only():
    script = (
        "import sys, inlay; inlay.Table, inlay.Vocabulary; "
        f"print([name for name in {sorted(LAZY)!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


# What packs, digests, logs and runs in parallel: for the first file that needs it.
LATER = {"bz2", "concurrent.futures", "csv", "hashlib", "logging", "lzma", "tarfile", "tempfile"}
LATER |= {"difflib", "secrets", "zipfile"}


def test_what_reads_files_loads_nothing_that_no_file_has_needed():
    """Each costs a millisecond or more, of the tenth of a second in which `inlay` answers."""
    script = (
        "import sys, numpy; before = set(sys.modules); import inlay; "
        "inlay.Table, inlay.Vocabulary, inlay.load; "
        f"print(sorted({LATER!r} & (set(sys.modules) - before)))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_the_front_door_is_small_and_every_name_opens():
    assert len(inlay.__all__) <= 15
    assert list(inlay.__all__) == sorted(inlay.__all__)
    for name in inlay.__all__:
        assert getattr(inlay, name).__doc__, name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = inlay.nonsense


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_public_definitions_say_what_they_are_for(path):
    tree = parse(path)
    assert ast.get_docstring(tree) or path.stat().st_size == 0, f"{relative(path)}: no docstring"
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if unit(path) == "cli" and node.decorator_list:
            continue  # a command explains itself by its --help, which its own tests read
        assert ast.get_docstring(node), f"{relative(path)}: {node.name} has no docstring"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_examples_are_a_section_of_the_reference(path):
    if unit(path) != "cli":  # whose texts are shown in a terminal
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^ *Example:$", text, re.MULTILINE), "write Examples:"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_files_are_one_idea(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


def is_call(node: ast.AST, *names: str) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in names


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda p: p.relative_to(TESTS).as_posix())
def test_no_test_is_hollow(path):
    """`assert [..]` always holds, a lone `allclose(..)` or `==` is thrown away."""
    for node in ast.walk(parse(path)):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Assert):
            constant = isinstance(node.test, ast.Constant) and bool(node.test.value)
            full = isinstance(node.test, ast.List | ast.Tuple | ast.Set | ast.Dict)
            assert not constant, f"{where}: an assert that cannot fail"
            assert not full, f"{where}: a literal is always true"
        if isinstance(node, ast.Expr):
            assert not isinstance(node.value, ast.Compare), f"{where}: a comparison thrown away"
            assert not is_call(node.value, "allclose", "array_equal", "isclose", "all", "any"), (
                f"{where}: a result thrown away"
            )
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            checks = [
                n
                for n in ast.walk(node)
                if isinstance(n, ast.Assert)
                or is_call(n, "raises", "warns")
                or (isinstance(n, ast.Call) and is_checker(n))
            ]
            assert checks, f"{where}: {node.name} checks nothing"


def is_checker(node: ast.Call) -> bool:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.startswith(("assert_", "check_"))
