"""Versions in memory: one load for all, no gap at a move, least used out."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from controller.core.predictions.readiness import NotReadyError
from controller.core.predictions.rows import ModelRows
from controller.serving.served_models import ServedModels
from tests.builders.served_models import Loader, version
from tests.fakes.stopped_clock import StoppedClock

ROW = ModelRows({"x": [10.0]}, 1)


@asynccontextmanager
async def serving(loader, clock=None, **options):
    served = ServedModels(
        loader, clock or StoppedClock(), settle=lambda: None, **options
    )
    try:
        yield served
    finally:
        served.close()


async def asked(served, number, reference="", patience=20):
    found = await served.version(
        version(number), reference=reference, patience=patience
    )
    return await found.queue.submit(ROW)


def test_a_version_is_loaded_once_for_all_who_ask():
    loader = Loader()

    async def run():
        async with serving(loader) as served:
            return await asyncio.gather(*(asked(served, 2) for _ in range(20)))

    assert asyncio.run(run()) == [[20.0]] * 20
    assert loader.loads == [2]


def test_a_moved_alias_is_served_by_the_last_version_until_the_next_is_ready():
    loader = Loader()
    gate = loader.hold(2)

    async def run():
        async with serving(loader) as served:
            answers = [await asked(served, 1, "a@production")]
            answers += [await asked(served, 2, "a@production") for _ in range(5)]
            gate.set()
            answers.append(await asked(served, 2))
            answers.append(await asked(served, 2, "a@production"))
            return answers

    assert asyncio.run(run()) == [[10.0]] * 6 + [[20.0]] * 2


def test_no_request_is_lost_while_aliases_move_and_versions_are_evicted():
    loader = Loader()

    async def caller(served, number):
        return [
            await asked(served, 1 + (n + number) // 10 % 4, "a@production")
            for n in range(60)
        ]

    async def run():
        async with serving(loader, most_loaded=2) as served:
            return await asyncio.gather(*(caller(served, n) for n in range(8)))

    answers = [answer[0] for found in asyncio.run(run()) for answer in found]
    assert len(answers) == 480
    assert set(answers) <= {10.0, 20.0, 30.0, 40.0}


def test_a_version_that_does_not_load_leaves_the_last_one_in_place():
    loader, clock = Loader(), StoppedClock()
    loader.problems[2] = "it needs numpy 1"

    async def run():
        async with serving(loader, clock) as served:
            await asked(served, 1, "a@production")
            with pytest.raises(NotReadyError, match="numpy 1"):
                await asked(served, 2)
            answer = await asked(served, 2, "a@production")
            with pytest.raises(NotReadyError, match="numpy 1"):
                await asked(served, 2)
            assert loader.loads == [1, 2]
            loader.problems.clear()
            clock.forward(31)
            return answer, await asked(served, 2)

    assert asyncio.run(run()) == ([10.0], [20.0])


def test_a_load_that_takes_long_is_not_ready_and_continues():
    loader = Loader()
    gate = loader.hold(1)

    async def run():
        async with serving(loader) as served:
            with pytest.raises(NotReadyError, match="is being loaded"):
                await asked(served, 1, patience=0)
            gate.set()
            return await asked(served, 1)

    assert asyncio.run(run()) == [10.0]
    assert loader.loads == [1]


def test_the_least_used_version_is_unloaded():
    loader = Loader()

    async def run():
        async with serving(loader, most_loaded=2) as served:
            for number in (1, 2, 1, 3, 1, 2):
                await asked(served, number)

    asyncio.run(run())
    assert Counter(loader.loads) == {1: 1, 2: 2, 3: 1}


def broken(rows):
    msg = "broken"
    raise ValueError(msg)


def test_a_model_that_fails_on_its_example_is_not_ready():
    loader = Loader(predict=broken)

    async def run():
        async with serving(loader) as served:
            with pytest.raises(NotReadyError, match="fails on its input example"):
                await asked(served, 1)

    asyncio.run(run())
    assert loader.closed == [1]


@pytest.mark.parametrize(
    ("loader", "obstacle"),
    [
        (Loader(), ""),
        (Loader(example=None), "no input example"),
        (Loader(predict=lambda rows: [sum(rows.columns["x"])] * rows.count), "another"),
    ],
)
def test_requests_are_joined_only_after_a_proof(loader, obstacle):
    async def run():
        async with serving(loader) as served:
            return await served.version(version(1), reference="", patience=20)

    assert obstacle in asyncio.run(run()).batching_obstacle
