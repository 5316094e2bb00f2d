import threading

import numpy as np
import pytest

from inlay.jobs.progress import progress
from inlay.train.schedule import run_pieces, seed_of


@pytest.mark.parametrize("threads", [1, 3])
def test_every_piece_once(threads):
    done = []
    with progress(None, unit="", desc="") as report:
        run_pieces(lambda piece, scratch: done.append(piece) or 1, 50, range(threads), report)
    assert sorted(done) == list(range(50))


def test_each_thread_keeps_to_its_scratch():
    users = {}

    def work(piece, scratch):
        users.setdefault(scratch, set()).add(threading.get_ident())
        return 1

    with progress(None, unit="", desc="") as report:
        run_pieces(work, 200, range(2), report)
    assert all(len(threads) == 1 for threads in users.values())


def test_failure_stops_the_others():
    begun = []

    def work(piece, scratch):
        begun.append(piece)
        if piece == 3:
            raise RuntimeError("piece 3")
        return 1

    with progress(None, unit="", desc="") as report, pytest.raises(RuntimeError, match="piece 3"):
        run_pieces(work, 10**7, range(2), report)
    assert len(begun) < 10**6


def test_seeds_differ_in_about_half_their_bits():
    seeds = [seed_of(seed, piece) for seed in range(3) for piece in range(100)]
    assert len(set(seeds)) == 300
    bits = np.unpackbits(np.array(seeds, np.uint64).view(np.uint8).reshape(300, 8), axis=1)
    np.testing.assert_allclose(bits.mean(0), 0.5, atol=0.15)
