"""What the server sees is what whoever asks it sees, or is told why not."""

from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from controller.api.app import create_app
from controller.api.control import inspection as reports
from controller.api.control.inspection import LogWindow
from controller.api.single_flight import SingleFlight
from controller.app.logs import LogReader
from controller.app.views.remote_view import RemoteView
from controller.clients.control import ControlApi
from controller.core.document.resource import ResourceId
from controller.core.errors import (
    NotFoundError,
    PermanentError,
    RefusedError,
    TransientError,
)
from controller.core.resources.log_lines import LogLimit
from controller.core.values.secret import Secret
from tests.builders.api import (
    PROMOTED,
    ROLLED,
    SECTIONS,
    AppTransport,
    Nothing,
    World,
    access_with,
)
from tests.fakes.stopped_clock import StoppedClock

API = ResourceId("service", "api")
KEY = Secret("s3cret")


@pytest.fixture
def world():
    return World()


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def ask(world, clock):
    with asked_of(world, clock) as api:
        yield api


@contextmanager
def asked_of(world, clock, key=KEY, served=KEY):
    flights = SingleFlight(clock)
    app = create_app(
        Nothing(),
        Nothing(),
        clock=clock,
        version="1",
        window=LogWindow(world, flights),
        access=access_with(served) if served else None,
    )
    transport = AppTransport(app)
    with httpx.Client(base_url="http://server", transport=transport) as http:
        yield ControlApi(http, key)
    flights.close()


def texts(lines):
    return [line.text for line in lines]


def test_details_arrive_as_they_were_seen(ask):
    (tasks, _), (seen, problem) = SECTIONS, RemoteView(ask).details(API)

    assert seen == tasks
    assert [*map(type, seen.rows[0])] == [str, int, float, bool]
    assert problem == SECTIONS[1]


def test_the_history_arrives_as_it_was_seen(ask):
    assert RemoteView(ask).rollouts(API) == ROLLED


def test_the_history_of_a_model_is_the_same_as_on_the_server(ask):
    found = RemoteView(ask).model_history(ResourceId("model", "leads"))

    assert found == PROMOTED


def test_the_newest_lines_arrive_the_oldest_first(ask, world):
    world.write(-70, -9, -5, -2)

    reader = LogReader(RemoteView(ask).pages(API, ""), StoppedClock())

    assert texts(reader.last(timedelta(minutes=1), 2)) == ["said -5", "said -2"]


def test_lines_are_no_older_than_asked_for_though_looks_begin_at_round_times(
    ask, world, clock
):
    world.write(-58, -54)
    clock.forward(5)

    reader = LogReader(RemoteView(ask).pages(API, ""), clock)

    assert texts(reader.last(timedelta(minutes=1), 9)) == ["said -54"]


def test_one_process_is_read_alone(ask, world):
    world.write(-5)

    assert (
        LogReader(RemoteView(ask).pages(API, "t-2"), StoppedClock()).last(
            timedelta(minutes=1), 9
        )
        == ()
    )


def test_what_is_followed_is_told_once_whatever_fits_in_an_answer(
    ask, world, clock, monkeypatch
):
    monkeypatch.setattr(reports, "ANSWERED", LogLimit(3, 1_000))
    world.write(*range(-20, 0))
    reader = LogReader(RemoteView(ask).pages(API, ""), clock)

    told = texts(reader.last(timedelta(minutes=1), 10))
    world.write(*range(10), -3.5)
    told += texts(reader.following(lambda: clock.monotonic() > 60))

    assert told == [f"said {at:+}" for at in (*range(-10, 0), -3.5, *range(10))]


def test_an_outage_of_the_server_is_waited_for_and_nothing_is_lost(ask, world, clock):
    world.write(-5)
    reader = LogReader(RemoteView(ask).pages(API, ""), clock)
    reader.last(timedelta(minutes=1), 9)
    world.error = TransientError("logs: no answer")

    def ends():
        if clock.monotonic() == 6 and world.error:
            world.error = None
            world.write(-1)
        return clock.monotonic() > 20

    assert texts(reader.following(ends)) == ["said -1"]


def test_two_who_look_at_once_cost_one_look(ask, world):
    RemoteView(ask).rollouts(API)
    RemoteView(ask).rollouts(API)

    assert world.looks == 1


@pytest.mark.parametrize("what", ["details", "history", "logs"])
@pytest.mark.parametrize(
    ("key", "served"),
    [(None, KEY), (Secret("guessed"), KEY), (KEY, None)],
    ids=["no key shown", "another key", "no key set"],
)
def test_nobody_looks_without_the_key(world, clock, what, key, served):
    with (
        asked_of(world, clock, key, served) as api,
        pytest.raises(RefusedError, match="HOKUSAI_API_KEY"),
    ):
        api.inspect(what, {"resource": "service/api"})

    assert world.looks == 0


@pytest.mark.parametrize("what", ["details", "history", "logs"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (PermanentError("ecs:DescribeServices was refused"), PermanentError),
        (TransientError("ecs:DescribeServices was not answered"), TransientError),
        (NotFoundError("service/api is not declared"), RefusedError),
        (RefusedError("this server has no document"), RefusedError),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_fails_outside_is_a_problem_that_says_what(
    ask, world, what, error, raised
):
    world.error = error

    with pytest.raises(raised) as told:
        ask.inspect(what, {"resource": "service/api"})

    assert str(error) in str(told.value)
    assert f"GET http://server/api/v1/{what}" in str(told.value)


def test_credentials_in_what_failed_do_not_leave_the_server(ask, world):
    world.error = PermanentError("https://ada:hunter2@example.com was not found")

    answer = ask._http.get("/api/v1/history?resource=service/api", headers=ask._headers)

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "https://***@example.com was not found"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"resource": "api"}, "api"),
        ({"resource": "service/api", "number": 0}, "query.number"),
        ({"resource": "service/api", "seconds": 10**9}, "query.seconds"),
        ({"resource": "service/api", "cursor": "x"}, "repeat the request without it"),
    ],
    ids=["no address", "no lines", "too long ago", "no cursor"],
)
def test_what_makes_no_sense_is_refused_by_name(ask, world, asked, told):
    with pytest.raises(RefusedError, match=told):
        ask.inspect("logs", asked)

    assert world.looks == 0


def test_a_server_that_cannot_look_is_told():
    app = create_app(
        Nothing(), Nothing(), clock=StoppedClock(), version="1", access=access_with(KEY)
    )
    with (
        httpx.Client(base_url="http://server", transport=AppTransport(app)) as http,
        pytest.raises(RefusedError, match="does not exist on this server"),
    ):
        RemoteView(ControlApi(http, KEY)).details(API)


def test_a_balancer_without_a_server_is_waited_for(clock):
    answer = httpx.Response(502, text="<html>Bad Gateway</html>")
    transport = httpx.MockTransport(lambda _request: answer)
    with (
        httpx.Client(base_url="http://server", transport=transport) as http,
        pytest.raises(TransientError, match="502 Bad Gateway"),
    ):
        RemoteView(ControlApi(http, KEY)).rollouts(API)
