import sys

import numpy as np
import pytest
from fuzz import checkpoints
from fuzz.checkpoints import Brain, Sliced, message, write

from inlay import containers, load
from inlay.containers import tensorflow
from inlay.errors import FormatError, InlayError, MissingFileError, MissingPackageError
from tests.data import shared
from tests.processes import in_fresh, soon

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


class Grid(Sliced):
    """An array in slices of the first row and the others, each of these in two columns and one."""

    def parts(self):
        rows, columns = [(0, 1), (1, 3)], [(0, 2), (2, 1)]
        return [
            ((row, column), self.array[row[0] :][: row[1], column[0] :][:, : column[1]])
            for row in rows
            for column in columns
        ]


TEXTS = np.array([[b"ab", b""], [b"xyz" * 99, "é".encode()]], object)
ARRAYS = {
    "lm/rows": ROWS,
    "lm/brain": Brain(ROWS),
    "half": ROWS.astype(np.float16),
    "step": np.int64(7),
    "text": np.array(b"abc" * 5),
    "texts": TEXTS,
    "some": np.zeros((0, 3), np.int32),
    "rows in slices": Sliced(ROWS, [0, 1, 3]),
    "columns in slices": Sliced(ROWS.astype(np.float64), [0, 2], axis=1),
    "both in slices": Grid(ROWS, []),
}
VALUES = {
    name: array.array if isinstance(array, Brain | Sliced) else array
    for name, array in ARRAYS.items()
}


@pytest.fixture
def prefix(tmp_path):
    return write(tmp_path / "model.ckpt", ARRAYS)


def data_of(prefix):
    return prefix.with_name(f"{prefix.name}.data-00000-of-00001")


def change(prefix, how):
    """Write the index again after `how` has changed its keys and values."""
    found, _ = checkpoints.pairs_of(ARRAYS)
    found = dict(found)
    how(found)
    pairs = sorted(found.items())
    index = checkpoints.table([(pairs[-1][0], checkpoints.block(pairs))])
    prefix.with_name("model.ckpt.index").write_bytes(index)


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_variables_by_name(prefix, suffix):
    with containers.open(prefix.with_name(prefix.name + suffix)) as file:
        assert (file.kind, list(file)) == ("tensorflow", sorted(ARRAYS))
        for name, value in VALUES.items():
            assert file[name].shape == np.shape(value)
            assert file[name].dtype == file[name][...].dtype
            assert np.array_equal(file[name], value)
        assert file["lm/brain"].dtype == np.float32
        assert file["texts"].dtype == object


@pytest.mark.parametrize("settings", [{"order": ">"}, {"shards": 3}, {"per_block": 2}])
def test_every_layout(tmp_path, settings):
    with containers.open(write(tmp_path / "x", ARRAYS, **settings)) as file:
        for name, value in VALUES.items():
            assert np.array_equal(file[name], value), name
        assert file["lm/rows"].dtype.byteorder == (">" if "order" in settings else "=")


@pytest.mark.parametrize(
    "index",
    [
        2,
        -1,
        np.int64(1),
        slice(1, 3),
        slice(3, 1),
        slice(None, None, -2),
        [3, 0, 3, -1],
        np.array([], int),
    ],
    ids=str,
)
def test_rows_are_read_as_numpy_would(prefix, index):
    with containers.open(prefix) as file:
        for name in ("lm/rows", "lm/brain", *(key for key in ARRAYS if "slices" in key)):
            found = file[name][index]
            assert isinstance(found, np.ndarray)
            assert found.dtype == file[name].dtype
            assert np.array_equal(found, VALUES[name][index])
        assert np.array_equal(file["rows in slices"][1:, :2], ROWS[1:, :2])


def test_rows_of_slices_are_read_from_the_slices_that_hold_them(prefix, monkeypatch):
    asked, real = [], tensorflow.LazyArray

    class Noted(real):
        def __getitem__(self, index):
            asked.append((self.shape[0], np.asarray(index).tolist()))
            return super().__getitem__(index)

    monkeypatch.setattr(tensorflow, "LazyArray", Noted)
    with containers.open(prefix) as file:
        assert np.array_equal(file["rows in slices"][[3, 0]], ROWS[[3, 0]])
    assert asked == [(1, [0]), (1, [0])]


def test_tensorflow_is_not_needed(prefix):
    assert in_fresh(without_tensorflow, prefix) == ROWS.tolist()


def without_tensorflow(prefix):
    sys.modules["tensorflow"] = None
    with containers.open(prefix) as file:
        return file["lm/rows"][...].tolist()


def test_rows_share_the_map_and_a_few_of_bfloat16_are_widened(tmp_path, monkeypatch):
    many = np.zeros((10_000, 3), np.float32)
    prefix, asked = write(tmp_path / "x", {"rows": many, "brain": Brain(many)}), []
    monkeypatch.setattr(
        tensorflow, "widened", lambda bits: asked.append(bits.shape) or bits.astype(np.float32)
    )
    with containers.open(prefix) as file:
        assert not file["rows"][5:9].flags.owndata
        assert file["brain"][[7, 5]].shape == (2, 3)
    assert asked == [(2, 3)]


def test_data_are_mapped_and_never_written_to(prefix):
    before = data_of(prefix).read_bytes()
    found = containers.open(prefix)["lm/rows"][...]
    found[...] = 9
    assert data_of(prefix).read_bytes() == before


def test_changed_bytes_are_noticed_when_all_are_read(prefix):
    data = bytearray(data_of(prefix).read_bytes())
    with containers.open(prefix) as file:
        whole = {name: np.array(entry) for name, entry in file.items()}
    noticed = set()
    for at in range(len(data)):
        data[at] ^= 1
        data_of(prefix).write_bytes(data)
        data[at] ^= 1
        with containers.open(prefix) as file:
            for name, entry in file.items():
                try:
                    found = entry[...]
                except FormatError:
                    noticed.add(at)
                else:
                    assert np.array_equal(found, whole[name]), name
    assert noticed == set(range(len(data)))
    data_of(prefix).write_bytes(bytes(len(data)))
    with containers.open(prefix) as file:
        assert not file["lm/rows"][1:2].any()  # a few rows are not worth a look at all


def test_many_bytes_have_checksums_too(tmp_path):
    many = np.arange(50_000, dtype=np.float32)
    prefix = write(tmp_path / "x", {"many": many})
    assert np.array_equal(containers.open(prefix)["many"], many)
    data = bytearray(data_of(prefix).read_bytes())
    data[-1] ^= 128
    data_of(prefix).write_bytes(data)
    with pytest.raises(FormatError, match=r"x, many: .* got others \(bad CRC-32C\)"):
        containers.open(prefix)["many"][...]


def test_a_saved_model_is_a_folder(tmp_path):
    write(tmp_path / "m" / "variables" / "variables", ARRAYS)
    with pytest.raises(MissingFileError, match="got a folder"):
        containers.open(tmp_path / "m")
    (tmp_path / "m" / "saved_model.pb").write_bytes(b"")
    for kind in (None, "tensorflow"):
        with containers.open(tmp_path / "m", kind=kind) as file:
            assert np.array_equal(file["lm/rows"], ROWS)


@pytest.mark.parametrize(
    "note", ["model.ckpt-10", "/home/me/run/model.ckpt-10", "C:\\\\model.ckpt-10"]
)
def test_the_last_of_several_checkpoints_by_their_folder(tmp_path, note):
    for step in (9, 10, 11):
        write(tmp_path / f"model.ckpt-{step}", {"step": np.int64(step)})
    with pytest.raises(MissingFileError, match="got a folder"):
        containers.open(tmp_path)
    (tmp_path / "checkpoint").write_text(
        f'model_checkpoint_path: "{note}"\nall_model_checkpoint_paths: "model.ckpt-9"\n'
    )
    with containers.open(tmp_path) as file:
        assert file["step"][...] == 10
    for text in ("", 'model_checkpoint_path: "gone"', 'model_checkpoint_path: "'):
        (tmp_path / "checkpoint").write_text(text)
        with pytest.raises(MissingFileError, match="got a folder"):
            containers.open(tmp_path)


def test_the_name_says_nothing(prefix):
    index = prefix.with_name("model.ckpt.index")
    index.write_bytes(b"no index of anything")
    with pytest.raises(MissingFileError, match="nothing there"):
        containers.open(prefix)
    with pytest.raises(FormatError, match=r"a file of arrays: .*tensorflow.* begins with b"):
        containers.open(index)
    with pytest.raises(FormatError, match="a TensorFlow checkpoint's index with a footer"):
        containers.open(prefix, kind="tensorflow")


def test_an_old_checkpoint_says_that_it_is_old(tmp_path):
    meta = message((1, message((1, b"rows"))))
    for content, got in ((meta, "an older one"), (None, "a sorted table of something else")):
        pairs = [(b"a" if content is None else b"", content or b"")]
        (tmp_path / "model.ckpt-7").write_bytes(
            checkpoints.table([(pairs[0][0], checkpoints.block(pairs))])
        )
        with pytest.raises(FormatError, match=f"TensorFlow 0.12 or newer, got {got}"):
            containers.open(tmp_path / "model.ckpt-7")


def test_data_that_are_shorter_than_the_index_says(prefix):
    data = data_of(prefix)
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(
        FormatError,
        match=r"slices: expected a TensorFlow checkpoint with 12 bytes at byte \d+, got \d+ bytes",
    ):
        containers.open(prefix)
    data.unlink()
    with pytest.raises(MissingFileError, match=r"in model\.ckpt\.data-00000-of-00001, got no such"):
        containers.open(prefix)


def entry_of(dtype=1, shape=(4, 3), size=48, file=0, offset=0, more=()):
    sizes = (2, checkpoints.shape_of(shape)), (3, file), (4, offset), (5, size)
    return message((1, dtype), *sizes, *more)


@pytest.mark.parametrize(
    ("entry", "got"),
    [
        (entry_of(shape=(2**40, 3)), r"13194139533312 bytes for float32 \(1099511627776, 3\)"),
        (entry_of(shape=(2**40, 3), size=12 * 2**40), r"13194139533312 bytes at byte 0, got"),
        (entry_of(offset=2**63, size=0, shape=(0,)), "0 bytes at byte 9223372036854775808"),
        (entry_of(shape=(-1, 3)), "sizes of at least 0, got -1"),
        (entry_of(shape=[0] + [2**57] * 9, size=0), "a shape that can be"),
        (entry_of(shape=[1] * 40, size=4), "a shape that can be"),
        (entry_of(dtype=7, shape=(2**40,)), "at least 1099511627780 bytes for 1099511627776 texts"),
        (entry_of(file=1), r"data in model\.ckpt\.data-00001-of-00001"),
        (b"\x08", "a number without an end"),
        (b"\x0a\xff\x7f", "a field 1 of 16383 bytes where 0 are left"),
    ],
)
def test_sizes_that_the_files_do_not_hold(prefix, entry, got):
    change(prefix, lambda found: found.update({b"lm/rows": entry}))
    with soon(), pytest.raises(InlayError, match=got):
        containers.open(prefix)


def extents(*places):
    return tuple(
        (7, message(*((1, message((1, start % 2**64), (2, size))) for start, size in place)))
        for place in places
    )


@pytest.mark.parametrize(
    ("slices", "got"),
    [
        ([((0, 1), (0, 3))], "all slices of the variable"),
        ([((1, 2), (0, 3))], "all slices of the variable"),
    ],
)
def test_slices_that_are_not_there(prefix, slices, got):
    entry = entry_of(size=0, more=extents(*slices))
    change(prefix, lambda found: found.update({b"lm/rows": entry}))
    with pytest.raises(FormatError, match=got):
        containers.open(prefix)


@pytest.mark.parametrize(
    ("starts", "change_of", "got"),
    [
        ([0, 1, 3], lambda s: [s[0], s[2]], "a slice that begins at 1, got one at 3"),
        ([0, 1, 3], lambda s: s[:2], "slices of 4 in all, got 3"),
        ([0, 1, 3], lambda s: [s[0], *s], "each once, got 4 of 1, where 3 fill it"),
    ],
)
def test_slices_that_do_not_fill_the_variable(starts, change_of, got):
    from inlay.containers.sliced import joined

    parts = [
        (place, containers.LazyArray(piece.shape, piece.dtype, piece.__getitem__))
        for place, piece in Sliced(ROWS, starts).parts()
    ]
    assert np.array_equal(joined((4, 3), parts, "x"), ROWS)
    with pytest.raises(FormatError, match=got):
        joined((4, 3), change_of(parts), "x")
    cells = [
        (place, containers.LazyArray(piece.shape, piece.dtype, piece.__getitem__))
        for place, piece in Grid(ROWS, []).parts()
    ]
    assert np.array_equal(joined((4, 3), cells, "x"), ROWS)
    with pytest.raises(FormatError, match="each once, got 3 of 1, where 4 fill it"):
        joined((4, 3), cells[1:], "x")
    with pytest.raises(FormatError, match="each once, got 4 of 1, where 4 fill it"):
        joined((4, 3), [*cells[1:], cells[1]], "x")
    with pytest.raises(FormatError, match=r"a slice of shape \(1, 4\)"):
        joined((4, 4), [(((0, 1), (0, -1)), parts[0][1])], "x")


def test_types_that_are_no_numbers_are_refused_when_they_are_read(prefix):
    change(prefix, lambda found: found.update({b"lm/rows": entry_of(dtype=24)}))
    with containers.open(prefix) as file:
        assert file["lm/rows"].shape == (4, 3)
        with pytest.raises(FormatError, match="numbers or texts, got float8_e5m2"):
            file["lm/rows"][...]


def test_an_index_that_is_packed(tmp_path):
    cramjam = pytest.importorskip("cramjam")
    prefix = write(
        tmp_path / "x", ARRAYS, pack=lambda block: bytes(cramjam.snappy.compress_raw(block))
    )
    assert np.array_equal(containers.open(prefix)["lm/rows"], ROWS)


def test_an_index_that_is_packed_needs_a_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cramjam", None)
    prefix = write(
        tmp_path / "x", ARRAYS, pack=lambda block: checkpoints.varint(len(block)) + block
    )
    with pytest.raises(MissingPackageError, match=r"'cramjam'.*inlay\[snappy\]"):
        containers.open(prefix)
    prefix = write(tmp_path / "x", ARRAYS, pack=lambda block: checkpoints.varint(2**40) + block)
    with soon(), pytest.raises(FormatError, match="bytes in a block, got 1099511627776"):
        containers.open(prefix)


def test_damage_is_an_error_of_ours_or_none(prefix):
    index, rng, failures = prefix.with_name("model.ckpt.index"), np.random.default_rng(0), 0
    data = index.read_bytes()
    for _ in range(200):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            broken[at] = rng.integers(256)
        index.write_bytes(broken[: rng.integers(len(data) // 2, len(data) * 2)])
        try:
            file = containers.open(prefix, kind="tensorflow")
            read = [entry[...] for entry in file.values()]
        except InlayError:
            failures += 1
        else:
            assert len(read) == len(file)
    assert failures > 150


def same(found, expected):
    """Bit for bit, NaN included."""
    expected = np.asarray(expected, object if isinstance(expected, bytes) else None)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    if found.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        assert found.tobytes() == expected.tobytes()


def check_as_tensorflow_does(prefix, cast=lambda value: value):
    tf = pytest.importorskip("tensorflow")
    reader = tf.train.load_checkpoint(str(prefix))
    with containers.open(prefix) as file:
        assert list(file) == sorted(reader.get_variable_to_shape_map())
        for name, entry in file.items():
            expected = cast(reader.get_tensor(name))
            same(entry[...], expected)
            if entry.ndim:
                same(entry[1:3], expected[1:3])


@pytest.mark.parametrize("shards", [1, 3])
def test_what_we_write_for_tests_is_what_tensorflow_reads(tmp_path, shards):
    prefix = write(tmp_path / "x", ARRAYS, shards=shards, per_block=2)
    wide = lambda value: value if value.__class__ is bytes else np.asarray(value)  # noqa: E731
    check_as_tensorflow_does(
        prefix, lambda v: np.float32(v) if getattr(v, "dtype", 0) == "bfloat16" else wide(v)
    )


def test_what_tensorflow_writes(tmp_path):
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(0)
    names = ["rows", "rows", "rows", "wide", "nan", "text"]
    rows = rng.standard_normal((200, 7)).astype(np.float32)
    bits = rng.integers(0, 2**32, 99, dtype=np.uint32).view(np.float32)
    tensors = [rows[:64], rows[64:199], rows[199:], rng.standard_normal((9, 9)), bits]
    slices = ["200 7 0,64:-", "200 7 64,135:-", "200 7 199,1:-", "", "", ""]
    tensors = [tf.constant(tensor) for tensor in [*tensors, ["a", "é" * 200]]]
    part = f"{tmp_path}/part"
    tf.raw_ops.SaveV2(prefix=part, tensor_names=names, shape_and_slices=slices, tensors=tensors)
    check_as_tensorflow_does(tmp_path / "part")
    assert np.array_equal(containers.open(tmp_path / "part")["rows"], rows)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_partitioned_variable_of_tensorflow_1(tmp_path):
    tf = pytest.importorskip("tensorflow")
    v1, rows = tf.compat.v1, np.arange(33, dtype=np.float32).reshape(11, 3)
    with tf.Graph().as_default(), v1.Session() as session:
        parts = v1.get_variable(
            "model/embedding",
            shape=rows.shape,
            initializer=lambda shape, dtype, partition_info: rows[
                partition_info.var_offset[0] : partition_info.var_offset[0] + shape[0]
            ],
            partitioner=v1.fixed_size_partitioner(4),
        )
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model.ckpt"), global_step=5)
        one_by_one = {part.op.name: tf.convert_to_tensor(part) for part in parts}
        saver = v1.train.Saver(one_by_one)
        saver.save(session, str(tmp_path / "parts"), latest_filename="other")
    check_as_tensorflow_does(tmp_path / "model.ckpt-5")
    with containers.open(tmp_path) as file:
        assert list(file) == ["model/embedding"]
        assert np.array_equal(file["model/embedding"], rows)
        assert np.array_equal(file["model/embedding"][[10, 0, 5]], rows[[10, 0, 5]])
    tokens = [str(i) for i in range(len(rows))]
    table = load(tmp_path / "parts", name="model/embedding", tokens=tokens)
    assert np.array_equal(table.matrix, rows)


def test_a_saved_model_that_tensorflow_writes(tmp_path):
    tf = pytest.importorskip("tensorflow")
    module = tf.Module()
    module.embeddings = tf.Variable(ROWS)
    tf.saved_model.save(module, str(tmp_path / "m"))
    with containers.open(tmp_path / "m") as file:
        assert np.array_equal(file["embeddings/.ATTRIBUTES/VARIABLE_VALUE"], ROWS)
    check_as_tensorflow_does(tmp_path / "m" / "variables" / "variables")


def test_real_checkpoints_equal_what_tensorflow_reads():
    indexes = sorted(shared().rglob("*.index"))
    assert len(indexes) == 6
    for index in indexes:
        assert containers.kind_of_file(index) is tensorflow.TensorFlow, index
        check_as_tensorflow_does(tensorflow.prefix_of(index))


def test_real_embeddings_without_tensorflow():
    with containers.open(shared("savedmodel-keras-imdb-lstm")) as file:
        rows = [name for name, entry in file.items() if entry.shape == (10000, 16)]
        assert rows
    folder = shared("ckpt-tf1-zh-sentiment-cnn", "checkpoints", "textcnn")
    with containers.open(folder / "best_validation") as file:
        assert file["embedding"].shape == (3135, 64)
        assert np.array_equal(file["embedding"][[5, 7]], file["embedding"][...][[5, 7]])
