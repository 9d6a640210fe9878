"""Queue of a model: batches of what has arrived, bounds, and work nobody waits for."""

import asyncio
import threading

import pytest

from controller.core.predictions.readiness import (
    PredictionFailedError,
    QueueFullError,
)
from controller.core.predictions.rows import ModelRows
from controller.serving.batch_queue import BatchQueue


def row(x, **others):
    return ModelRows({"x": [x], **others}, 1)


class Model:
    """A model whose predictions wait for ``go``; it doubles, and fails on -1."""

    def __init__(self):
        self.go, self.began = threading.Event(), threading.Event()
        self.batches = []

    def predict(self, rows):
        self.began.set()
        assert self.go.wait(20)
        self.batches.append(list(rows.columns["x"]))
        if -1 in rows.columns["x"]:
            msg = "the secret value -1"
            raise ValueError(msg)
        return [2 * x for x in rows.columns["x"]]


def queued(work, **options):
    """Run ``work(model, queue)`` on a loop, and wait for the end of the queue."""
    model, ended = Model(), threading.Event()

    async def running():
        queue = BatchQueue(
            model.predict,
            name="m",
            closed=ended.set,
            **{"joins": True, **options},
        )
        try:
            await work(model, queue)
        finally:
            model.go.set()
            queue.close()

    asyncio.run(running())
    assert ended.wait(20)
    return model.batches


def first_and(*later):
    """Return work that submits 1, and the others once it is being predicted."""

    async def work(model, queue):
        futures = [queue.submit(row(1))]
        await asyncio.to_thread(model.began.wait, 20)
        futures += [queue.submit(one) for one in later]
        model.go.set()
        work.answers = await asyncio.gather(*futures, return_exceptions=True)
        work.waiting = queue.waiting

    return work


def test_what_arrives_during_a_prediction_is_the_next_batch():
    work = first_and(row(2), row(3), ModelRows({"x": [4, 5]}, 2))

    assert queued(work) == [[1], [2, 3, 4, 5]]
    assert work.answers == [[2], [4], [6], [8, 10]]
    assert work.waiting == 0


def test_requests_are_not_joined_if_the_model_forbids_it():
    assert queued(first_and(row(2), row(3)), joins=False) == [[1], [2], [3]]


def test_rows_with_other_inputs_are_a_batch_of_their_own():
    later = (row(2), row(3, y=[1]), row(4, y=[1]), row(5))

    assert queued(first_and(*later)) == [[1], [2], [3, 4], [5]]


def test_the_failure_of_one_request_is_of_no_other():
    work = first_and(row(2), row(-1), row(3))

    assert queued(work) == [[1], [2, -1, 3], [2], [-1], [3]]
    assert work.answers[1] == [4]
    assert work.answers[3] == [6]
    assert isinstance(work.answers[2], PredictionFailedError)
    assert "secret" not in str(work.answers[2])


def test_a_cancelled_request_is_not_predicted():
    async def work(model, queue):
        first = queue.submit(row(1))
        await asyncio.to_thread(model.began.wait, 20)
        gone, last = queue.submit(row(2)), queue.submit(row(3))
        gone.cancel()
        model.go.set()
        assert await first == [2]
        assert await last == [6]
        assert queue.waiting == 0

    assert queued(work) == [[1], [3]]


def test_a_full_queue_refuses_and_recovers():
    async def work(model, queue):
        futures = [queue.submit(row(1)), queue.submit(row(2))]
        with pytest.raises(QueueFullError):
            queue.submit(row(3))
        model.go.set()
        await asyncio.gather(*futures)
        assert await queue.submit(row(4)) == [8]

    queued(work, most_waiting=2)


def test_what_waits_is_predicted_before_the_end():
    async def work(model, queue):
        futures = [queue.submit(row(n)) for n in (1, 2)]
        queue.close()
        model.go.set()
        assert await asyncio.gather(*futures) == [[2], [4]]

    queued(work)
