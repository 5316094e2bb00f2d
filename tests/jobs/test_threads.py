import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from inlay.errors import ArgumentError
from inlay.jobs.threads import available_workers, in_order, thread_count


def test_results_come_in_order_and_few_at_a_time():
    started: list[int] = []

    def work(item):
        started.append(item)
        return item * item

    with ThreadPoolExecutor(4) as pool:
        results = in_order(pool, work, range(100), 5)
        assert next(results) == 0
        assert len(started) <= 6
        assert list(results) == [i * i for i in range(1, 100)]


def test_an_error_in_a_thread_is_raised_where_the_results_are_taken():
    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        list(in_order(pool, lambda x: 1 // x, [1, 0], 2))
    assert threading.active_count() < 50


def test_no_more_threads_than_cores():
    assert 1 <= thread_count() <= min(os.cpu_count() or 1, 8)


def test_workers():
    assert available_workers() >= 1
    assert available_workers(5) == 5
    with pytest.raises(ArgumentError, match="workers"):
        available_workers(0)
