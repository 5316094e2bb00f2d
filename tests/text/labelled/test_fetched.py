import io
import tarfile
import zipfile

import pytest

from inlay import read_labelled
from inlay.errors import ArgumentError, DownloadError
from inlay.sources import Download, Source, cache, catalogue, names

pytestmark = pytest.mark.filterwarnings("ignore:.*nobody publishes")


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Put bytes where an entry of the catalogue finds them: the entry is the real one."""

    def write(name, *contents):
        real = next(source for source in catalogue() if source.name == name)
        places = []
        for wanted, content in zip(real.downloads, contents, strict=True):
            path = tmp_path / "published" / wanted.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            places.append(Download(path.as_uri()))
        facts = {n: getattr(real, n) for n in ("kind", "unpack", "parts", "reading", "member")}
        source = Source(name=name, url=places[0].url, others=tuple(places[1:]), **facts)
        monkeypatch.setattr(names, "_index", lambda: {names._key(name): source})

    return write


def packed(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def test_imdb_is_read_in_its_archive(offer):
    reviews = {
        f"aclImdb/{split}/{label}/0_9.txt": f"{split} {label}".encode()
        for split in ("train", "test")
        for label in ("pos", "neg", "unsup")
    }
    offer("imdb", packed(reviews | {"aclImdb/README": b""}))
    assert tuple(read_labelled("imdb", split="train")) == (
        ["train neg", "train pos"],
        ["neg", "pos"],
    )
    with pytest.raises(ArgumentError, match="split: expected one of 'test', 'train', got None"):
        read_labelled("imdb")


def test_mr_is_read_in_its_encoding(offer):
    offer(
        "mr",
        packed(
            {
                "rt-polaritydata/rt-polarity.pos": "a fin\xe9 film \n".encode("latin-1"),
                "rt-polaritydata/rt-polarity.neg": b"a bore \n",
                "rt-polaritydata.README.1.0.txt": b"read me",
            }
        ),
    )
    assert tuple(read_labelled("mr", encoding="utf-8")) == (
        ["a bore ", "a fin\xe9 film "],
        ["neg", "pos"],
    )


def test_sst_2_has_two_splits(offer):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for split, text in (("train", "good fun"), ("dev", "dull")):
            archive.writestr(f"SST-2/{split}.tsv", f"sentence\tlabel\n{text} \t1\n")
        archive.writestr("SST-2/test.tsv", "index\tsentence\n0\twho knows\n")
    offer("sst-2", file.getvalue())
    assert read_labelled("sst-2").texts == ["good fun "]
    assert read_labelled("SST-2", split="dev").texts == ["dull "]
    with pytest.raises(ArgumentError, match="split: expected 'train' or 'dev', got str 'test'"):
        read_labelled("sst-2", split="test")


def test_nsmc_and_chnsenticorp(offer):
    lines = "id\tdocument\tlabel\n1\t{} 영화\t1\n"
    offer("nsmc", lines.format("좋은").encode(), lines.format("나쁜").encode())
    assert tuple(read_labelled("nsmc")) == (["좋은 영화"], ["1"])
    assert tuple(read_labelled("nsmc", split="test", max_length=1)) == (["나쁜"], ["1"])
    offer("chnsenticorp", 'label,review\n1,"很好,不错"\n'.encode())
    assert tuple(read_labelled("chnsenticorp")) == (["很好,不错"], ["1"])


def test_what_is_said_goes_before(offer):
    offer("chnsenticorp", "label,review,rest\n1,很好,其他\n".encode())
    assert read_labelled("chnsenticorp", text="rest").texts == ["其他"]


def test_other_names_are_no_texts(monkeypatch):
    with pytest.raises(ArgumentError, match=r"expected labelled texts, got a table of vectors"):
        read_labelled("glove.6B.50d")
    monkeypatch.setenv("INLAY_OFFLINE", "1")
    with pytest.raises(DownloadError, match=r"aclImdb_v1\.tar\.gz in the cache"):
        read_labelled("imdb")
    assert not cache.cache_folder().exists()
