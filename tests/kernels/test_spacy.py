import numpy as np
import pytest

from inlay.core.tokens import pack
from inlay.kernels.spacy import murmur_hashes, scan_numbers

# What spaCy 3.8 gives for these strings: `spacy.strings.hash_string`.
HASHES = {
    "": 14313749767032693980,
    "a": 11901859001352538922,
    "the": 7425985699627899538,
    "abcdefg": 18200195881963043692,
    "abcdefgh": 17751780907874141760,
    "é": 16256712947286012828,
    "영화": 4409196680614875897,
    "x" * 100: 8460673862528987856,
}


@pytest.mark.parametrize("kernel", [murmur_hashes, murmur_hashes.py_func], ids=["jit", "python"])
@pytest.mark.filterwarnings("ignore:overflow encountered")  # plain numpy says that it wraps
def test_hashes_are_spacy_s(kernel):
    hashes = np.empty(len(HASHES), np.uint64)
    kernel(*pack(list(HASHES)), np.uint64(1), hashes)
    assert hashes.tolist() == list(HASHES.values())


NUMBERS = {
    b"\x05": 5,
    b"\x7f": 127,
    b"\xcc\xff": 255,
    b"\xcd\x01\x00": 256,
    b"\xce\xff\xff\xff\xff": 2**32 - 1,
    b"\xcf" + b"\xff" * 8: 2**64 - 1,
    b"\xff": 2**64 - 1,
    b"\xd0\xfe": 2**64 - 2,
    b"\xd1\x00\x05": 5,
    b"\xd2\xff\xff\xff\xfd": 2**64 - 3,
    b"\xd3\x00\x00\x00\x00\x00\x00\x00\x07": 7,
}


@pytest.mark.parametrize("kernel", [scan_numbers, scan_numbers.py_func], ids=["jit", "python"])
class TestScanNumbers:
    def found(self, kernel, data, room=20):
        numbers = np.zeros(room, np.uint64)
        n, end = kernel(np.frombuffer(data, np.uint8), 0, numbers)
        return numbers[:n].tolist(), end

    def test_every_kind_of_number(self, kernel):
        data = b"".join(NUMBERS)
        assert self.found(kernel, data) == (list(NUMBERS.values()), len(data))
        assert self.found(kernel, data, 3) == ([5, 127, 255], 4)

    def test_stops_before_what_is_cut_or_no_number(self, kernel):
        for number, value in NUMBERS.items():
            for end in range(1, len(number)):
                assert self.found(kernel, b"\x01" + number[:end]) == ([1], 1)
            for other in (b"\xa1a", b"\xc0", b"\x81\1\1", b"\x91\1"):
                assert self.found(kernel, number + other) == ([value], len(number))
