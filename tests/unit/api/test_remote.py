"""What the command line on another host reads of the API, and what it is refused."""

from datetime import timedelta

import httpx
import pytest

from controller.api.app import create_app
from controller.app.delegated_apply import DelegatedApply
from controller.app.remote_records import RemoteRecords
from controller.clients.control import ControlApi
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError, TransientError
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.values.secret import Secret
from controller.store.heartbeat import Heartbeat
from tests.builders.api import API, AppTransport, Nothing, Records, access_with
from tests.fakes.stopped_clock import NOON, StoppedClock

KEY = Secret("s3cret")


def remote(records=None, key=KEY, *, served=KEY):
    app = create_app(
        Nothing(),
        Nothing(),
        clock=StoppedClock(),
        version="1",
        records=records,
        access=access_with(served) if served else None,
    )
    http = httpx.Client(base_url="http://server", transport=AppTransport(app))
    return RemoteRecords(StoppedClock(), ControlApi(http, key))


def test_what_was_written_there_is_read_here():
    own = Records()
    there = remote(own)

    assert there.statuses() == own.statuses()
    assert there.last_pass() == own.last_pass()
    assert there.events(5, API) == own.events(5, API)
    assert there.events(5, ResourceId("service", "other")) == ()
    assert there.audit(5, API) == own.audit(5, API)
    assert there.audit(5, ResourceId("service", "other")) == ()
    assert there.audit_report() == own.audit_report()
    assert there.tried(API) == own.tried(API)
    assert there.tried(ResourceId("service", "other")) is None


def test_a_wish_arrives_with_its_reason():
    own = Records()

    assert remote(own).ask("asked by apply") == 1
    assert own.wishes == ["asked by apply"]


@pytest.mark.parametrize("key", [None, Secret("guessed")], ids=["none", "another"])
def test_a_key_that_is_not_the_servers_is_told_by_the_variable_to_set(key):
    with pytest.raises(RefusedError, match="Set HOKUSAI_API_KEY to the server's key"):
        remote(Records(), key).statuses()


def test_a_server_without_a_store_is_told():
    with pytest.raises(
        RefusedError, match="use the URL of a `hokusai serve` that has a store"
    ):
        remote(None).statuses()


def test_a_server_that_is_away_is_transient_and_named():
    http = httpx.Client(base_url="http://127.0.0.1:1")

    with pytest.raises(TransientError, match=r"GET http://127.0.0.1:1/api/v1/status"):
        ControlApi(http, KEY).status()


def test_what_is_no_controller_is_told():
    page = httpx.MockTransport(lambda _request: httpx.Response(200, text="<html>"))
    http = httpx.Client(base_url="http://server", transport=page)

    with pytest.raises(RefusedError, match="was not answered by a controller"):
        ControlApi(http, KEY).status()


class Holder:
    """Does a pass each time it is asked; the passes conclude what a test says."""

    def __init__(self, *concluded):
        self._concluded = list(concluded)
        self._passes = 0

    def both(self):
        index = min(self._passes, len(self._concluded)) - 1
        beat = Heartbeat("run:1", NOON + timedelta(seconds=self._passes))
        return self._concluded[max(index, 0)], beat

    def ask(self, reason):
        self._passes += 1
        return self._passes


def concluded(ready, *true, generation="v1:g"):
    truths = dict.fromkeys(ConditionType, Truth.FALSE) | dict.fromkeys(true, Truth.TRUE)
    truths[ConditionType.READY] = ready
    return {
        API: {
            type_: Condition(type_, truth, "Reason", "Message.", generation, NOON)
            for type_, truth in truths.items()
        }
    }


OLD = concluded(Truth.TRUE, generation="v1:old")
ROLLS = concluded(Truth.FALSE, ConditionType.RECONCILING)
FAILED = concluded(Truth.FALSE, ConditionType.STALLED)
READY = concluded(Truth.TRUE)
DESIRED = {API: Resource(API, None, "v1:g")}


def followed(*passes, timeout=60.0):
    told = []
    asking = DelegatedApply(Holder(*passes), StoppedClock(), DESIRED)
    result = asking.until_settled(timeout, lambda s, _elapsed: told.append(s))
    return result, len(told)


def test_a_pass_that_may_have_begun_before_is_not_taken_for_an_answer():
    result, told = followed(OLD, READY)

    assert result.converged
    assert told == 1


def test_what_is_under_way_is_followed_to_its_end():
    result, told = followed(OLD, ROLLS, ROLLS, READY)

    assert result.converged
    assert told == 3


def test_what_failed_is_not_waited_for():
    result, _ = followed(OLD, ROLLS, FAILED)

    assert not result.converged


def test_a_controller_with_another_declaration_has_not_applied_ours():
    result, _ = followed(OLD, OLD)

    assert not result.converged
    assert result.others == (API,)


def test_where_nobody_does_passes_it_is_refused_with_the_time_of_the_last():
    class Asleep(Holder):
        def ask(self, reason):
            return 1

    asking = DelegatedApply(Asleep(READY), StoppedClock(), DESIRED)

    with pytest.raises(
        RefusedError, match="the last one ended at 2026-01-02T12:00:00Z"
    ):
        asking.until_settled(600.0, lambda *_: None)
