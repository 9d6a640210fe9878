"""Which passes of the long-running controller look at everything."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import ClassVar

import pytest

from controller.app.reconcile_pass import ReconcilePasses
from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.errors import TransientError
from controller.core.resources.plan import Plan
from controller.core.webhooks.delivery import DeliveryState
from controller.engine.reconciler import PassResult
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.events import EventLog
from controller.store.retention import HistoryAges
from controller.store.triggers import Triggers
from controller.telemetry.metrics import Metrics
from tests.builders.outbox import event
from tests.fakes.stopped_clock import NOON, StoppedClock
from tests.fakes.store import empty_store

MINUTE = timedelta(minutes=1)
PLATFORM = Platform("hokusai", "local", "123456789012", "us-east-1", interval=MINUTE)


@dataclass
class Watch:
    """A document that a test edits."""

    digest: str = "v1:first"
    resources: ClassVar[dict[str, object]] = {}
    platform: ClassVar[Platform] = PLATFORM

    def current(self):
        return self


@dataclass
class Stored:
    database: object


class Controller:
    """Notes which passes looked at everything."""

    def __init__(self):
        self.document = Watch()
        self.everything = []
        self.changed = []
        self.failures = []

    def reconcile_due(self, *, everything, changed):
        self.everything.append(everything)
        self.changed.append(changed)
        if self.failures:
            raise self.failures.pop()
        return PassResult(Plan(), {}, Plan(), {}, MINUTE)


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def database(clock):
    return empty_store(clock)


@pytest.fixture
def controller():
    return Controller()


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def passes(controller, watch, database, clock):
    return ReconcilePasses(
        controller,
        watch,
        Stored(database),
        "host:1:0a",
        count(1),
        HistoryAges(),
        Metrics(),
        clock,
    )


def test_the_first_pass_looks_at_everything_and_the_next_at_what_is_due(
    passes, controller
):
    assert passes.run() == MINUTE
    passes.run()

    assert controller.everything == [True, False]


def test_a_wish_in_the_store_makes_a_pass_look_at_everything(
    passes, controller, database
):
    passes.run()
    Triggers(database).ask("asked by API", NOON)
    woken = []

    passes.ask(lambda: woken.append(True))
    passes.run()
    passes.ask(lambda: woken.append(True))
    passes.run()

    assert controller.everything == [True, True, False]
    assert woken == [True]


def test_a_changed_document_makes_a_pass_look_at_everything(passes, controller, watch):
    passes.run()
    watch.digest = "v1:second"

    passes.run()
    passes.run()

    assert controller.everything == [True, True, False]


def test_a_demand_makes_a_pass_look_at_everything(passes, controller):
    passes.run()
    passes.demand()

    passes.run()
    passes.run()

    assert controller.everything == [True, True, False]


def test_what_a_pass_that_broke_off_was_asked_is_asked_of_the_next(passes, controller):
    controller.failures = [TransientError("the store is away")]

    with pytest.raises(TransientError):
        passes.run()
    passes.run()

    assert controller.everything == [True, True]


def test_a_leader_whose_passes_do_not_complete_gives_up_the_lease(
    passes, controller, clock
):
    passes.run()
    clock.forward(181)
    controller.failures = [TransientError("a backend is away")]
    with pytest.raises(TransientError):
        passes.run()

    assert passes.stalled() == "no pass was completed for 181 s"


def test_a_leader_whose_passes_complete_keeps_the_lease(passes, clock):
    clock.forward(181)
    passes.run()
    clock.forward(179)

    assert passes.stalled() == ""


def test_passes_that_fail_and_come_back_are_not_stuck(passes, controller, clock):
    for _ in range(10):
        clock.forward(60)
        controller.failures = [TransientError("the store is away")]
        with pytest.raises(TransientError):
            passes.run()

    assert passes.stuck() == ""


def test_a_pass_that_does_not_come_back_is_stuck(passes, controller, clock):
    seen = []

    def hang(*, everything, changed):
        clock.forward(181)
        seen.append(passes.stuck())
        msg = "at last"
        raise TransientError(msg)

    controller.reconcile_due = hang

    with pytest.raises(TransientError):
        passes.run()

    assert seen == ["a pass has not ended for 181 s"]
    assert passes.stuck() == ""


def test_old_history_is_deleted_once_an_hour(passes, database, clock):
    log, id_ = EventLog(database), ResourceId("service", "api")
    passes.run()
    clock.forward(timedelta(days=91).total_seconds())
    log.record(id_, "Normal", "Old", "It is old.", clock.now() - timedelta(days=91))
    passes.run()
    log.record(id_, "Normal", "Old", "Another.", clock.now() - timedelta(days=91))

    passes.run()
    before = len(log.recent(9))
    clock.forward(3_600)
    passes.run()

    assert (before, len(log.recent(9))) == (1, 0)


def announced(database, target):
    events = [event(1), event(2)]
    AnnouncementLedger(database).announce(target, "webhook", events, NOON)


def test_a_target_that_left_the_document_loses_its_pending_deliveries_with_a_warning(
    passes, watch, database
):
    announced(database, "site")
    announced(database, "audit")
    watch.resources = {ResourceId("webhook", "audit"): None}

    passes.run()
    passes.run()

    counts = DeliveryLog(database).counts()
    assert counts["site"][DeliveryState.CANCELLED] == 2
    assert counts["audit"][DeliveryState.PENDING] == 2
    (warning,) = EventLog(database).recent(9)
    assert (warning.type, warning.reason) == ("Warning", "DeliveriesCancelled")
    assert warning.resource == ResourceId("webhook", "site")
    assert warning.message.startswith("2 pending deliveries cancelled: ")


def test_an_empty_document_cancels_nothing(passes, database):
    announced(database, "site")

    passes.run()

    assert DeliveryLog(database).counts()["site"][DeliveryState.PENDING] == 2


def test_a_registration_makes_one_pass_look_at_models_and_webhooks(passes, controller):
    passes.run()
    for _ in range(3):
        passes.demand_registrations()

    passes.run()
    passes.run()

    assert controller.everything == [True, False, False]
    assert controller.changed == [frozenset(), {"model", "webhook"}, frozenset()]


def test_a_registration_is_looked_at_again_after_a_pass_that_broke_off(
    passes, controller
):
    passes.run()
    passes.demand_registrations()
    controller.failures = [TransientError("away")]

    with pytest.raises(TransientError):
        passes.run()
    passes.run()

    assert controller.changed[1:] == [{"model", "webhook"}] * 2
