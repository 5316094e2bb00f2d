import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.sources import catalogue, fetch, find, languages
from inlay.sources.fetching import announcement
from inlay.sources.languages import SPOKEN
from inlay.sources.names import _key, near_names, search
from tests.data import shared

ALL = catalogue()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("glove.6B.100d", "glove.6B.100d"),
        ("GLOVE 6b 100", "glove.6B.100d"),
        ("glove-wiki-gigaword-100", "glove.6B.100d"),
        ("GloVe 840B", "glove.840B.300d"),
        ('GloVe(name="840B", dim=300)', "glove.840B.300d"),
        ("GloVe(name='twitter.27B', dim=25)", "glove.twitter.27B.25d"),
        ("glove-twitter-25", "glove.twitter.27B.25d"),
        ("word2vec-google-news-300", "GoogleNews-vectors-negative300"),
        ("fasttext.en.300d", "wiki.en"),
        ('FastText(language="ko")', "wiki.ko"),
        ("fasttext.simple.300d", "wiki.simple"),
        ("wiki.vec", "wiki.vec"),
        ("wiki.zh_yue", "wiki.zh_yue"),
        ("fasttext-wiki-news-subwords-300", "wiki-news-300d-1M-subword"),
        ("cc.ko.300", "cc.ko.300.vec"),
        ("cc.ko.300.bin", "cc.ko.300.bin"),
        ("facebook/fasttext-ko-vectors", None),
        ("fasttext-ko-vectors", "cc.ko.300.bin"),
        ("conceptnet-numberbatch-17-06-300", "numberbatch-17.06"),
        ("elmo-original", "elmo-original"),
        ("ELMo 5.5B", "elmo-5.5B"),
        ("universal-sentence-encoder", "use-4"),
        ("lid.176.ftz", "lid.176.ftz"),
        ("IMDB", "imdb"),
        ("elmo", None),
        ("imdb/", None),
        ("./imdb", None),
        ("~imdb", None),
        ("..\\imdb", None),
        ("wiki.zh.vec", "wiki.zh"),
        ("wiki.zh.align.vec", "wiki.zh.align"),
        ("wiki.vec.vec", "wiki.vec"),
        ("https://tfhub.dev/google/universal-sentence-encoder-large/5", "use-large-5"),
        ("GloVe()", "glove.840B.300d"),
        ("GloVe('6B')", "glove.6B.300d"),
        ("GloVe('6B', 50)", "glove.6B.50d"),
        ("GloVe(dim=200, name='6B')", "glove.6B.200d"),
        ("FastText()", "wiki.en"),
        ("FastText('ko', 1, 2)", "wiki.ko"),
        ("GloVe(size='6B')", None),
        ("glove.6B", None),
        ("charngram.100d", None),
        ("imdb_reviews", "imdb"),
        ("SST5", "sst-5"),
        ("sst-2-sentences", "sst-binary"),
        ("fasttext-wiki-news-subwords-300d", "wiki-news-300d-1M-subword"),
        ("SST2", "sst-2"),
        ("sst", None),
        ("glove", None),
        ("glove.txt", None),
        ("", None),
    ],
)
def test_what_people_type(typed, name):
    found = find(typed)
    assert (found and found.name) == name


def test_no_two_things_have_one_name():
    owners: dict[str, str] = {}
    for source in ALL:
        for name in (source.name, *source.aliases):
            assert owners.setdefault(_key(name), source.name) == source.name, name
            assert find(name) is source


def test_a_word_that_means_many_things_downloads_none_of_them():
    names = [name for source in ALL for name in (source.name, *source.aliases)]
    words = {name for name in names if re.fullmatch("[A-Za-z]+", name)}
    assert words == {"imdb", "mr", "nsmc", "chnsenticorp", "GoogleNews"}


def test_a_name_that_is_none_gives_those_that_are_near():
    assert near_names("glove.6B") == [f"glove.6B.{dim}d" for dim in (50, 100, 200, 300)] + [
        "glove.42B.300d"
    ]
    assert near_names("glove.6B.301d")[0] == "glove.6B.300d"
    with pytest.raises(ArgumentError, match=r"got 'glov\.6B\.100d'\. Try: 'glove\.6B\.100d'"):
        fetch("glov.6B.100d")
    for gone in ("charngram.100d", "CharNGram"):
        with pytest.raises(ArgumentError, match=r"Try: 'cc\.en\.300\.bin'\.$"):
            fetch(gone)
    with pytest.raises(ArgumentError, match="Try: inlay catalogue, which lists all of them"):
        fetch("q")
    with pytest.raises(ArgumentTypeError, match="a name of the catalogue, or a Source"):
        fetch(3)


def test_all_that_was_promised_is_there():
    names = {source.name for source in ALL}
    assert {f"glove.6B.{dim}d" for dim in (50, 100, 200, 300)} <= names
    assert {f"glove.twitter.27B.{dim}d" for dim in (25, 50, 100, 200)} <= names
    assert {"glove.2024.dolma.300d", *(f"glove.2024.wikigiga.{d}d" for d in (50, 100))} <= names
    assert {f"elmo-{size}" for size in ("small", "medium", "original", "5.5B")} <= names
    assert {"imdb", "mr", "sst-2", "sst-5", "nsmc", "chnsenticorp", "text8", "lid.176.bin"} <= names
    assert (len(languages.WIKI), len(languages.ALIGNED)) == (294, 44)
    assert len(languages.CRAWL) == 158  # the pages say 157
    for codes in (languages.CRAWL, languages.WIKI, languages.ALIGNED):
        assert sorted(set(codes)) == list(codes)


def test_each_entry_is_what_it_should_be():
    for source in ALL:
        name = source.name
        assert re.fullmatch(r"[\w.-]+", name), name
        for download in source.downloads:
            assert urlsplit(download.url).scheme == "https", name
            safe = bool(download.sha256)
            assert all(urlsplit(url).scheme == "https" or safe for url in download.mirrors), name
        assert source.member is None or source.url.endswith(".zip"), name
        assert source.note, name
        assert set(source.parts.values()) <= {
            *(download.name for download in source.downloads),
            *(member.rpartition("/")[2] for member in source.unpack),
        }, name


def test_words_find_what_they_stand_in():
    assert [s.name for s in search("twitter 25")] == ["glove.twitter.27B.25d"]
    labelled = {"imdb", "mr", "sst-2", "sst-5", "sst-binary", "nsmc", "chnsenticorp"}
    assert {s.name for s in search("labelled")} == labelled
    korean = {"nsmc", "cc.ko.300.vec", "cc.ko.300.bin", "wiki.ko", "wiki.ko.align"}
    assert {s.name for s in search("Korean")} == {s.name for s in search("한국어")} == korean
    assert {"chnsenticorp", "cc.zh.300.vec"} <= {s.name for s in search("中文")}
    assert set(SPOKEN) <= set(languages.CRAWL)
    assert len(search("")) == len(ALL)
    assert search("nothing of this kind") == []


def test_before_a_download_its_size_and_licence_are_said():
    assert "glove.6B.50d (about 862 MB; licence PDDL 1.0) to " in announcement(find("glove.6B.50d"))
    assert "(of unknown size; licence CC BY-SA 3.0)" in announcement(find("wiki.ko"))
    assert "mr (about 488 kB; no licence found)" in announcement(find("mr"))


def test_the_catalogue_is_plain_data():
    script = (
        "import sys, inlay.sources; n = len(inlay.sources.catalogue()); "
        "print(n, [m for m in ('numpy', 'urllib.request', 'ssl', 'hashlib') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stdout.strip() == f"{len(ALL)} []", answer.stderr


def test_the_official_model_of_languages_has_this_digest():
    from inlay.sources.download import digest_of

    path = shared("fasttext-lid176/lid.176.ftz")
    source = find("lid.176")
    assert (digest_of(path), path.stat().st_size) == (source.sha256, source.size)
