import numpy as np

from inlay.encode.remembering import Remembered
from tests.encode.features_fake import Plain


class Counting(Plain):
    asked = 0

    def encode(self, texts):
        self.asked += len(texts)
        return super().encode(texts)


def test_known_texts_are_looked_up_and_others_encoded():
    encoder = Counting()
    known = Remembered(encoder, ["ab", "c", "ab", ["x", "y"]])
    assert encoder.asked == 3
    found = known.encode(["c", ["x", "y"], "new", "ab", "new"])
    np.testing.assert_array_equal(found, Plain().encode(["c", ["x", "y"], "new", "ab", "new"]))
    assert encoder.asked == 5
    assert known.encode([]).shape == (0, 2)
    assert (known.hash, known.dim, known.settings) == (encoder.hash, 2, {})
    np.testing.assert_array_equal(Remembered(encoder, []).encode(["a"]), Plain().encode(["a"]))
