"""The phase of a target follows the document, but not past its parity."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.document.resource import ResourceId
from controller.core.models.registration import ModelVersion, TrainingRun
from controller.core.resources.condition import Truth
from controller.core.resources.plan import Action, Reason, Verb
from controller.core.webhooks.parity import ParityReport
from controller.core.webhooks.publication_phase import (
    DUAL,
    WEBHOOK_ONLY,
    WEBHOOK_PRIMARY,
)
from controller.core.webhooks.records import KnownTarget
from controller.kinds.webhook import KIND
from controller.kinds.webhook.driver import WebhookDriver
from controller.kinds.webhook.migration import PHASE
from controller.kinds.webhook.spec import WebhookSpec
from controller.kinds.webhook.state import QueueState, WebhookState
from tests.fakes.stopped_clock import NOON, StoppedClock

MEASURED = {
    "hokusai_token_id": "lead",
    "benchmark_metric": "accuracy",
    "benchmark_value": "0.5",
    "hokusai.ai/metric-value": "0.75",
}
ONE = ModelVersion("lead", 1, "s3://one", created_ms=1, tags=MEASURED)
BARE = ModelVersion("lead", 2, "s3://two", created_ms=2)


def spec(phase=None, **redis):
    queue = {"url": "rediss://cache.example.com:6379/0", **redis}
    if phase:
        queue["phase"] = phase
    return WebhookSpec.model_validate(
        {
            "url": "https://hokus.ai/hook",
            "secrets": [{"env": "SECRET"}],
            "announce": "all",
            "redis": queue,
        }
    )


NO_QUEUE = spec().model_copy(update={"redis": None})


def state(phase=WEBHOOK_ONLY, *versions, parity=None, **queue):
    if phase != WEBHOOK_ONLY and parity is None:
        parity = ParityReport(phase)
    return WebhookState(
        "site", "mlflow", NOON, versions, queue=QueueState(phase, parity, **queue)
    )


def phases(spec, state):
    changes = KIND.compare(spec, state)
    return [(c.before, c.after) for c in changes if c.path == PHASE]


def condition(spec, state):
    found = {c.type: c for c in KIND.conditions(spec, state)}
    return found.get("PhaseCurrent")


FULL = ParityReport(DUAL, both=20)


@pytest.mark.parametrize(
    ("before", "parity", "after", "changes"),
    [
        (WEBHOOK_ONLY, None, DUAL, True),
        (WEBHOOK_PRIMARY, None, DUAL, True),
        (DUAL, None, DUAL, False),
        (DUAL, None, WEBHOOK_PRIMARY, False),
        (DUAL, replace(FULL, only_redis=1), WEBHOOK_PRIMARY, False),
        (DUAL, FULL, WEBHOOK_PRIMARY, True),
        (DUAL, FULL, WEBHOOK_ONLY, True),
        (WEBHOOK_PRIMARY, None, WEBHOOK_ONLY, False),
        (WEBHOOK_PRIMARY, replace(FULL, phase=WEBHOOK_PRIMARY), WEBHOOK_ONLY, False),
        (
            WEBHOOK_PRIMARY,
            ParityReport(WEBHOOK_PRIMARY, only_webhook=20, not_needed=20),
            WEBHOOK_ONLY,
            True,
        ),
    ],
    ids=[
        *("first", "back", "same", "no events", "one missing", "parity", "skipped"),
        *("no fallback tried", "fallback was needed", "fallback was not needed"),
    ],
)
def test_a_phase_advances_only_at_parity(before, parity, after, changes):
    found = phases(spec(after), state(before, parity=parity))

    assert found == ([(before, after)] if changes else [])


def test_the_comparison_can_be_left_out():
    forced = spec(WEBHOOK_PRIMARY, advance_after=0)

    assert phases(forced, state(DUAL)) == [(DUAL, WEBHOOK_PRIMARY)]


def test_a_refused_phase_is_advice_with_the_numbers_and_a_condition():
    declared = spec(WEBHOOK_PRIMARY)
    refused = state(DUAL, parity=replace(FULL, only_redis=1))

    (finding,) = KIND.findings(declared, refused)

    assert finding.reason is Reason.GATE_FAILED
    assert "stays dual: 20 of 21 events at parity" in finding.message
    found = condition(declared, refused)
    assert (found.status, found.reason) == (Truth.FALSE, "BelowParity")


def test_a_current_phase_tells_its_parity():
    found = condition(spec(DUAL), state(DUAL, parity=FULL, held=2, last_error="gone"))

    assert (found.status, found.reason) == (Truth.TRUE, "Dual")
    assert found.message == (
        "The phase is dual. 20 of 20 events at parity. Messages for Redis: "
        "0 pending, 2 held, 0 dead; last failure: gone."
    )


def test_a_target_without_a_queue_has_no_condition_about_it():
    assert condition(NO_QUEUE, state()) is None
    assert KIND.findings(NO_QUEUE, state()) == ()


def test_messages_without_a_connection_are_advice():
    (finding,) = KIND.findings(NO_QUEUE, state(pending=1, held=2))

    assert "3 messages for Redis cannot be sent" in finding.message


def test_a_removed_connection_ends_the_migration():
    assert phases(NO_QUEUE, state(DUAL)) == [(DUAL, WEBHOOK_ONLY)]


def test_announcements_go_on_while_a_phase_is_refused():
    paths = [c.path for c in KIND.compare(spec(WEBHOOK_PRIMARY), state(DUAL, ONE))]

    assert paths == ["announced.lead/1"]


def test_details_show_the_comparison():
    sections = KIND.details(spec(DUAL), state(DUAL, parity=FULL))

    (parity,) = (s for s in sections if s.title == "parity")
    shown = dict(zip(parity.columns, parity.rows[0], strict=True))
    assert (shown["events"], shown["both"]) == (20, 20)


class Backends:
    """Keeps what is announced; the runs have the given metrics."""

    def __init__(self, **metrics):
        self.announced, self.phases, self.targets_added = [], [], []
        self.metrics = metrics

    def add_target(self, name, _url, _baseline, _now, phase):
        self.targets_added.append((name, phase))

    def set_phase(self, target, phase):
        self.phases.append((target, phase))

    def announce(self, _target, _sink, events, _now, *, phase, messages):
        numbers = [event.identity.number for event in events]
        queued = [message.identity.number for message in messages]
        self.announced.append((phase, numbers, queued))
        return 1

    def runs_by_id(self, ids):
        return {id_: TrainingRun(id_, self.metrics, "") for id_ in ids}


def applied(spec, state, backends, verb=Verb.ANNOUNCE):
    driver = WebhookDriver(
        backends,
        backends,
        ledger=backends,
        outcomes=None,
        clock=StoppedClock(),
        registry="mlflow",
        check=lambda _event: None,
    )
    changes = KIND.compare(spec, state)
    id_ = ResourceId("webhook", "site")
    driver.apply(Action(id_, verb, Reason.DRIFTED, changes, spec, state))
    return backends


def test_both_publications_are_announced_together_without_what_redis_refuses():
    found = applied(spec(DUAL), state(DUAL, ONE, BARE), Backends())

    assert found.announced == [(DUAL, [1, 2], [1])]


def test_the_value_of_the_run_is_published():
    tags = {k: v for k, v in MEASURED.items() if k != "hokusai.ai/metric-value"}
    one = replace(ONE, tags=tags, run_id="r1")

    assert applied(spec(DUAL), state(DUAL, one), Backends()).announced == [
        (DUAL, [1], [])
    ]
    assert applied(spec(DUAL), state(DUAL, one), Backends(accuracy=0.8)).announced == [
        (DUAL, [1], [1])
    ]


def test_a_changed_phase_is_recorded_and_concerns_the_same_announcement():
    found = applied(spec(DUAL), state(WEBHOOK_ONLY, ONE), Backends())

    assert found.phases == [("site", DUAL)]
    assert found.announced == [(DUAL, [1], [1])]


def test_a_refused_phase_is_not_announced():
    found = applied(spec(WEBHOOK_ONLY), state(DUAL, ONE), Backends())

    assert found.phases == []
    assert found.announced == [(DUAL, [1], [1])]


def test_the_last_phase_has_no_messages():
    found = applied(spec(WEBHOOK_ONLY), state(WEBHOOK_ONLY, ONE), Backends())

    assert found.announced == [(WEBHOOK_ONLY, [1], [])]


def test_a_target_starts_in_the_declared_phase():
    found = applied(spec(DUAL), state(), Backends(), Verb.CREATE)

    assert found.targets_added == [("site", DUAL)]


class Records:
    """One target with a queue, as the store has it."""

    def __init__(self, phase, queued):
        self.phase, self.queued = phase, queued

    def targets(self):
        return {"site": KnownTarget("site", "https://h", None, NOON, self.phase)}

    def delivery_states(self):
        return {}

    def breakers(self):
        return {}

    def records(self):
        return {}

    def counts(self, sink="webhook"):
        return {"site": self.queued} if sink == "redis" and self.queued else {}

    def list(self, *_):
        return ()

    def parity(self, _target, phase):
        return ParityReport(phase, both=7, largest_delay=timedelta(0))

    def versions(self):
        return ()

    def models(self):
        return ()


@pytest.mark.parametrize(
    ("phase", "compared"),
    [(DUAL, 7), (WEBHOOK_PRIMARY, 7), (WEBHOOK_ONLY, None)],
)
def test_the_events_of_the_recorded_phase_are_observed(phase, compared):
    records = Records(phase, {})
    driver = WebhookDriver(
        None,
        records,
        ledger=records,
        outcomes=records,
        clock=StoppedClock(),
        registry="mlflow",
        check=lambda _event: None,
    )
    id_ = ResourceId("webhook", "site")

    queue = driver.observe({id_: spec(phase)})[id_].state.queue

    assert queue.phase == phase
    assert (queue.parity.both if queue.parity else None) == compared
