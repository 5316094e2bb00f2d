import numpy as np
import pytest

from inlay.kernels.binary import scan_strings, scan_words


def scan(data, rows, dim, kernel, start=0):
    bits, bounds = np.zeros((rows, dim), np.uint32), np.zeros((rows, 2), np.int64)
    n, end, is_finite = kernel(np.frombuffer(data, np.uint8), start, bits, bounds)
    tokens, vectors = [data[a:b] for a, b in bounds[:n].tolist()], bits[:n].view(np.float32)
    assert is_finite == np.isfinite(vectors).all()
    return tokens, vectors.tolist(), end


@pytest.mark.parametrize("kernel", [scan_words, scan_words.py_func], ids=["compiled", "python"])
class TestScanWords:
    one, two = np.array([1, 2], np.float32).tobytes(), np.array([3, 4], np.float32).tobytes()

    @pytest.mark.parametrize("gap", [b"", b"\n"])
    def test_words_with_and_without_line_feeds(self, kernel, gap):
        data = b"a " + self.one + gap + "é ".encode() + self.two + gap
        assert scan(data, 5, 2, kernel) == ([b"a", "é".encode()], [[1, 2], [3, 4]], len(data))

    def test_stops_before_a_word_that_is_cut(self, kernel):
        data = b"a " + self.one + b"\nb " + self.two
        for cut in range(len(b"a " + self.one) + 1, len(data)):
            tokens, _, end = scan(data[:cut], 5, 2, kernel)
            assert tokens == [b"a"]
            assert end == 11

    def test_stops_when_the_room_is_full(self, kernel):
        data = b"a " + self.one + b"b " + self.two
        assert scan(data, 1, 2, kernel) == ([b"a"], [[1, 2]], 10)
        assert scan(data, 1, 2, kernel, start=10) == ([b"b"], [[3, 4]], 20)

    @pytest.mark.parametrize("x", [np.nan, -np.nan, np.inf, -np.inf, -0.0, 1e-45, -3.4028235e38])
    def test_numbers_that_are_not_finite_are_noticed(self, kernel, x):
        for at in range(4):
            row = np.ones(4, np.float32)
            row[at] = x
            data = b"a " + row.tobytes() + b"b " + self.one * 2
            assert np.array_equal(scan(data, 2, 4, kernel)[1][0], row, equal_nan=True)


@pytest.mark.parametrize("kernel", [scan_strings, scan_strings.py_func], ids=["compiled", "python"])
class TestScanStrings:
    data = b"..\2\0\0\0ab??\0\0\0\0??\1\0\0\0c??"

    def found(self, kernel, data, rows):
        bounds = np.zeros((rows, 2), np.int64)
        n, end = kernel(np.frombuffer(data, np.uint8), 2, 2, bounds)
        return [data[a:b] for a, b in bounds[:n].tolist()], end

    def test_strings_and_what_is_between_them(self, kernel):
        assert self.found(kernel, self.data, 3) == ([b"ab", b"", b"c"], len(self.data))
        assert self.found(kernel, self.data, 2) == ([b"ab", b""], 16)

    def test_stops_before_a_string_that_is_cut(self, kernel):
        for cut in range(16, len(self.data)):
            assert self.found(kernel, self.data[:cut], 3) == ([b"ab", b""], 16)
        assert self.found(kernel, b"..\xff\xff\xff\xff" + self.data, 3) == ([], 2)
