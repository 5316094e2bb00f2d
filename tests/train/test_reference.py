"""The reference itself: what is written down in it, against what it is derived from."""

import numpy as np

from tests.train.reference import sigmoid, skip_gram_pair

RNG = np.random.default_rng(0)


def test_a_pair_climbs_its_likelihood():
    """The steps are the gradient of equation 4, by finite differences."""
    vectors = {"x": RNG.normal(size=5), "c": RNG.normal(size=5), "n": RNG.normal(size=(3, 5))}
    share = 0.6

    def likelihood(x, c, n):
        return np.log(sigmoid(x @ c)) + share * np.log(sigmoid(-n @ x)).sum()

    steps = skip_gram_pair(vectors["x"], vectors["c"], vectors["n"], share)
    for name, step in zip(vectors, steps, strict=True):
        for place in np.ndindex(step.shape):
            up, down = ({**vectors, name: vectors[name].copy()} for _ in range(2))
            up[name][place] += 1e-6
            down[name][place] -= 1e-6
            slope = (likelihood(**up) - likelihood(**down)) / 2e-6
            np.testing.assert_allclose(step[place], slope, rtol=1e-6, atol=1e-9)
