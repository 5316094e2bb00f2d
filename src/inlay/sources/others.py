"""What is public beside tables of vectors: encoders, labelled texts, a corpus."""

from collections.abc import Iterator

from inlay.sources.source import Download, Source

ALLENNLP = (
    "https://s3-us-west-2.amazonaws.com/allennlp/models/elmo/",
    "https://allennlp.s3.amazonaws.com/models/elmo/",
)
TFHUB = "https://tfhub.dev/google/"
STORED = "https://storage.googleapis.com/tfhub-modules/google/"
STORED_TOO = ("use-4", "use-multilingual-3")  # nobody was found to say it of the others
NSMC = "https://raw.githubusercontent.com/e9t/nsmc/master/"
CHINESE = "https://raw.githubusercontent.com/SophonPlus/ChineseNlpCorpus/master/datasets/"


def encoders() -> Iterator[Source]:
    """ELMo by AllenNLP; the Universal Sentence Encoder, as SavedModels."""
    yield from _elmo()
    yield from _use()


def _elmo() -> Iterator[Source]:
    for name, model, size, dim in (
        ("small", "2x1024_128_2048cnn_1xhighway", 54_000_000, 256),
        ("medium", "2x2048_256_2048cnn_1xhighway", 112_000_000, 512),
        ("original", "2x4096_512_2048cnn_2xhighway", 374_000_000, 1024),
        ("5.5B", "2x4096_512_2048cnn_2xhighway_5.5B", 374_000_000, 1024),
    ):
        weights = [f"{base}{model}/elmo_{model}_weights.hdf5" for base in ALLENNLP]
        options = [f"{base}{model}/elmo_{model}_options.json" for base in ALLENNLP]
        yield Source(
            name=f"elmo-{name}",
            url=weights[0],
            mirrors=tuple(weights[1:]),
            size=size,
            others=(Download(options[0], tuple(options[1:]), size=1000),),
            kind="encoder",
            dim=dim,
            language="en",
            note="official ELMo by AllenNLP: options and weights",
        )


def _use() -> Iterator[Source]:
    modules: tuple[tuple[str, str, int, int | None, str], ...] = (
        ("use-4", "", 4, 512, "en"),
        ("use-large-5", "-large", 5, 512, "en"),
        ("use-multilingual-3", "-multilingual", 3, None, ""),
        ("use-multilingual-large-3", "-multilingual-large", 3, None, ""),
        ("use-lite-2", "-lite", 2, None, "en"),
    )
    for name, module, version, dim, language in modules:
        module = f"universal-sentence-encoder{module}"
        yield Source(
            name=name,
            url=f"{TFHUB}{module}/{version}?tf-hub-format=compressed",
            mirrors=(f"{STORED}{module}/{version}.tar.gz",) if name in STORED_TOO else (),
            file=f"{module}_{version}.tar.gz",
            unpack=("*",),
            kind="encoder",
            aliases=(f"{module}-{version}", module),
            dim=dim,
            language=language,
            licence="Apache-2.0",
            note="Universal Sentence Encoder, a SavedModel of TensorFlow Hub",
        )


def labelled() -> Iterator[Source]:
    """Texts with labels: English, Korean, Chinese."""
    yield Source(
        name="imdb",
        url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        mirrors=("http://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
        sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        size=84_125_825,
        kind="labelled",
        aliases=("aclImdb_v1", "imdb_reviews"),
        rows=50_000,
        language="en",
        note="reviews of films, 25,000 each in train and test",
    )
    yield Source(
        name="mr",
        url="https://www.cs.cornell.edu/people/pabo/movie-review-data/rt-polaritydata.tar.gz",
        mirrors=(
            "https://storage.googleapis.com/seldon-datasets/sentence_polarity_v1/"
            "rt-polaritydata.tar.gz",
        ),
        sha256="a05befe52aafda71d458d188a1c54506a998b1308613ba76bbda2e5029409ce9",
        size=487_770,
        unpack=("rt-polaritydata/rt-polarity.neg", "rt-polaritydata/rt-polarity.pos"),
        kind="labelled",
        aliases=("rt-polarity", "rt-polaritydata", "rotten_tomatoes", "sentence_polarity"),
        rows=10_662,
        language="en",
        note="sentences from reviews of films (Pang and Lee), without a split",
        reading={"kind": "files", "encoding": "latin-1"},
    )
    yield Source(
        name="sst-2",
        url="https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
        sha256="d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
        size=7_439_277,
        unpack=("SST-2/train.tsv", "SST-2/dev.tsv"),
        kind="labelled",
        aliases=("sst2", "glue-sst2"),
        rows=68_221,
        language="en",
        note="sentences and phrases from reviews of films, as GLUE has them; test has no labels",
        parts={"train": "train.tsv", "dev": "dev.tsv"},
        reading={"kind": "tsv", "text": "sentence", "label": "label"},
    )
    for name, aliases, rows, label, note in (
        ("sst-5", ("sst5", "sst-fine"), 11_855, "fine", "in five classes"),
        ("sst-binary", ("sst-2-sentences",), 9_613, "binary", "in two classes, without neutral"),
    ):
        yield Source(
            name=name,
            url="https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
            sha256="5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
            size=789_539,
            unpack=tuple(f"trees/{part}.txt" for part in ("train", "dev", "test")),
            kind="labelled",
            aliases=aliases,
            rows=rows,
            language="en",
            note=f"sentences from reviews of films {note}, from the trees of Socher et al.",
            parts={part: f"{part}.txt" for part in ("train", "dev", "test")},
            reading={"kind": "trees", "label": label},
        )
    yield Source(
        name="nsmc",
        url=f"{NSMC}ratings_train.txt",
        others=(Download(f"{NSMC}ratings_test.txt"),),
        kind="labelled",
        aliases=("naver-sentiment-movie-corpus",),
        rows=200_000,
        language="ko",
        licence="CC0 1.0",
        note="Korean reviews of films, 150,000 in train and 50,000 in test",
        parts={"train": "ratings_train.txt", "test": "ratings_test.txt"},
        reading={"kind": "tsv", "text": "document", "label": "label"},
    )
    yield Source(
        name="chnsenticorp",
        url=f"{CHINESE}ChnSentiCorp_htl_all/ChnSentiCorp_htl_all.csv",
        kind="labelled",
        aliases=("ChnSentiCorp_htl_all",),
        language="zh",
        note="Chinese reviews of hotels, without a split",
        reading={"kind": "csv", "text": "review", "label": "label"},
    )


def corpora() -> Iterator[Source]:
    """Plain text to train on."""
    yield Source(
        name="text8",
        url="https://mattmahoney.net/dc/text8.zip",
        kind="corpus",
        language="en",
        note="100 million characters of Wikipedia, in one line",
    )
