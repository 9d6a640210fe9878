"""The process dies in each window between an event and its acceptance; nothing is lost.

Each window dies once, with the real dispatcher on the store of the test, and another
process goes on. Nothing is lost, a repeat is marked, and no delivery counts as accepted,
which sets the tag of a version, before the receiver accepted it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from controller.core.audit.entry import AuditSource
from controller.core.document.resource import ResourceId
from controller.core.errors import NotFoundError, StoreUnavailableError
from controller.core.resources.condition import (
    Condition,
    ConditionType,
    Truth,
    with_transition_times,
)
from controller.core.webhooks.answers import Answered
from controller.core.webhooks.delivery import Dead, Delivered, DeliveryState
from controller.core.webhooks.delivery_requests import (
    DeliveryOperation,
    DeliveryRequest,
    DeliverySelection,
)
from controller.core.webhooks.subscription import Subscription
from controller.engine.dispatcher import DispatchLimits
from controller.engine.store_memory import StoreMemory
from controller.store.announcements import AnnouncementLedger
from controller.store.audit_log import AuditLog
from controller.store.deliveries import DeliveryLog
from controller.store.delivery_operations import StoredDeliveryOperations
from controller.store.outbox import Outbox
from controller.store.redrive import DeliveryRequests
from tests.builders.dying_process import (
    TARGET,
    DiedError,
    Process,
    Receiver,
    expire_claims,
)
from tests.builders.outbox import event, finish, start
from tests.fakes.stopped_clock import NOON

API = ResourceId("service", "api")
LEASE = timedelta(seconds=TARGET.timeout + DispatchLimits().claim_margin)
# Marks of the requests with one event, in their order; True for a possible duplicate.
ONCE, MARKED, REPEATED = (False,), (True,), (False, True)
CRASHES: dict[str, Callable[["Scene"], set[tuple[bool, ...]]]] = {}


def crash(name):
    """Register the death of a process in one window.

    It returns the marks of the requests with each event.
    """

    def registered(function):
        CRASHES[name] = function
        return function

    return registered


class Scene:
    """A store, and a receiver of the target ``site``."""

    def __init__(self, database, clock):
        self.database, self.clock = database, clock
        self.ledger = AnnouncementLedger(database)
        self.log = DeliveryLog(database)
        self.outbox = Outbox(database)
        self.receiver = Receiver()
        self.events = [event(1), event(2)]

    def announce(self):
        self.ledger.announce("site", "webhook", self.events, NOON)

    def dies(self, point, answers=()):
        """Let a process deliver until it dies at ``point``."""
        self.receiver.answers = [*answers]
        process = Process(self.database, self.clock, self.receiver, point)
        process.run()
        assert process.is_dead
        self.check()
        expire_claims(self.database)

    def deliver(self):
        """Let another process deliver what there is."""
        if self.pending():
            process = Process(self.database, self.clock, self.receiver)
            process.run(lambda: self.pending() == 0)
        assert self.pending() == 0

    def pending(self):
        return self.log.counts().get("site", {}).get(DeliveryState.PENDING, 0)

    def accepted(self):
        """Return the ids of the events that the store calls accepted."""
        chosen = DeliverySelection(state=DeliveryState.DELIVERED)
        return {report.event_id for report in self.log.selected(chosen, 99)}

    def check(self):
        assert self.accepted() <= self.receiver.accepted

    @property
    def arrivals(self):
        return list(self.receiver.arrived.values())


@crash("W1 observed, event row not committed")
def w1(scene):
    with suppress(DiedError), scene.database.writing():
        scene.announce()
        raise DiedError
    assert scene.ledger.announced("site") == frozenset()
    scene.announce()
    scene.announce()
    return {ONCE}


@crash("W2 event row committed, no process woken")
def w2(scene):
    scene.announce()
    return {ONCE}


@crash("W3 claimed, start not committed")
def w3_uncommitted(scene):
    scene.announce()
    scene.dies("in transaction")
    return {ONCE}


@crash("W3 claimed and started, not sent")
def w3_committed(scene):
    scene.announce()
    scene.dies("after transaction")
    assert scene.arrivals == []
    return {MARKED}


@crash("W3 at the request")
def w3_at_send(scene):
    scene.announce()
    scene.dies("before send")
    return {MARKED}


@crash("W4 sent, answer not read")
def w4_unread(scene):
    scene.announce()
    scene.dies("after send")
    return {REPEATED, MARKED}


@crash("W4 sent and answered, not recorded")
def w4_unrecorded(scene):
    scene.announce()
    scene.dies("before finish")
    return {REPEATED}


@crash("W4 recorded, not committed")
def w4_uncommitted(scene):
    scene.announce()
    scene.dies("in finish")
    return {REPEATED}


@crash("W5 failure recorded, its retry not committed")
def w5(scene):
    """One transaction has the result and the next step: neither or both are there."""
    scene.announce()
    scene.dies("in finish", answers=[500, 500])
    (report, _) = scene.log.list(9)
    assert [attempt.outcome for attempt in scene.log.attempts(report.id)] == ["started"]
    return {REPEATED}


@crash("W6 a request takes as long as its timeout")
def w6(scene):
    """The claim outlasts the request, so that no other worker sends meanwhile."""
    scene.announce()
    slow = scene.outbox.claim("slow", "site", 9, LEASE)
    assert timedelta(seconds=TARGET.timeout) < LEASE
    for delivery in slow:
        start(scene.outbox, delivery)
        scene.receiver.answer({"webhook-id": delivery.event_id}, delivery.body)
    assert scene.outbox.claim("other", "site", 9, LEASE) == ()
    expire_claims(scene.database)
    return {REPEATED}


@crash("W7 a worker without its claim ends late")
def w7(scene):
    scene.announce()
    late = scene.outbox.claim("late", "site", 9, LEASE)
    for delivery in late:
        start(scene.outbox, delivery)
        scene.receiver.answer({"webhook-id": delivery.event_id}, delivery.body)
    expire_claims(scene.database)
    scene.deliver()
    for delivery in late:
        assert not finish(scene.outbox, delivery, Answered(500), Dead("late"))
    return {REPEATED}


@crash("W8 SIGTERM during a request")
def w8(scene):
    """The claims end with the process: the next one need not wait for them."""
    scene.announce()
    process = Process(scene.database, scene.clock, scene.receiver, grace=0.01)
    process.hangs = True
    process.run()
    assert not process.is_dead
    scene.check()
    return {REPEATED}


@crash("W9 no reply to the commit of a result")
def w9(scene):
    """The result is recorded again, and changes nothing."""
    scene.announce()
    for delivery in scene.outbox.claim("w", "site", 9, LEASE):
        start(scene.outbox, delivery)
        scene.receiver.answer({"webhook-id": delivery.event_id}, delivery.body)
        assert finish(scene.outbox, delivery, Answered(200), Delivered())
        assert finish(scene.outbox, delivery, Answered(200), Delivered())
        assert len(scene.log.attempts(delivery.id)) == 1
    return {ONCE}


@crash("W9 the store is not available, then the process dies")
def w9_outage(scene):
    scene.announce()
    claimed = scene.outbox.claim("w", "site", 9, LEASE)
    for delivery in claimed:
        start(scene.outbox, delivery)
        scene.receiver.answer({"webhook-id": delivery.event_id}, delivery.body)
    with suppress(StoreUnavailableError), scene.database.writing():
        for delivery in claimed:
            finish(scene.outbox, delivery, Answered(200), Delivered())
        raise StoreUnavailableError
    scene.check()
    expire_claims(scene.database)
    return {REPEATED}


@crash("W10 target removed with a backlog")
def w10(scene):
    scene.announce()
    requests = DeliveryRequests(scene.database)
    with suppress(DiedError), scene.database.writing():
        requests.cancel_undeclared([], "no longer declared")
        raise DiedError
    assert scene.pending() == 2
    assert requests.cancel_undeclared([], "no longer declared") == {"site": 2}
    assert len(scene.log.list(9, "site", DeliveryState.CANCELLED)) == 2
    requests.redrive(DeliverySelection(ids=frozenset(r.id for r in scene.log.list(9))))
    return {ONCE}


@crash("W11 redrive of many interrupted")
def w11(scene):
    scene.announce()
    for delivery in scene.outbox.claim("w", "site", 9, LEASE):
        start(scene.outbox, delivery)
        finish(scene.outbox, delivery, Answered(422), Dead("refused"))
    operations = StoredDeliveryOperations(scene.database, AuditSource)
    request = DeliveryRequest(DeliveryOperation.REDRIVE, DeliverySelection())
    with suppress(DiedError), scene.database.writing():
        operations.perform(request, "ana", "fixed")
        raise DiedError
    assert scene.pending() == 0
    assert AuditLog(scene.database).recent(9) == ()
    for expected in (2, 0):
        done = operations.perform(request, "ana", "fixed")
        assert sum(count.number for count in done) == expected
    assert len(AuditLog(scene.database).recent(9)) == 1
    return {ONCE}


@crash("W12 secret not readable")
def w12(scene):
    """The deliveries wait; no attempt is counted."""
    scene.announce()

    def unreadable(_name):
        msg = "the secret does not exist"
        raise NotFoundError(msg)

    process = Process(
        scene.database,
        scene.clock,
        scene.receiver,
        "after report_secret_error",
        unreadable,
    )
    process.run()
    assert process.is_dead
    assert {report.attempts for report in scene.log.list(9)} == {0}
    assert scene.arrivals == []
    return {ONCE}


@pytest.mark.parametrize("window", CRASHES)
def test_nothing_is_lost_and_repeats_are_marked(database, clock, window):
    scene = Scene(database, clock)

    expected = CRASHES[window](scene)
    scene.deliver()

    scene.check()
    ids = {announced.id for announced in scene.events}
    assert scene.receiver.accepted == scene.accepted() == ids
    assert all(len(bodies) == 1 for bodies in scene.receiver.bodies.values())
    assert {tuple(marks) for marks in scene.arrivals} == expected


def test_a_transition_and_its_event_are_recorded_together(database, clock):
    """W1 of an event about a resource: the next pass finds neither, or both."""
    scene = Scene(database, clock)
    memory = StoreMemory(database, clock)
    memory.publisher.owner = "hokusai/test"
    subscription = Subscription("site", frozenset({"service.degraded"}))
    memory.publisher.subscriptions = lambda: (subscription,)
    memory.save_statuses({API: conditions(clock, {}, Truth.TRUE)})
    before = memory.statuses()[API]
    degraded = {API: conditions(clock, before, Truth.FALSE)}

    with suppress(DiedError), database.writing():
        memory.save_statuses(degraded)
        raise DiedError

    again = StoreMemory(database, clock)
    again.publisher.owner = "hokusai/test"
    again.publisher.subscriptions = lambda: (subscription,)
    assert again.statuses()[API] == before
    for _ in range(2):
        again.save_statuses(degraded)
    scene.deliver()
    assert scene.arrivals == [[False]]


def conditions(clock, before, healthy):
    """Return the conditions of a service that is in sync."""
    truths = dict.fromkeys(ConditionType, Truth.FALSE)
    truths |= {ConditionType.SYNCED: Truth.TRUE, ConditionType.HEALTHY: healthy}
    found = [
        Condition(type_, truth, "Observed", "It is.", "g1", clock.now())
        for type_, truth in truths.items()
    ]
    return with_transition_times(before, found)
