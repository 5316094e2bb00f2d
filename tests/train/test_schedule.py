import numpy as np

from inlay.train.schedule import seed_of


def test_seeds_differ_in_about_half_their_bits():
    seeds = [seed_of(seed, piece) for seed in range(3) for piece in range(100)]
    assert len(set(seeds)) == 300
    bits = np.unpackbits(np.array(seeds, np.uint64).view(np.uint8).reshape(300, 8), axis=1)
    np.testing.assert_allclose(bits.mean(0), 0.5, atol=0.15)
