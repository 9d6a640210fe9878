"""At which pace ``apply`` does its passes."""

import threading
from datetime import timedelta

import pytest

from controller.app.apply import ApplySession
from controller.bootstrap.call_count import CallsSpent
from controller.core.document.resource import ResourceId
from controller.core.planning.scope import ALL
from controller.core.resources.plan import Blocked, Hold, Plan
from controller.engine.reconciler import PassResult
from controller.store.audit_log import AuditLog
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

MOVES = Plan((), (), (Blocked(ResourceId("toy", "a"), Hold.ROLLOUT_IN_PROGRESS, ""),))


class Slow:
    """A controller whose passes take their time, with something under way for ever."""

    def __init__(self, took, next_in):
        self.clock = StoppedClock()
        self.took, self.next_in = took, timedelta(seconds=next_in)
        self.began = []

    def spent(self):
        return CallsSpent((), {})

    def reconcile(self, _desired, _scope):
        self.began.append(self.clock.monotonic())
        self.clock.forward(self.took)
        return PassResult(Plan(), {}, MOVES, {}, self.next_in)


def session(controller):
    audit = AuditLog(empty_store(StoppedClock()))
    return ApplySession(controller, audit, threading.Event())


@pytest.mark.parametrize(
    ("took", "next_in", "began"),
    [
        pytest.param(0, 1, [0, 1, 2, 3, 4, 5], id="as soon as the pass asks for"),
        pytest.param(0, 60, [0, 2, 4, 5], id="soon, for a person waits"),
        pytest.param(1, 1, [0, 2, 4], id="as long as the pass took"),
        pytest.param(3, 3, [0, 5], id="no longer than there is time"),
    ],
)
def test_passes_follow_each_other_until_time_is_up(took, next_in, began):
    controller = Slow(took, next_in)

    session(controller).until_settled({}, ALL, 5, lambda *_: None)

    assert controller.began == began


def test_where_looking_is_slow_the_pauses_are_as_long_as_the_passes():
    controller = Slow(took=20, next_in=20)

    session(controller).until_settled({}, ALL, 90, lambda *_: None)

    assert controller.began == [0, 40, 80]
