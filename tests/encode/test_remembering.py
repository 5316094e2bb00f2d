import numpy as np
import pytest

from inlay import Vectorizer
from inlay.encode.remembering import Remembered, encoded
from inlay.errors import ArgumentError
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


@pytest.mark.parametrize(
    ("vectors", "got"),
    [
        (np.ones((2, 4)), r"shape \(2, 4\)"),  # a column for each text: as many numbers
        (np.ones((4, 3)), r"shape \(4, 3\)"),
        (np.ones(8), r"shape \(8,\)"),
        ([[1, 2], [3]], "list"),
        (np.full((4, 2), np.nan), "NaN or infinity"),
    ],
)
def test_vectors_of_another_shape_do_not_pass_for_those_of_the_texts(vectors, got):
    class Odd(Plain):
        def encode(self, texts):
            return vectors

    texts = ["a", "b", "c", "d"]
    for run in (lambda: encoded(Odd(), texts), lambda: Vectorizer(Odd()).fit_transform(texts)):
        with pytest.raises(ArgumentError, match=rf"encoder: .*shape \(4, 2\).* got .*{got}"):
            run()
