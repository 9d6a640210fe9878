"""``why``: one cause, and what comes next."""

from datetime import timedelta

import pytest

from controller.core.document.resource import Resource, ResourceId
from controller.core.resources.condition import Truth
from controller.core.resources.plan import Verb
from controller.core.status.cause import LastAttempt, PassTiming, cause_of, chain_of
from tests.builders.plans import NOON, conditions

A, B, C = (ResourceId("service", name) for name in "abc")
MINUTE = timedelta(minutes=1)
WORKING = PassTiming(MINUTE, NOON, NOON + timedelta(seconds=5))
WELL = conditions()
ILL = conditions(Truth.FALSE, "TasksMissing", "0 of 1 tasks run.")


def resources(**depends):
    return {
        ResourceId("service", name): Resource(
            ResourceId("service", name), None, depends_on=frozenset(on)
        )
        for name, on in depends.items()
    }


CHAIN = resources(a=[B, C], b=[C], c=[])


@pytest.mark.parametrize(
    ("statuses", "chain"),
    [
        pytest.param({A: WELL, B: ILL}, (A,), id="ready itself"),
        pytest.param({A: ILL, B: WELL, C: WELL}, (A,), id="its own fault"),
        pytest.param({A: ILL, B: ILL, C: WELL}, (A, B), id="one before it"),
        pytest.param({A: ILL, B: ILL, C: ILL}, (A, B, C), id="the first of all"),
        pytest.param({A: ILL, B: ILL}, (A, B, C), id="one not seen yet"),
    ],
)
def test_the_way_leads_to_the_first_that_is_not_ready(statuses, chain):
    assert chain_of(A, CHAIN, statuses) == chain


@pytest.mark.parametrize(
    ("reason", "next_"),
    [
        ("Ready", ("No action required.", "status service/a")),
        (
            "PreflightWarning",
            ("Review the warning in the message.", "preflight service/a"),
        ),
    ],
)
def test_what_is_ready_may_come_with_a_warning(reason, next_):
    assert told(conditions(Truth.TRUE, reason, "x")) == next_


def test_a_circle_ends():
    circle = resources(a=[B], b=[A])

    assert chain_of(A, circle, {A: ILL, B: ILL}) == (A, B)


def told(found, timing=WORKING):
    cause = cause_of((A,), {A: found} if found else {}, None, timing)
    return cause.next_step, cause.command


@pytest.mark.parametrize(
    ("found", "command"),
    [
        pytest.param(
            conditions(Truth.FALSE, "NotManaged", "x", stalled=Truth.TRUE),
            "apply service/a",
            id="not ours",
        ),
        pytest.param(
            conditions(Truth.FALSE, "RevisionRejected", "x", stalled=Truth.TRUE),
            "status service/a",
            id="rejected",
        ),
        pytest.param(
            conditions(Truth.FALSE, "BacklogLimitExceeded", "x", stalled=Truth.TRUE),
            "apply --allow-backlog service/a",
            id="backlog",
        ),
        pytest.param(
            conditions(Truth.FALSE, "RolloutStalled", "x", stalled=Truth.TRUE),
            "status service/a",
            id="a rollout that is stuck",
        ),
        pytest.param(
            conditions(Truth.FALSE, "TargetDisabled", "x", stalled=Truth.TRUE),
            'retry service/a --reason "…"',
            id="disabled target",
        ),
        pytest.param(
            conditions(Truth.FALSE, "SomethingNew", "x", stalled=Truth.TRUE),
            "status service/a",
            id="a word that is not known here",
        ),
    ],
)
def test_what_waits_for_a_person_says_so(found, command):
    sentence, next_command = told(found)

    assert next_command == command
    assert "by itself" not in sentence


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        ("SecretUnreadable", "preflight service/a"),
        ("AddressNotPermitted", "webhooks doctor a"),
        ("BreakerOpen", "webhooks doctor a"),
        ("Retrying", "webhooks doctor a"),
        ("DeliveryFailed", "deliveries list --target a --only dead"),
    ],
)
def test_a_webhook_that_fails_is_explained_by_its_own_command(reason, command):
    assert told(conditions(Truth.FALSE, reason, "x"))[1] == command


@pytest.mark.parametrize(
    ("found", "timing", "sentence"),
    [
        pytest.param(
            conditions(Truth.FALSE, "Waiting", "x", reconciling=Truth.TRUE),
            WORKING,
            "In progress; no action needed. Next check by 2026-01-01T12:01:00Z.",
            id="under way",
        ),
        pytest.param(
            conditions(Truth.UNKNOWN, "Unknown", "x"),
            WORKING,
            "Next check by 2026-01-01T12:01:00Z.",
            id="not seen",
        ),
        pytest.param(
            ILL,
            WORKING,
            "The controller has nothing to change. Next check by 2026-01-01T12:01:00Z.",
            id="sick",
        ),
        pytest.param(
            ILL,
            PassTiming(MINUTE, NOON, NOON + 4 * MINUTE),
            "No automatic progress: the last pass was at 2026-01-01T12:00:00Z.",
            id="nobody at work any more",
        ),
        pytest.param(
            None,
            PassTiming(MINUTE, None, NOON),
            "Not observed yet: no controller is running (`hokusai run` starts one).",
            id="nobody ever at work",
        ),
        pytest.param(WELL, WORKING, "No action required.", id="ready"),
    ],
)
def test_what_comes_next_is_told_with_its_time(found, timing, sentence):
    assert told(found, timing)[0] == sentence


def test_the_next_step_states_the_failures_and_the_time_of_the_next_attempt():
    again = NOON + timedelta(seconds=40)
    tried = LastAttempt(NOON, Verb.UPDATE, "Failed", "denied", failures=3, again=again)
    ill = conditions(Truth.FALSE, "ApplyFailed", "denied", stalled=Truth.TRUE)

    cause = cause_of((A,), {A: ill}, tried, WORKING)

    assert cause.next_step == (
        "Fix the problem that the message describes. Failed 3 times in a row; next"
        " attempt"
        " at 2026-01-01T12:00:40Z."
    )


def test_nobody_tries_again_when_nobody_is_at_work():
    again = NOON + timedelta(minutes=9)
    tried = LastAttempt(NOON, Verb.UPDATE, "Failed", "denied", failures=1, again=again)

    cause = cause_of((A,), {A: ILL}, tried, PassTiming(MINUTE, NOON, NOON + 4 * MINUTE))

    assert "next attempt" not in cause.next_step
