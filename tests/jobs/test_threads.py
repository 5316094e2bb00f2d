import os
import signal
import threading
import time

import numpy as np
import pytest

from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.threads import Pool, available_workers, run_pieces, run_rounds, thread_count
from tests.processes import ctrl_c_works, posix


def run(work, n, threads):
    run_pieces(work, range(n), range(threads))


def test_results_come_in_order_and_few_at_a_time():
    started: list[int] = []

    def work(item):
        started.append(item)
        return item * item

    with Pool(4) as pool:
        results = pool.in_order(work, range(100), 5)
        assert next(results) == 0
        assert len(started) <= 6
        assert list(results) == [i * i for i in range(1, 100)]


def test_an_error_in_a_thread_is_raised_where_the_results_are_taken():
    with Pool(2) as pool, pytest.raises(ZeroDivisionError):
        list(pool.in_order(lambda x: 1 // x, [1, 0], 2))


@pytest.mark.parametrize("how", ["in_order", "map"])
def test_an_error_drops_what_has_not_begun_and_waits_for_what_has(how):
    begun, ended, before = [], [], threading.active_count()

    def work(item):
        begun.append(item)
        time.sleep(0.02)
        ended.append(item)

    with pytest.raises(KeyboardInterrupt), Pool(2) as pool:
        results = (
            pool.map(work, range(100))
            if how == "map"
            else iter(pool.in_order(work, range(100), 50))
        )
        next(results)
        raise KeyboardInterrupt
    assert len(begun) < 20
    assert sorted(begun) == sorted(ended)
    assert threading.active_count() == before


def test_no_more_threads_than_cores():
    assert 1 <= thread_count() <= min(os.cpu_count() or 1, 8)


def test_workers():
    assert available_workers() >= 1
    assert available_workers(5) == 5
    assert type(available_workers(np.int64(2))) is int
    with pytest.raises(ArgumentError, match="workers"):
        available_workers(0)
    with pytest.raises(ArgumentTypeError, match="workers"):
        available_workers(2.0)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_piece_once(threads):
    done = []
    run(lambda piece, scratch: done.append(piece) or 1, 50, threads)
    assert sorted(done) == list(range(50))


def test_pieces_may_come_from_a_generator_that_ends_early():
    done = []

    def pieces():
        for piece in range(10):
            yield piece
            if len(done) >= 3:
                return

    run_pieces(lambda piece, scratch: done.append(piece), pieces(), range(1))
    assert done == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 3])
def test_rounds_are_settled_in_order_when_all_their_pieces_have_ended(threads):
    seen, inside = [], []

    def work(piece, scratch):
        inside.append(scratch)
        assert inside.count(scratch) == 1, "two threads have one scratch"
        time.sleep(0.001 * (7 - piece % 7))
        inside.remove(scratch)
        return piece

    def settle(results, spread):
        assert inside == []
        spread(lambda i: seen.append(results[i]) if i == 0 else None, len(results))
        seen[-1] = results

    run_rounds(work, settle, [range(5), range(5, 8)], range(threads))
    assert seen == [[0, 1, 2, 3, 4], [5, 6, 7]]


def test_an_error_in_a_round_comes_out():
    settled = []
    with pytest.raises(ZeroDivisionError):
        run_rounds(
            lambda piece, scratch: 1 // (4 - piece),
            lambda results, spread: settled.append(results),
            [[0, 1], [3, 4], [5]],
            range(2),
        )
    assert settled == [[0, 0]]


@pytest.mark.parametrize("where", ["piece", "part", "settle", "rounds"])
def test_an_error_anywhere_in_rounds_leaves_no_thread(where):
    before, settled = threading.active_count(), []

    def fail(here, i=3):
        assert here != where or i != 3, here

    def settle(results, spread):
        fail("settle")
        spread(lambda i: fail("part", i), 4)
        settled.append(results)

    def rounds():
        yield range(3)
        fail("rounds")
        yield range(4)

    with pytest.raises(AssertionError, match=where):
        run_rounds(lambda piece, _: fail("piece", piece), settle, rounds(), range(3))
    assert len(settled) == (where in ("piece", "rounds"))
    assert threading.active_count() == before


@posix
@pytest.mark.parametrize("scratches", [[0], [0, 1, 2]])
def test_ctrl_c_ends_a_round_first(scratches):
    settled = []

    def work(piece, scratch):
        if piece == 5:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        return piece

    with ctrl_c_works(), pytest.raises(KeyboardInterrupt):
        run_rounds(
            work, lambda r, _: settled.extend(r), [[i, i + 1] for i in range(0, 900, 2)], scratches
        )
    assert settled == list(range(len(settled)))
    assert 6 <= len(settled) < 50


def test_each_thread_keeps_to_its_scratch():
    users, both = {}, threading.Barrier(2)

    def work(piece, scratch):
        if piece < 2:
            both.wait(30)  # so that neither thread does all
        users.setdefault(scratch, set()).add(threading.get_ident())
        return 1

    run(work, 200, 2)
    assert [len(users[scratch]) for scratch in range(2)] == [1, 1]
    assert users[0] != users[1]


def test_failure_stops_the_others():
    begun = []

    def work(piece, scratch):
        begun.append(piece)
        if piece == 3:
            raise RuntimeError("piece 3")
        return 1

    with pytest.raises(RuntimeError, match="piece 3"):
        run(work, 10**7, 2)
    assert len(begun) < 10**6


@posix
@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_every_thread_after_its_present_piece(threads):
    begun, ended, before = [], [], threading.active_count()

    def work(piece, scratch):
        begun.append(piece)
        if piece == 5:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        ended.append(piece)
        return 1

    with ctrl_c_works(), pytest.raises(KeyboardInterrupt):
        run(work, 1000, threads)
    assert len(begun) < 50
    assert sorted(begun) == sorted(ended)
    assert threading.active_count() == before
