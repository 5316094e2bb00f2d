import json
import os
import signal
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from inlay.encode import features as module
from inlay.encode.features import Features, write_features
from inlay.errors import (
    ArgumentError,
    ArgumentTypeError,
    FormatError,
    IdError,
    MissingFileError,
)
from tests.encode.features_fake import Fake, Plain
from tests.processes import ended, posix, started


def texts_of(n):
    return [" ".join(f"w{j}" for j in range(i * 7 % 11)) + f" text{i}" for i in range(n)]


TEXTS = texts_of(600)  # three blocks pooled, ten of tokens


@pytest.fixture
def path(tmp_path):
    return tmp_path / "f.safetensors"


def left_in(path):
    return sorted(child.name for child in path.parent.iterdir())


def test_pooled_features_are_those_of_the_encoder_in_order(path):
    features = write_features(Fake(), TEXTS, path)
    wanted = Fake().pooled(TEXTS)
    assert features.vectors.dtype == np.float32
    np.testing.assert_array_equal(features.vectors, wanted)
    np.testing.assert_array_equal(features[7], wanted[7])
    np.testing.assert_array_equal(features[-1], wanted[599])
    assert (len(features), features.dim, features.layers) == (600, 4, ("0", "1", "2"))
    assert features.offsets is None
    assert left_in(path) == ["f.safetensors"]


@pytest.mark.parametrize("pool", ["mean", None])
def test_the_file_does_not_depend_on_how_many_texts_an_encoder_is_given_at_once(path, pool):
    given = []

    class Noting(Fake):
        def layers(self, texts):
            given.append(len(texts))
            return super().layers(texts)

    write_features(Noting(), TEXTS, path, pool=pool, batch_size=100)
    assert given == ([100, 100, 56] * 2 + [88] if pool else [64] * 9 + [24])
    once = path.read_bytes()
    write_features(Fake(), TEXTS, path, pool=pool, overwrite=True)
    assert path.read_bytes() == once


def test_vectors_of_length_1(path):
    features = write_features(Fake(), ["", *TEXTS], path, normalize=True, layers=[2, 0])
    wanted = Fake().pooled(TEXTS)[:, [2, 0]]
    wanted /= np.linalg.norm(wanted, axis=2, keepdims=True)
    np.testing.assert_allclose(features.vectors[1:], wanted, rtol=1e-6)
    assert not features.vectors[0].any()
    with pytest.raises(ArgumentError, match="normalize: expected False with pool=None"):
        write_features(Fake(), TEXTS, path, normalize=True, pool=None, overwrite=True)
    with pytest.raises(ArgumentError, match="normalize"):
        write_features(Fake(), ["", *TEXTS], path, layers=[2, 0])


def test_vectors_of_tokens(path):
    features = write_features(Fake(), TEXTS, path, pool=None)
    wanted = list(Fake().layers(TEXTS))
    assert len(features) == 600
    for found, one in zip(features, wanted, strict=True):
        np.testing.assert_array_equal(found, one)
    np.testing.assert_array_equal(features[-600], wanted[0])
    np.testing.assert_array_equal(features.offsets[1:], np.cumsum([w.shape[1] for w in wanted]))
    assert left_in(path) == ["f.safetensors"]


@pytest.mark.parametrize("pool", ["mean", None])
def test_the_safetensors_library_opens_the_file(path, pool):
    features = write_features(Fake(), TEXTS, path, pool=pool, dtype="float16")
    found = load_file(path)
    assert set(found) == ({"vectors"} if pool else {"vectors", "offsets"})
    assert found["vectors"].dtype == np.float16
    np.testing.assert_array_equal(found["vectors"], features.vectors)
    if pool is None:
        np.testing.assert_array_equal(found["offsets"], features.offsets)


def test_float16_behind_which_offsets_stand_at_an_odd_place(path):
    features = write_features(Fake(), ["one"], path, pool=None, dtype="float16", layers=1)
    assert features.vectors.nbytes % 8 == 0
    features = write_features(Odd(), ["one"], path, pool=None, dtype="float16", overwrite=True)
    assert features.vectors.nbytes % 8 != 0
    assert features.offsets.tolist() == [0, 1]
    assert load_file(path)["offsets"].tolist() == [0, 1]


class Odd(Fake):
    dim = 3


@pytest.mark.parametrize("pool", ["mean", None])
@pytest.mark.parametrize(("layers", "names"), [(1, ["1"]), ([2, 0], ["2", "0"]), ("mix", ["mix"])])
def test_layers(path, pool, layers, names):
    features = write_features(Fake(), TEXTS[:5], path, layers=layers, pool=pool)
    assert features.layers == tuple(names)
    fake = Fake()
    for text, found in zip(TEXTS, features, strict=False):
        every = fake.pooled([text])[0] if pool else next(fake.layers([text]))
        wanted = fake.mix(every)[None] if layers == "mix" else every[[int(n) for n in names]]
        np.testing.assert_allclose(found, wanted, rtol=1e-6)


@pytest.mark.parametrize(
    "layers", [3, -1, [0, 3], [], "1", "top", True, None, 1.0, [0, "mix"], [True]]
)
def test_layers_that_are_not_there(path, layers):
    with pytest.raises(ArgumentError, match="numbers from 0 to 2"):
        write_features(Fake(), TEXTS, path, layers=layers)
    assert left_in(path) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("pool", "max"), ("max_length", 0), ("max_length", 1.5), ("dtype", "int8")],
)
def test_settings_that_cannot_be(path, name, value):
    with pytest.raises((ArgumentError, ArgumentTypeError)) as caught:
        write_features(Fake(), TEXTS, path, **{name: value})
    assert caught.value.where == name


def test_max_length_counts_tokens(path):
    features = write_features(Fake(), ["a b c d", ["a", "b", "x"], "a"], path, max_length=2)
    ab = Fake().pooled(["a b"])[0]
    np.testing.assert_array_equal(features[0], ab)
    np.testing.assert_array_equal(features[1], ab)
    np.testing.assert_array_equal(features[2], Fake().pooled(["a"])[0])


@pytest.mark.parametrize("pool", ["mean", None])
def test_empty_texts(path, pool):
    features = write_features(Fake(), ["", "a", "  ", []], path, pool=pool)
    assert len(features) == 4
    shape = (3, 4) if pool else (3, 0, 4)
    assert [features[i].shape == shape and not features[i].any() for i in (0, 2, 3)] == [True] * 3
    assert features[1].any()


@pytest.mark.parametrize("pool", ["mean", None])
def test_no_texts(path, pool):
    features = write_features(Fake(), [], path, pool=pool)
    assert (len(features), features.vectors.shape) == (0, (0, 3, 4))
    assert load_file(path)["vectors"].shape == (0, 3, 4)
    with pytest.raises(IdError):
        features[0]
    assert left_in(path) == ["f.safetensors"]


@pytest.mark.parametrize("text", [b"bytes", 5, None, ["a", 1], {"a"}])
def test_what_is_no_text(path, text):
    with pytest.raises(ArgumentTypeError, match="text 300"):
        write_features(Fake(), [*TEXTS[:300], text], path)
    assert not path.exists()


def test_texts_of_a_file(tmp_path, path):
    lines = ["one two", "", "carriage\rreturn\x0bstays", "파일 \ud55c"]
    source = tmp_path / "texts.txt"
    source.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode() + b"\n")
    features = write_features(Fake(), source, path)
    np.testing.assert_array_equal(features.vectors, Fake().pooled(lines))
    assert features.texts == write_features(Fake(), iter(lines), path).texts


@pytest.mark.parametrize("name", ["r.csv", "r.TSV", "r.jsonl.gz"])
def test_a_table_is_no_file_of_texts(tmp_path, path, name):
    (tmp_path / name).write_text("text,label\na film,pos\n")
    with pytest.raises(ArgumentError, match=r"labels .* Try: inlay.read_labelled\(path\).texts"):
        write_features(Fake(), tmp_path / name, path)
    assert not path.exists()


def test_a_missing_file_of_texts_leaves_nothing(tmp_path, path):
    with pytest.raises(MissingFileError, match=r"none\.txt"):
        write_features(Fake(), str(tmp_path / "none.txt"), path)
    assert left_in(path) == []


# What is there is not encoded again.


def test_a_finished_file_is_not_encoded_again(path):
    first = write_features(Fake(), TEXTS, path)
    before = path.stat().st_mtime_ns, path.stat().st_ino
    fake = Fake()
    again = write_features(fake, iter(TEXTS), path)
    assert fake.calls == 0
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    np.testing.assert_array_equal(again.vectors, first.vectors)


OTHERS = {
    "encoder": (Fake("b" * 64), TEXTS, {}, "another encoder hash"),
    "layers": (Fake(), TEXTS, {"layers": 1}, "layers"),
    "pool": (Fake(), TEXTS, {"pool": None}, "pool"),
    "max_length": (Fake(), TEXTS, {"max_length": 3}, "max_length"),
    "dtype": (Fake(), TEXTS, {"dtype": "float16"}, "dtype"),
    "texts": (Fake(), [*TEXTS[:-1], "changed"], {}, "other texts"),
    "fewer texts": (Fake(), TEXTS[:-1], {}, "other texts"),
    "tokens": (Fake(), [*TEXTS[:-1], TEXTS[-1].split()], {}, "other texts"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_finished_file_of_other_things_is_refused(path, other):
    encoder, texts, settings, what = OTHERS[other]
    write_features(encoder, texts, path, **settings)
    before, fake = path.read_bytes(), Fake()
    with pytest.raises(ArgumentError, match=what):
        write_features(fake, TEXTS, path)
    assert fake.calls == 0
    assert path.read_bytes() == before
    replaced = write_features(fake, TEXTS, path, overwrite=True)
    np.testing.assert_array_equal(replaced.vectors, Fake().pooled(TEXTS))


@pytest.mark.parametrize("name", ["tokenizer", "engine", "precision", "pad_token", "max_length"])
def test_what_else_changes_vectors_is_noticed(path, name):
    write_features(Fake(), TEXTS[:3], path)
    other = Fake()
    other.settings[name] = None if name == "tokenizer" else "int8"
    with pytest.raises(ArgumentError, match=f"encoder {name}|, {name}"):
        write_features(other, TEXTS[:3], path)


@pytest.mark.parametrize("name", [None, "my.module:cut"])
def test_functions_of_one_name_are_told_apart_by_their_tokens(path, name):
    one, other, same = Fake(), Fake(), Fake()
    for fake in (one, other, same):
        fake.settings = {"tokenizer": name}
    other.tokenize = lambda text: list(text)
    features = write_features(one, TEXTS[:3], path)
    np.testing.assert_array_equal(features.vectors, Fake().pooled(TEXTS[:3]))
    with pytest.raises(ArgumentError, match="features of other texts"):
        write_features(other, TEXTS[:3], path)
    assert write_features(same, TEXTS[:3], path).texts == features.texts
    assert same.calls == 0


@posix
@pytest.mark.parametrize("pool", ["mean", None])
def test_a_pipe_gives_its_texts_once(path, pool):
    out, into = os.pipe()
    with open(into, "w") as pipe:
        pipe.write("".join(f"{text}\n" for text in TEXTS))
    features = write_features(Fake(), f"/dev/fd/{out}", path, pool=pool)
    os.close(out)
    assert len(features) == 600
    assert features.texts == write_features(Fake(), TEXTS, path, pool=pool).texts


def test_another_mix_is_noticed_where_it_matters(path):
    class Other(Fake):
        def mix(self, layers):
            return layers[0]

    write_features(Fake(), TEXTS[:3], path)
    assert write_features(Other(), TEXTS[:3], path).layers == ("0", "1", "2")
    write_features(Fake(), TEXTS[:3], path, layers="mix", overwrite=True)
    with pytest.raises(ArgumentError, match="mix"):
        write_features(Other(), TEXTS[:3], path, layers="mix")


@pytest.mark.parametrize("content", [b"", b"mine", b"x" * 5000])
def test_a_file_of_the_users_own_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ArgumentError, match="got another: a file of something else"):
        write_features(Fake(), TEXTS, path)
    assert path.read_bytes() == content


def test_places_that_cannot_be_written(tmp_path):
    fake = Fake()
    for name, error in {
        "f.hdf5": ArgumentError,
        "none/f.safetensors": MissingFileError,
        "folder.safetensors": ArgumentError,
    }.items():
        (tmp_path / "folder.safetensors").mkdir(exist_ok=True)
        with pytest.raises(error):
            write_features(fake, TEXTS, tmp_path / name)
    if Path("/proc/self").exists():  # a folder that nobody can write into
        with pytest.raises(OSError, match="/proc/"):
            write_features(fake, TEXTS, "/proc/f.safetensors")
    assert fake.calls == 0


def test_a_link_stays_a_link(tmp_path, path):
    (tmp_path / "there").mkdir()
    real = tmp_path / "there" / "real.safetensors"
    path.symlink_to(real)
    write_features(Fake(), TEXTS[:3], path)
    assert path.is_symlink()
    assert len(Features.open(real)) == 3


# What a kill leaves is gone on with.

KILLED = """
import os, resource, signal, sys
from inlay.encode.features import write_features
from tests.encode.features_fake import Fake
from tests.encode.test_features import TEXTS
pool, path, at, limit = (None if sys.argv[1] == "None" else "mean"), *sys.argv[2:]
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
write_features(Fake(die_at=at, die=die), TEXTS, path, pool=pool)
"""


def begun(path, pool, at="", limit=0):
    """Run in a process of its own, which is killed at a text, or has no more room."""
    with started("-c", KILLED, pool, path, at, limit) as running:
        return ended(running)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes that come of running through, by `pool`."""
    folder = tmp_path_factory.mktemp("whole")
    for pool in ("mean", None):
        write_features(Fake(), TEXTS, folder / f"{pool}.safetensors", pool=pool)
    return {pool: (folder / f"{pool}.safetensors").read_bytes() for pool in ("mean", None)}


@posix
@pytest.mark.parametrize("pool", ["mean", None])
@pytest.mark.parametrize("old", [None, b"what stood there before"])
def test_killed_and_resumed_gives_the_same_bytes(path, whole, pool, old):
    code, _, err = begun(path, pool, at=TEXTS[530])
    assert code == -signal.SIGKILL, err
    assert left_in(path) == [".f.safetensors.work", ".f.safetensors.work.journal"]
    if old is not None:
        path.write_bytes(old)
    fake = Fake()
    write_features(fake, iter(TEXTS), path, pool=pool, overwrite=old is not None)
    assert path.read_bytes() == whole[pool]
    assert fake.texts == 600 - 512
    assert left_in(path) == ["f.safetensors"]


@posix
@pytest.mark.parametrize("pool", ["mean", None])
def test_no_room_is_an_error_and_then_gone_on_with(path, whole, pool):
    size = len(whole[pool])
    code, _, err = begun(path, pool, limit=size // 2)
    assert code == 1
    assert f"File too large: '{path}'" in err
    assert not path.exists()
    fake = Fake()
    write_features(fake, TEXTS, path, pool=pool)
    assert path.read_bytes() == whole[pool]
    assert 0 < fake.texts < 600


def test_rows_are_on_the_disk_before_the_journal_says_so(path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(os.fstat(handle).st_ino))
    write_features(Fake(), TEXTS, path)
    rows = path.stat().st_ino
    # The settings; rows and journal of three blocks; the whole file; its folder.
    assert [inode == rows for inode in seen] == [False, *[True, False] * 3, True, False]
    assert seen[-1] == path.parent.stat().st_ino


@pytest.fixture
def unfinished(path):
    """Work of which eight blocks of tokens are done, and a piece of the ninth."""

    def die():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_features(Fake(die_at=TEXTS[530], die=die), TEXTS, path, pool=None)
    rows, journal = path.parent / ".f.safetensors.work", path.parent / ".f.safetensors.work.journal"
    return rows, journal


@pytest.mark.parametrize("cut", [1, 2, 30, 200, 1000, 10**6])
def test_a_journal_that_is_cut_off(path, whole, unfinished, cut):
    _, journal = unfinished
    journal.write_bytes(journal.read_bytes()[:-cut])
    fake = Fake()
    write_features(fake, TEXTS, path, pool=None)
    assert path.read_bytes() == whole[None]
    assert fake.texts > 600 - 512


@pytest.mark.parametrize("damage", ["flipped", "cut off", "gone", "more"])
def test_rows_that_the_journal_does_not_know(path, whole, unfinished, damage):
    rows, _ = unfinished
    data = bytearray(rows.read_bytes())
    if damage == "flipped":
        data[len(data) // 2] ^= 1
    rows.write_bytes({"cut off": data[: len(data) // 2], "gone": b""}.get(damage, data))
    if damage == "more":
        rows.write_bytes(data + bytes(100_000))
    fake = Fake()
    write_features(fake, TEXTS, path, pool=None)
    assert path.read_bytes() == whole[None]
    expected = {"gone": range(600, 601), "more": range(88, 89)}
    assert fake.texts in expected.get(damage, range(200, 500))


def test_texts_that_changed_are_noticed(path, unfinished):
    changed = [*TEXTS[:200], "changed", *TEXTS[201:]]
    with pytest.raises(ArgumentError, match="differ from block 4 on"):
        write_features(Fake(), changed, path, pool=None)
    fake = Fake()
    features = write_features(fake, changed, path, pool=None, overwrite=True)
    assert fake.texts == 600 - 3 * 64  # the blocks before the change are kept
    np.testing.assert_array_equal(features[200], next(Fake().layers(["changed"])))
    np.testing.assert_array_equal(features[599], next(Fake().layers([TEXTS[599]])))


def test_fewer_texts_are_noticed(path, unfinished):
    with pytest.raises(ArgumentError, match="fewer texts"):
        write_features(Fake(), TEXTS[:256], path, pool=None)
    assert not path.exists()
    assert len(write_features(Fake(), TEXTS[:256], path, pool=None, overwrite=True)) == 256
    assert len(list(Fake().layers(TEXTS[:256]))) == len(load_file(path)["offsets"]) - 1


def test_other_settings_are_noticed(path, whole, unfinished):
    for encoder, settings, what in (
        (Fake("b" * 64), {"pool": None}, "got another: another encoder hash"),
        (Fake(), {"pool": None, "layers": 0}, r"layers \['0', '1', '2'\] \(not \['0'\]\)"),
    ):
        with pytest.raises(ArgumentError, match=what):
            write_features(encoder, TEXTS, path, **settings)
        assert encoder.calls == 0
    write_features(Fake(), TEXTS, path, overwrite=True)
    assert path.read_bytes() == whole["mean"]


def test_work_in_which_nothing_is_done_is_in_nobodys_way(path, unfinished):
    _, journal = unfinished
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    assert len(write_features(Fake(), TEXTS, path)) == 600


def test_a_kill_before_the_last_step_leaves_no_litter(path):
    write_features(Fake(), TEXTS[:3], path)
    journal = path.with_name(".f.safetensors.work.journal")
    journal.write_text("{}")
    write_features(Fake(), TEXTS[:3], path)
    assert left_in(path) == ["f.safetensors"]


@posix
def test_two_processes_do_not_write_one_file(path):
    def second():
        with pytest.raises(ArgumentError, match="another one at it"):
            write_features(Fake(), TEXTS, path)

    features = write_features(Fake(die_at=TEXTS[300], die=second), TEXTS, path)
    np.testing.assert_array_equal(features.vectors, Fake().pooled(TEXTS))


@posix
def test_a_process_that_begins_as_another_ends_keeps_its_work(path, monkeypatch):
    """It may have opened the journal that the first one then removes."""
    from inlay.jobs import journal

    opened, done = journal._opened, []

    def late(name):
        file = opened(name)
        if name.suffix == ".journal" and not done:
            done.append(True)
            write_features(Fake(), TEXTS[:3], path)
        return file

    monkeypatch.setattr(journal, "_opened", late)
    features = write_features(Fake(), TEXTS[:5], path, overwrite=True)
    np.testing.assert_array_equal(features.vectors, Fake().pooled(TEXTS[:5]))
    assert left_in(path) == ["f.safetensors"]


# What an encoder may do wrong.


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (
            lambda self, texts: np.zeros((len(texts), 3, 5), np.float32),
            r"\(600, 3, 4\)|\(256, 3, 4\)",
        ),
        (lambda self, texts: np.zeros((2, 3, 4), np.float32), r"got \(2, 3, 4\)"),
        (lambda self, texts: np.full((len(texts), 3, 4), np.nan, np.float32), "NaN"),
    ],
)
def test_an_encoder_that_gives_something_else(path, monkeypatch, wrong, what):
    monkeypatch.setattr(Fake, "pooled", wrong)
    with pytest.raises(ArgumentError, match=what):
        write_features(Fake(), TEXTS, path)
    assert left_in(path) == []


def test_an_encoder_that_loses_texts(path, monkeypatch):
    layers = Fake.layers
    monkeypatch.setattr(Fake, "layers", lambda self, texts: layers(self, texts[1:]))
    with pytest.raises(ArgumentError, match="of 63"):
        write_features(Fake(), TEXTS, path, pool=None)


def test_an_encoder_that_remembers_texts_says_so_itself(path):
    class Stateful(Fake):
        @property
        def settings(self):
            raise ArgumentError("encoder", expected="a stateless one", got="stateful=True")

        @settings.setter
        def settings(self, value):
            pass

    with pytest.raises(ArgumentError, match="stateless"):
        write_features(Stateful(), TEXTS, path)
    assert left_in(path) == []


def test_one_string_is_no_list_and_a_path_is_no_encoder(path):
    with pytest.raises(MissingFileError, match="a film"):
        write_features(Fake(), "a film", path)  # the path of a file
    with pytest.raises(ArgumentTypeError, match="texts: expected a list of texts"):
        write_features(Fake(), 5, path)
    with pytest.raises(ArgumentTypeError, match=r"encoder: .*load_encoder\(path\)"):
        write_features("elmo", TEXTS, path)


def test_an_encoder_without_layers_counts_as_one_layer(path):
    plain = Plain()
    features = write_features(plain, TEXTS, path)
    np.testing.assert_array_equal(features.vectors[:, 0], plain.encode(TEXTS))
    assert features.layers == ("0",)
    mixed = write_features(plain, TEXTS, path, layers="mix", overwrite=True)
    np.testing.assert_array_equal(mixed.vectors, features.vectors)
    with pytest.raises(ArgumentError, match="numbers from 0 to 0"):
        write_features(plain, TEXTS, path, layers=1)


@pytest.mark.parametrize("settings", [{"pool": None}, {"max_length": 2}])
def test_an_encoder_without_tokens_is_not_asked_for_them(path, settings):
    with pytest.raises(ArgumentTypeError, match=r"encoder: expected one with tokenize.*got Plain"):
        write_features(Plain(), TEXTS, path, **settings)
    assert left_in(path) == []


def test_tokens_of_an_encoder_without_layers(path):
    class Words(Plain):
        dim = Fake.dim

        def tokenize(self, text):
            return Fake().tokenize(text)

        def tokens(self, texts):
            return Fake().tokens(texts)

    features = write_features(Words(), TEXTS[:9], path, pool=None, max_length=3)
    for text, found in zip(TEXTS, features, strict=False):
        wanted = Fake().mix(next(Fake().layers([" ".join(text.split()[:3])])))
        np.testing.assert_array_equal(found[0], wanted)


def test_layers_and_lengths_as_numpy_has_them(path):
    features = write_features(
        Fake(), TEXTS[:3], path, layers=np.array([2, 0]), max_length=np.int64(2)
    )
    assert features.layers == ("2", "0")
    assert write_features(Fake(), TEXTS[:3], path, layers=[2, 0], max_length=2).dim == 4


def test_numbers_beyond_float16(path, monkeypatch):
    large = lambda self, texts: np.full((len(texts), 3, 4), 70_000, np.float32)  # noqa: E731
    monkeypatch.setattr(Fake, "pooled", large)
    with pytest.raises(ArgumentError, match="65,504"):
        write_features(Fake(), TEXTS, path, dtype="float16")
    assert write_features(Fake(), TEXTS, path).vectors.min() == 70_000


# Memory, and hostile files.


@pytest.mark.parametrize("pool", ["mean", None])
def test_memory_does_not_grow_with_the_texts(tmp_path, monkeypatch, pool):
    monkeypatch.setattr(module, "BLOCK", 50)
    monkeypatch.setattr(module, "TOKEN_BLOCK", 50)

    def peak(n):
        texts = (f"{'word ' * 40}{i}" for i in range(n))
        tracemalloc.start()
        features = write_features(Fake(), texts, tmp_path / f"{n}.safetensors", pool=pool)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(features) == n
        return size

    peak(60)  # what is imported and cached once
    few, many = peak(200), peak(2000)
    assert many - few < 20_000  # the rows themselves are 86 kB, or 3.5 MB


def damaged(path, **changes):
    """Write the file anew with other metadata or other tensors."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= changes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "inlay-table"},
        {"version": "2"},
        {"settings": "no JSON"},
        {"settings": "[]"},
        {"settings": "{}"},
        {"settings": '{"layers": 3, "pool": "mean"}'},
        {"settings": '{"layers": ["0"], "pool": "mean"}'},
        {"settings": '{"layers": ["0", "1", "2"], "pool": null}'},
    ],
)
def test_files_that_are_not_what_they_say(path, changes):
    write_features(Fake(), TEXTS[:3], path)
    damaged(path)
    assert len(Features.open(path)) == 3
    damaged(path, **changes)
    with pytest.raises(FormatError):
        Features.open(path)


def test_offsets_that_do_not_fit(path):
    write_features(Fake(), ["a b", "c"], path, pool=None)
    data = bytearray(path.read_bytes())
    data[-8] += 1
    path.write_bytes(data)
    with pytest.raises(FormatError, match="offsets from 0 to 3"):
        Features.open(path)


def test_writing_to_the_arrays_does_not_reach_the_file(path):
    features = write_features(Fake(), ["a b", "c"], path)
    before = path.read_bytes()
    features.vectors[:] = 7
    assert path.read_bytes() == before
    with pytest.raises(IdError, match="below 2"):
        features.text(2)
    with pytest.raises(IdError):
        features.text(-3)
    np.testing.assert_array_equal(features[np.int64(-1)], features.text(1))
    for wrong in (1.0, "a", slice(0, 1), None, True):
        with pytest.raises(IdError, match=r"text: expected a whole number below 2.*\.vectors\["):
            features[wrong]


@pytest.mark.parametrize("pool", ["mean", None])
def test_texts_of_a_file_in_another_encoding(tmp_path, path, pool):
    texts = ["영화가 좋다", "아주 재미있는 이야기였다"] * 3
    file = tmp_path / "texts.txt"
    file.write_bytes("\n".join(texts).encode("cp949"))
    with pytest.raises(FormatError, match=r"line 1: .* Try: encoding='cp949'"):
        write_features(Fake(), file, path, pool=pool, progress=False)
    features = write_features(Fake(), file, path, pool=pool, encoding="cp949", progress=False)
    expected = write_features(Fake(), texts, tmp_path / "g.safetensors", pool=pool)
    np.testing.assert_array_equal(features.vectors, expected.vectors)
    with pytest.raises(ArgumentError, match="encoding: expected none, for texts are decoded"):
        write_features(Fake(), texts, path, encoding="cp949")
