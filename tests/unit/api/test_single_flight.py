"""Who looks at the same thing shares a look; nobody waits for ever."""

import asyncio
import threading

import pytest

from controller.api import single_flight as module
from controller.api.single_flight import SingleFlight
from controller.core.errors import PermanentError, TransientError
from tests.fakes.stopped_clock import NOON, StoppedClock


class World:
    """Counts who looks at it, and lets none of them go before it is opened."""

    def __init__(self, *, is_open=True):
        self.looks = 0
        self.opened = threading.Event()
        if is_open:
            self.opened.set()

    def look(self):
        self.looks += 1
        number = self.looks
        self.opened.wait(10)
        return number


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def flights(clock):
    found = SingleFlight(clock)
    yield found
    found.close()


def test_those_who_ask_meanwhile_share_one_look(flights):
    world = World(is_open=False)

    async def three():
        asked = [asyncio.ensure_future(flights.seen("api", world.look)) for _ in "abc"]
        await asyncio.sleep(0)
        world.opened.set()
        return await asyncio.gather(*asked)

    seen = asyncio.run(three())

    assert [one.found for one in seen] == [1, 1, 1]
    assert {one.at for one in seen} == {NOON}


def test_what_was_just_seen_is_not_looked_at_again_until_it_is_old(flights, clock):
    world = World()

    found = []
    for wait in (0, 1.4, 0.1):
        clock.forward(wait)
        found.append(asyncio.run(flights.seen("api", world.look)).found)

    assert found == [1, 1, 2]


def test_another_thing_is_another_look(flights):
    world = World()

    first = asyncio.run(flights.seen("api", world.look))
    other = asyncio.run(flights.seen("mlflow", world.look))

    assert (first.found, other.found) == (1, 2)


def test_what_failed_is_tried_anew_by_who_asks_next(flights):
    def refuse():
        msg = "ecs:DescribeServices was refused"
        raise PermanentError(msg)

    with pytest.raises(PermanentError):
        asyncio.run(flights.seen("api", refuse))

    assert asyncio.run(flights.seen("api", World().look)).found == 1


def test_a_look_that_takes_too_long_is_told_and_serves_who_asks_later(
    flights, monkeypatch
):
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    world = World(is_open=False)

    async def twice():
        with pytest.raises(TransientError, match="retry later"):
            await flights.seen("api", world.look)
        world.opened.set()
        monkeypatch.setattr(module, "_PATIENCE_SECONDS", 10.0)
        return await flights.seen("api", world.look)

    assert asyncio.run(twice()).found == 1


def test_no_more_wait_than_there_is_room_for(flights):
    world = World(is_open=False)

    async def many():
        asked = [
            asyncio.ensure_future(flights.seen(number, world.look))
            for number in range(17)
        ]
        await asyncio.sleep(0)
        world.opened.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    *served, refused = asyncio.run(many())

    assert [isinstance(one, Exception) for one in served] == [False] * 16
    assert "too many look at once" in str(refused)
    assert isinstance(refused, TransientError)
