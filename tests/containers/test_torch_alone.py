"""What `torch.save` writes, by hand: where there is no torch to write it."""

import io
import zipfile

import numpy as np
import pytest

from inlay import containers
from inlay.errors import FormatError

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n("
    b"(X\7\0\0\0storagectorch\n%s\nX\1\0\0\x000X\3\0\0\0cpuK\x0c%stQ"
    b"K\0K\4K\3\x86K\3K\1\x86\x89ccollections\nOrderedDict\n)RtR"
)
STATE = b"\x80\2ccollections\nOrderedDict\n)RX\6\0\0\0weight%ss."
MAGIC = b"\x80\2\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def zipped(storage=b"FloatStorage", data=ROWS):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", STATE % (TENSOR % (storage, b"")))
        archive.writestr("archive/data/0", data.tobytes())
        archive.writestr("archive/version", b"3\n")
    return file.getvalue()


def older(storage=b"FloatStorage", data=ROWS):
    state, keys = STATE % (TENSOR % (storage, b"N")), b"\x80\2]X\1\0\0\x000a."
    before = MAGIC + b"\x80\2M\xe9\3." + b"\x80\2}."
    return before + state + keys + data.size.to_bytes(8, "little") + data.tobytes()


@pytest.mark.parametrize("layout", [zipped, older])
def test_a_tensor_and_its_rows(make, layout):
    with containers.open(make(layout(), "x")) as file:
        assert (file.kind, list(file)) == ("torch", ["weight"])
        for index in (..., [3, 0, 3], slice(1, 3), -1):
            assert np.array_equal(file["weight"][index], ROWS[index])


@pytest.mark.parametrize("layout", [zipped, older])
def test_bfloat16_is_read_as_float32(make, layout):
    bits = (ROWS.view(np.uint32) >> 16).astype("<u2")
    found = containers.open(make(layout(b"BFloat16Storage", bits), "x"))["weight"]
    assert found.dtype == found[[2, 1]].dtype == np.float32
    assert np.array_equal(found[[2, 1]], ROWS[[2, 1]])
    assert np.array_equal(found, ROWS)


@pytest.mark.parametrize("layout", [zipped, older])
def test_fewer_numbers_than_it_says(make, layout):
    with pytest.raises(
        FormatError, match="expected a state_dict with 48 bytes in storage 0, got 44"
    ):
        containers.open(make(layout(data=ROWS.ravel()[:11]), "x"))
    with pytest.raises(FormatError):
        containers.open(make(layout()[:-1], "x"))
