"""Events about resources are recorded once, together with what causes them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.clients.payload import check
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError, TransientError
from controller.core.planning.sightings import Sighting
from controller.core.resources.condition import (
    Condition,
    ConditionType,
    Truth,
    with_transition_times,
)
from controller.core.resources.driver import Applied, Failed
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Change, Reason, Verb
from controller.core.webhooks.event import WebhookEvent
from controller.core.webhooks.resource_event import RESOURCE_EVENTS
from controller.core.webhooks.subscription import Subscription
from controller.engine.store_memory import StoreMemory
from controller.store.announcements import AnnouncementLedger
from controller.store.deliveries import DeliveryLog
from controller.store.outbox import Outbox
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

API, MLFLOW = ResourceId("service", "api"), ResourceId("endpoint", "mlflow")
LEADS = ResourceId("model", "leads")
ALL = Subscription("ops", frozenset(RESOURCE_EVENTS))


class World:
    """A store, and passes that conclude conditions."""

    def __init__(self, *subscriptions):
        self.clock = StoppedClock()
        self.database = empty_store(self.clock)
        self.subscribed = subscriptions or (ALL,)
        self.restart()

    def restart(self):
        """Continue as another process."""
        self.memory = StoreMemory(self.database, self.clock)
        self.memory.publisher.owner = "hokusai/test"
        self.memory.publisher.subscriptions = lambda: self.subscribed

    def concluded(self, id_=API, **changes):
        """Conclude the conditions of one pass, a minute after the last."""
        self.clock.forward(60)
        before = self.memory.statuses().get(id_, {})
        found = conditions(self.clock.now(), **changes)
        self.memory.save_statuses({id_: with_transition_times(before, found)})

    def finish(self, action, outcome):
        """Carry out one action."""
        self.memory.finished(self.memory.started(action), action, outcome)

    def events(self, target="ops"):
        """Return the types of the events for ``target``, oldest first."""
        return [payload["event_type"] for payload in self.payloads(target)]

    def payloads(self, target="ops"):
        claimed = Outbox(self.database).claim("w", target, 99, timedelta(seconds=0))
        return [json.loads(delivery.body) for delivery in claimed]


def conditions(now, healthy="Healthy", changing=False, synced="InSync", stalled=""):
    """Return the conditions of a resource with these reasons."""

    def one(type_, status, reason):
        truth = Truth(status)
        return Condition(type_, truth, reason, f"{reason} it is.", "g1", now)

    truth = {"Healthy": "True", "Unknown": "Unknown"}
    in_sync = {"InSync": "True", "Unknown": "Unknown"}
    return (
        one(ConditionType.READY, truth.get(healthy, "False"), healthy),
        one(ConditionType.HEALTHY, truth.get(healthy, "False"), healthy),
        one(ConditionType.SYNCED, in_sync.get(synced, "False"), synced),
        one(ConditionType.RECONCILING, str(changing), "Reconciling"),
        one(ConditionType.STALLED, str(bool(stalled)), stalled or "NotStalled"),
        one(ConditionType.SUSPENDED, "False", "NotSuspended"),
    )


GOOD = {"healthy": "Healthy"}
BAD = {"healthy": "CrashLooping"}
ROLLING = {"healthy": "RolloutInProgress", "changing": True}
UNSEEN = {"healthy": "Unknown", "synced": "Unknown"}


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ([GOOD, BAD, BAD, GOOD], ["service.degraded", "service.recovered"]),
        ([GOOD, ROLLING, GOOD], []),
        ([GOOD, ROLLING, BAD, ROLLING, BAD], ["service.degraded"]),
        ([GOOD, BAD, ROLLING, GOOD], ["service.degraded", "service.recovered"]),
        ([GOOD, BAD, UNSEEN, BAD], ["service.degraded"]),
        ([GOOD, BAD, UNSEEN, GOOD], ["service.degraded", "service.recovered"]),
        ([GOOD, UNSEEN, BAD], ["service.degraded"]),
        ([GOOD, UNSEEN, GOOD], []),
        ([BAD, BAD], []),
        ([BAD, GOOD], ["service.recovered"]),
        (
            [GOOD, BAD, GOOD, BAD],
            ["service.degraded", "service.recovered", "service.degraded"],
        ),
    ],
    ids=[
        *("outage", "rollout", "failed rollouts", "repaired", "unseen meanwhile"),
        *("unseen at the end", "unseen before", "only unseen", "new store"),
        *("new store, recovered", "twice"),
    ],
)
def test_health_makes_one_event_per_transition(passes, expected):
    world = World()

    for changes in passes:
        world.concluded(**changes)

    assert world.events() == expected


FAILED = {"healthy": "RolloutFailed"}
REJECTED = {"synced": "RevisionRejected", "stalled": "RevisionRejected"}
REFUSED = {"synced": "ApplyFailed"}


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ([GOOD, ROLLING, FAILED, REJECTED, REJECTED], ["rollout.failed"]),
        ([GOOD, REJECTED, UNSEEN, REJECTED], ["rollout.failed"]),
        ([REJECTED, REJECTED], []),
        ([GOOD, REFUSED, REFUSED, GOOD], ["reconcile.failed"]),
        ([GOOD, REFUSED, UNSEEN, REFUSED], ["reconcile.failed"]),
        ([GOOD, REFUSED, GOOD, REFUSED], ["reconcile.failed"] * 2),
    ],
    ids=[
        *("rejected", "unseen meanwhile", "new store"),
        *("refused", "refused, unseen", "refused twice"),
    ],
)
def test_a_failure_makes_one_event(passes, expected):
    world = World()

    for changes in passes:
        world.concluded(**changes)

    found = world.events()
    assert [t for t in found if not t.startswith("service.")] == expected


def test_a_target_with_an_expression_gets_the_body_that_it_makes():
    world = World(replace(ALL, body="{text: join(' ', [resource, reason])}"))

    for changes in (GOOD, BAD):
        world.concluded(**changes)

    assert world.payloads("ops") == [{"text": "service/api CrashLooping"}]


def test_an_endpoint_that_stops_to_answer_is_unreachable():
    world = World()

    for changes in (GOOD, {"healthy": "ProbeFailed"}, GOOD):
        world.concluded(MLFLOW, **changes)

    assert world.events() == ["endpoint.unreachable"]


def test_a_restarted_process_repeats_nothing():
    world = World()
    world.concluded(**GOOD)
    world.concluded(**BAD)

    world.restart()
    world.concluded(**BAD)

    assert world.events() == ["service.degraded"]


def test_the_event_is_not_recorded_without_the_status(monkeypatch):
    world = World()
    world.concluded(**GOOD)

    def fails(*_):
        msg = "the store failed"
        raise TransientError(msg)

    with monkeypatch.context() as patch:
        patch.setattr(AnnouncementLedger, "announce", fails)
        with pytest.raises(TransientError):
            world.concluded(**BAD)
    world.restart()
    assert world.events() == []
    world.concluded(**BAD)

    assert world.events() == ["service.degraded"]


def test_the_same_transition_has_the_same_id_in_every_store():
    worlds = World(), World()
    for world in worlds:
        world.concluded(**GOOD)
        world.concluded(**BAD)

    first, second = (world.payloads()[0] for world in worlds)

    assert first == second


def moved(before, after, verb=Verb.UPDATE, request=None):
    changes = (Change("aliases.production", before, after),) if not request else ()
    return Action(
        LEADS,
        verb,
        Reason.USER_REQUESTED if request else Reason.CHANGED,
        changes,
        request=request,
        generation="g1",
    )


def test_a_moved_alias_is_a_promotion():
    world = World()

    world.finish(moved(2, 3), Applied())

    (payload,) = world.payloads()
    assert payload["event_type"] == "model.promoted"
    assert payload["details"] == {
        "alias": "production",
        "version": "3",
        "previous_version": "2",
    }


def test_a_rollback_of_an_alias_names_its_author():
    world = World()
    request = OperationRequest("ada@laptop", "wrong scores", "production:2")

    world.finish(moved(3, 2, Verb.ROLL_BACK, request), Applied())

    (payload,) = world.payloads()
    assert payload["event_type"] == "model.rolled_back"
    assert payload["details"] == {
        "alias": "production",
        "version": "2",
        "by": "ada@laptop",
    }


def test_a_promotion_that_failed_is_not_announced():
    world = World()

    world.finish(moved(2, 3), Failed(PermanentError("no such version")))

    assert world.events() == []


def test_each_target_receives_the_types_and_resources_it_asked_for():
    world = World(
        Subscription("down", frozenset({"service.degraded"})),
        Subscription("api", frozenset(RESOURCE_EVENTS), "name == 'api'"),
        Subscription("web", frozenset(RESOURCE_EVENTS), "name == 'web'"),
        Subscription(
            "broken", frozenset(RESOURCE_EVENTS), "length(details.none) > `1`"
        ),
        Subscription("models", frozenset({"model.registered"})),
    )

    for changes in (GOOD, BAD, GOOD):
        world.concluded(**changes)

    both = ["service.degraded", "service.recovered"]
    assert {
        name: world.events(name) for name in ("down", "api", "web", "broken", "models")
    } == {"down": both[:1], "api": both, "web": [], "broken": both, "models": []}


@pytest.mark.parametrize(
    ("payload", "field"),
    [("hokusai-v1", "event_type"), ("cloudevents", "specversion"), ("slack", "text")],
)
def test_a_target_receives_the_format_that_it_declares(payload, field):
    world = World(
        ALL, Subscription("chosen", frozenset(RESOURCE_EVENTS), payload=payload)
    )

    for changes in (GOOD, BAD):
        world.concluded(**changes)

    assert [field in body for body in world.payloads("chosen")] == [True]
    assert world.events("ops") == ["service.degraded"]


def test_a_receiver_gets_no_event_that_its_format_does_not_have():
    world = World(
        ALL, Subscription("site", frozenset(RESOURCE_EVENTS), payload="hokusai-site")
    )

    for changes in (GOOD, BAD):
        world.concluded(**changes)

    assert world.payloads("site") == []
    assert world.events("ops") == ["service.degraded"]


def test_without_a_subscription_nothing_is_recorded():
    world = World(Subscription("models", frozenset({"model.registered"})))

    for changes in (GOOD, BAD):
        world.concluded(**changes)

    assert DeliveryLog(world.database).list(9) == ()


def test_every_event_matches_its_schema():
    world = World()
    for changes in (GOOD, BAD, GOOD, REJECTED, GOOD, REFUSED):
        world.concluded(**changes)
    for changes in (GOOD, {"healthy": "ProbeFailed"}):
        world.concluded(MLFLOW, **changes)
    request = OperationRequest("ada@laptop", "wrong scores", "production:2")
    world.finish(moved(None, 3), Applied())
    world.finish(moved(3, 2, Verb.ROLL_BACK, request), Applied())
    sighted(world, API, is_in_sync=False, edited={"task.cpu": "1"})

    found = Outbox(world.database).claim("w", "ops", 99, timedelta(seconds=0))

    assert {delivery.type for delivery in found} == set(RESOURCE_EVENTS)
    for delivery in found:
        check(WebhookEvent(delivery.event_id, delivery.type, None, delivery.body))


def test_the_announced_versions_of_a_target_contain_no_resource():
    world = World()
    for changes in (GOOD, BAD):
        world.concluded(**changes)

    assert AnnouncementLedger(world.database).delivery_states() == {}


def sighted(world, id_=LEADS, **fields):
    """Observe the resource in one pass."""
    world.clock.forward(60)
    world.memory.observed({id_: Sighting({}, "g1", **fields)})


def at(number):
    return {"positions": {"production": number}}


def promotion(number="4"):
    change = Change("aliases.production", 3, number)
    return Action(LEADS, Verb.UPDATE, Reason.CHANGED, (change,), {}, generation="g1")


def test_a_promotion_whose_process_ended_after_the_move_is_published_once():
    world = World()
    sighted(world, **at("3"))
    world.memory.started(promotion())

    for _ in range(3):
        world.restart()
        world.memory.take_over()
        sighted(world, **at("4"))

    (payload,) = world.payloads()
    assert payload["event_type"] == "model.promoted"
    assert payload["details"]["version"] == "4"


def test_a_promotion_whose_process_ended_before_the_move_is_published_by_the_next():
    world = World()
    sighted(world, **at("3"))
    world.memory.started(promotion())

    world.restart()
    world.memory.take_over()
    sighted(world, **at("3"))
    world.finish(promotion(), Applied())
    sighted(world, **at("4"))

    assert world.events() == ["model.promoted"]


def test_a_promotion_before_a_failure_of_the_same_action_is_published():
    world = World()
    sighted(world, **at("3"))

    world.finish(promotion(), Failed(TransientError("cut off")))
    sighted(world, **at("4"))
    sighted(world, **at("4"))

    assert world.events() == ["model.promoted"]


def test_an_alias_of_a_version_that_the_action_registered_is_a_promotion():
    world = World()
    sighted(world, **at("3"))
    action = Action(LEADS, Verb.UPDATE, Reason.CHANGED, (), {}, generation="g1")
    further = (Change("aliases.production", 3, 4),)

    world.finish(action, Applied(further=further))
    sighted(world, **at("4"))

    (payload,) = world.payloads()
    assert payload["details"] == {
        "alias": "production",
        "version": "4",
        "previous_version": "3",
    }


def test_drift_is_one_event_per_episode_over_restarts():
    world = World()
    edited = {"is_in_sync": False, "edited": {"task.cpu": "1"}}
    sighted(world, API)

    for fields in (edited, edited, {}, edited):
        world.restart()
        world.memory.take_over()
        sighted(world, API, **fields)

    found = world.payloads()
    assert [payload["event_type"] for payload in found] == ["drift.detected"] * 2
    assert found[0]["details"] == {"fields": "task.cpu"}
    assert found[0]["idempotency_key"] != found[1]["idempotency_key"]


def test_an_action_with_an_unknown_outcome_makes_its_own_change_no_drift():
    world = World()
    sighted(world, API)
    change = Change("task.cpu", 1, 2)
    world.memory.started(Action(API, Verb.UPDATE, Reason.CHANGED, (change,), {}))

    world.restart()
    world.memory.take_over()

    assert world.memory.applied({API}) == {}


def test_without_a_subscription_nothing_is_noted():
    world = World(Subscription("ops", frozenset({"service.degraded"})))

    sighted(world, API)
    sighted(world, **at("3"))

    assert world.memory.applied({API, LEADS}) == {}


def test_a_move_that_a_lagging_read_repeats_is_published_once():
    world = World()
    sighted(world, **at("3"))

    for _ in range(2):
        world.finish(promotion(), Applied())

    assert world.events() == ["model.promoted"]
