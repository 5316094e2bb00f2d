import numpy as np
import pytest

from inlay import containers
from inlay.errors import FormatError, InlayError, MissingFileError
from tests.data import shared

tf = pytest.importorskip("tensorflow")
ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture
def prefix(tmp_path):
    """Written as TensorFlow's Saver does."""
    arrays = {
        "lm/rows": ROWS,
        "lm/brain": tf.cast(ROWS, tf.bfloat16),
        "step": np.int64(7),
        "text": b"abc" * 5,
    }
    part = f"{tmp_path}/part"
    tensors = [tf.constant(array) for array in arrays.values()]
    tf.raw_ops.SaveV2(
        prefix=part, tensor_names=list(arrays), shape_and_slices=[""] * 4, tensors=tensors
    )
    to = tmp_path / "model.ckpt"
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=[part], destination_prefix=str(to))
    return to


@pytest.mark.parametrize("suffix", ["", ".index", ".data-00000-of-00001"])
def test_variables_by_name(prefix, suffix):
    with containers.open(prefix.with_name(prefix.name + suffix)) as file:
        assert (file.kind, list(file)) == ("tensorflow", ["lm/brain", "lm/rows", "step", "text"])
        assert (file["lm/rows"].shape, file["lm/rows"].dtype) == ((4, 3), np.float32)
        assert file["lm/brain"].dtype == np.float32
        for name in ("lm/rows", "lm/brain"):
            assert np.array_equal(file[name], ROWS)
            assert file[name][...].dtype == np.float32
        assert np.array_equal(file["lm/rows"][1:3], ROWS[1:3])
        assert file["step"][...] == 7


def test_the_name_says_nothing(prefix):
    index = prefix.with_name("model.ckpt.index")
    index.write_bytes(b"no index of anything")
    with pytest.raises(MissingFileError, match="nothing there"):
        containers.open(prefix)
    with pytest.raises(FormatError, match=r"a file of arrays: .*tensorflow.* begins with b"):
        containers.open(index)
    with pytest.raises(FormatError, match="a TensorFlow checkpoint"):
        containers.open(prefix, kind="tensorflow")


def test_data_that_are_shorter_than_the_index_says(prefix):
    data = prefix.with_name("model.ckpt.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:60])
    with containers.open(prefix) as file, pytest.raises(FormatError, match="lm/brain: expected"):
        file["lm/brain"][...]
    data.write_bytes(b"")
    with pytest.raises(FormatError, match=r"24 bytes for 'lm/brain' \(4, 3\), got 0 bytes of data"):
        containers.open(prefix)


def test_sizes_that_the_file_does_not_hold(tmp_path, monkeypatch, prefix):
    real = tf.train.load_checkpoint

    class Lies:
        def __init__(self, path):
            self.real = real(path)

        def get_variable_to_shape_map(self):
            return self.real.get_variable_to_shape_map() | {"lm/rows": [2**40, 3]}

        def get_variable_to_dtype_map(self):
            return self.real.get_variable_to_dtype_map()

    monkeypatch.setattr(tf.train, "load_checkpoint", Lies)
    with pytest.raises(FormatError, match=r"bytes for 'lm/rows' \(1099511627776, 3\)"):
        containers.open(prefix)


def test_damage_is_an_error_of_ours_or_none(prefix):
    index, rng, failures = prefix.with_name("model.ckpt.index"), np.random.default_rng(0), 0
    data = index.read_bytes()
    for _ in range(60):
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
    assert failures > 10


def test_real_checkpoints_are_recognised():
    indexes = sorted(shared().rglob("*.index"))
    assert indexes
    for index in indexes:
        assert containers.kind_of_file(index) is containers.tensorflow.TensorFlow, index
