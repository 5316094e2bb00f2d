"""Tables of vectors that are public: GloVe, GoogleNews, fastText, Numberbatch.

The SHA-256 are those of JuliaText/Embeddings.jl, which were taken from the original addresses;
those of lid.176 are the object ids of copies on the Hugging Face Hub. What is not here was not
found, and is noted at the first download.
"""

from collections.abc import Iterator

from inlay.sources.languages import ALIGNED, CRAWL, WIKI
from inlay.sources.source import Source

STANFORD = "https://nlp.stanford.edu/data/wordvecs/"
HUGGING_FACE = "https://huggingface.co/stanfordnlp/glove/resolve/main/"
FASTTEXT = "https://dl.fbaipublicfiles.com/fasttext/"
NUMBERBATCH = "https://conceptnet.s3.amazonaws.com/downloads/"

PDDL = "PDDL 1.0"
BY_SA_3, BY_SA_4 = "CC BY-SA 3.0", "CC BY-SA 4.0"

# Archive, corpus, bytes, SHA-256, rows, dimensions.
GLOVE: tuple[tuple[str, str, int, str, int | None, tuple[int, ...]], ...] = (
    (
        "glove.6B",
        "Wikipedia 2014 and Gigaword 5, lower case",
        862_000_000,
        "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
        400_000,
        (50, 100, 200, 300),
    ),
    (
        "glove.42B",
        "Common Crawl, lower case",
        1_880_000_000,
        "03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970",
        None,
        (300,),
    ),
    (
        "glove.840B",
        "Common Crawl, cased; some tokens hold spaces",
        2_176_768_927,
        "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f",
        2_196_017,
        (300,),
    ),
    (
        "glove.twitter.27B",
        "tweets, lower case",
        1_520_000_000,
        "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c",
        1_193_514,
        (25, 50, 100, 200),
    ),
)
GENSIM = {"glove.6B": "glove-wiki-gigaword", "glove.twitter.27B": "glove-twitter"}
WIKIGIGA = {50: 290_000_000, 100: 560_000_000, 200: 1_100_000_000, 300: 1_600_000_000}
CRAWL_SIZE = {"cc.en.300.vec": 1_300_000_000, "cc.ko.300.vec": 1_200_000_000}
CRAWL_SHA256 = {
    "cc.fr.300.vec": "ab0dca4ef2a8a38d97ca119b491c701c57e17178cfc2f032f3de973e86fe87aa",
}
WIKI_SHA256 = {"en": "f4d87723baad28804f89c0ecf74fd0f52ac2ae194c270cb4c89b0a84f0bcf53b"}


def named() -> Iterator[Source]:
    """The tables that have names of their own."""
    yield from _glove()
    yield Source(
        name="GoogleNews-vectors-negative300",
        url="https://s3.amazonaws.com/dl4j-distribution/GoogleNews-vectors-negative300.bin.gz",
        sha256="21c05ae916a67a4da59b1d006903355cced7de7da1e42bff9f0504198c748da8",
        size=1_647_046_227,
        aliases=("word2vec-google-news-300", "GoogleNews", "word2vec.GoogleNews.300d"),
        rows=3_000_000,
        dim=300,
        language="en",
        note="word2vec on Google News; a copy by others, the original is on Google Drive",
    )
    yield from _fasttext_english()
    yield from _numberbatch()
    yield from _identification()


def _glove() -> Iterator[Source]:
    for stem, corpus, size, sha256, rows, dims in GLOVE:
        archive = f"{stem}.zip" if len(dims) > 1 else f"{stem}.300d.zip"
        for dim in dims:
            gensim = (f"{GENSIM[stem]}-{dim}",) if stem in GENSIM else (stem,)
            yield Source(
                name=f"{stem}.{dim}d",
                url=STANFORD + archive,
                mirrors=(HUGGING_FACE + archive,),
                sha256=sha256,
                size=size,
                member=f"{stem}.{dim}d.txt",
                aliases=gensim,
                rows=rows,
                dim=dim,
                language="en",
                licence=PDDL,
                note=f"GloVe on {corpus}",
            )
    for dim, size in WIKIGIGA.items():
        yield _glove_2024(f"wikigiga.{dim}d", dim, size, "Wikipedia and Gigaword of 2024")
    yield _glove_2024("dolma.300d", 300, 1_600_000_000, "Dolma, 220 billion tokens")


def _glove_2024(stem: str, dim: int, size: int, corpus: str) -> Source:
    return Source(
        name=f"glove.2024.{stem}",
        url=f"{STANFORD}glove.2024.{stem}.zip",
        size=size,
        dim=dim,
        language="en",
        licence=PDDL,
        note=f"GloVe on {corpus}, lower case",
    )


def _fasttext_english() -> Iterator[Source]:
    for stem, suffix, sha256, rows, aliases, corpus in (
        (
            "crawl-300d-2M",
            ".vec",
            "5bfffffbabdab299d4c9165c47275e8f982807a6eaca37ee1f71d3a79ddb544d",
            2_000_000,
            ("fasttext-crawl-300",),
            "Common Crawl",
        ),
        (
            "wiki-news-300d-1M",
            ".vec",
            "bdeb85f44892c505953e3654183e9cb0d792ee51be0992460593e27198d746f8",
            1_000_000,
            ("fasttext-wiki-news-300",),
            "Wikipedia 2017 and news",
        ),
        (
            "wiki-news-300d-1M-subword",
            ".vec",
            "",
            999_999,
            ("fasttext-wiki-news-subwords-300",),
            "Wikipedia 2017 and news, with subwords",
        ),
        (
            "crawl-300d-2M-subword",
            "",
            "",
            2_000_000,
            ("fasttext-crawl-subwords-300",),
            "Common Crawl, with subwords; the model itself lies beside it in the archive",
        ),
    ):
        yield Source(
            name=stem,
            url=f"{FASTTEXT}vectors-english/{stem}{suffix}.zip",
            sha256=sha256,
            size=682_000_000 if stem == "wiki-news-300d-1M" else None,
            member=f"{stem}.vec",
            aliases=aliases,
            rows=rows,
            dim=300,
            language="en",
            licence=BY_SA_3,
            note=f"fastText on {corpus}",
        )


def _numberbatch() -> Iterator[Source]:
    for version, year, language, sha256, rows in (
        ("19.08", "2019", "", "", 9_161_912),
        ("en-19.08", "2019", "en", "", 516_782),
        (
            "17.06",
            "2017",
            "",
            "375ac41e8f9caab172fc169e54e8658be23ece6cd92188bf700a99330cd1a81b",
            1_917_247,
        ),
        ("en-17.06", "2017", "en", "", None),
    ):
        yield Source(
            name=f"numberbatch-{version}",
            url=f"{NUMBERBATCH}{year}/numberbatch/numberbatch-{version}.txt.gz",
            sha256=sha256,
            aliases=("conceptnet-numberbatch-17-06-300",) if version == "17.06" else (),
            rows=rows,
            dim=300,
            language=language,
            licence=BY_SA_4,
            note="ConceptNet Numberbatch" + ("" if language else "; tokens are like /c/en/word"),
        )


def _identification() -> Iterator[Source]:
    for suffix, size, sha256 in (
        (
            "ftz",
            938_013,
            "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83",
        ),
        (
            "bin",
            131_266_198,
            "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
        ),
    ):
        yield Source(
            name=f"lid.176.{suffix}",
            url=f"{FASTTEXT}supervised-models/lid.176.{suffix}",
            sha256=sha256,
            size=size,
            aliases=("lid.176",) if suffix == "ftz" else (),
            licence=BY_SA_3,
            note="fastText's classifier of 176 languages" + ", quantised" * (suffix == "ftz"),
        )


def of_languages() -> Iterator[Source]:
    """The tables of many languages, by the lists of fastText's own pages."""
    for code in CRAWL:
        for suffix in ("vec", "bin"):
            yield crawl(code, suffix)
    yield from map(wiki, WIKI)
    yield from map(aligned, ALIGNED)


def crawl(code: str, suffix: str) -> Source:
    """The vectors of one of 157 languages, on Common Crawl and Wikipedia: `.vec` or `.bin`."""
    name = f"cc.{code}.300.{suffix}"
    return Source(
        name=name,
        url=f"{FASTTEXT}vectors-crawl/{name}.gz",
        sha256=CRAWL_SHA256.get(name, ""),
        size=CRAWL_SIZE.get(name),
        aliases=(f"cc.{code}.300",) if suffix == "vec" else (f"fasttext-{code}-vectors",),
        dim=300,
        language=code,
        licence=BY_SA_3,
        note="fastText on Common Crawl and Wikipedia"
        + (", with its subwords" if suffix == "bin" else ""),
    )


def wiki(code: str) -> Source:
    """The older vectors of one of 294 languages, on Wikipedia alone: torchtext's `FastText`."""
    return Source(
        name=f"wiki.{code}",
        url=f"{FASTTEXT}vectors-wiki/wiki.{code}.vec",
        sha256=WIKI_SHA256.get(code, ""),
        aliases=(f"wiki.{code}.vec", f"fasttext.{code}.300d", f"fasttext.{code}"),
        dim=300,
        language=code,
        licence=BY_SA_3,
        note="fastText on Wikipedia",
    )


def aligned(code: str) -> Source:
    """Vectors of one of 44 languages in one space."""
    return Source(
        name=f"wiki.{code}.align",
        url=f"{FASTTEXT}vectors-aligned/wiki.{code}.align.vec",
        aliases=(f"wiki.{code}.align.vec",),
        dim=300,
        language=code,
        licence=BY_SA_3,
        note="fastText on Wikipedia, in one space with 43 other languages",
    )
