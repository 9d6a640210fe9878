"""Threads of DNS queries are bounded, and so is their queue."""

import threading

import pytest

from controller.resolver.query_threads import QueryThreads
from tests.builders.waiting import eventually


class Hanging:
    """Work that does not end before the test says so."""

    def __init__(self):
        self.end, self.begun, self.done = threading.Event(), [], []

    def __call__(self):
        self.begun.append(threading.current_thread())
        self.end.wait(10)
        self.done.append(True)


@pytest.fixture
def hanging():
    work = Hanging()
    yield work
    work.end.set()


def test_work_beyond_the_threads_waits_and_is_done_later(hanging):
    threads = QueryThreads(most=2)

    for _ in range(5):
        threads.start(hanging)

    eventually(lambda: len(hanging.begun) == 2)
    assert threads.is_busy
    hanging.end.set()
    eventually(lambda: len(hanging.done) == 5)
    assert len(set(hanging.begun)) == 2
    assert not threads.is_busy


def test_work_beyond_the_queue_is_refused(hanging):
    threads = QueryThreads(most=1, most_queued=2)
    for _ in range(3):
        threads.start(hanging)

    with pytest.raises(RuntimeError, match="2 DNS queries wait for a thread"):
        threads.start(hanging)


def test_work_that_raises_leaves_the_thread_to_the_rest(hanging):
    threads = QueryThreads(most=1)
    threads.start(hanging)
    threads.start(lambda: 1 // 0)
    threads.start(hanging)

    hanging.end.set()

    eventually(lambda: len(hanging.done) == 2)


def test_threads_end_without_work(hanging):
    threads = QueryThreads(most=2)
    threads.start(hanging)
    hanging.end.set()

    (thread,) = eventually(lambda: hanging.begun)
    thread.join(10)

    assert not thread.is_alive()
    threads.start(hanging)
    eventually(lambda: len(hanging.done) == 2)
