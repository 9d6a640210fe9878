"""Requested operations: refusals, and the tags that record them."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.core.document.platform import Platform
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.kinds.service import KIND
from controller.kinds.service.operations.requests import (
    on_hold,
    refusal,
    set_aside_tags,
    tag_text,
)
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import (
    Deployment,
    Rejection,
    ServiceDeployment,
    ServiceState,
)
from controller.kinds.service.tags import RESTARTED, SET_ASIDE, SET_ASIDE_BY, as_pairs

PLATFORM = Platform("hokusai", "development", "123456789012", "us-east-1")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ASKED = OperationRequest("ada@laptop", "it leaks", "api:1")


def spec(image="api:2"):
    return KIND.complete("api", ServiceSpec.model_validate({"image": image}), PLATFORM)


REJECTED = (
    Rejection(definition_hash(spec()), "It crashed.", "d-2"),
    Rejection("v1:other", "It crashed.", "d-1"),
)
ASIDE = (Rejection(definition_hash(spec()), "It is on hold."),)
STEP = (
    Rejection(definition_hash(spec()), "step migrate failed.", stopped="arn:api:2"),
)


def state(
    status="ACTIVE",
    rollout="COMPLETED",
    revision="api:2",
    tags=None,
    rejected=(),
    record=None,
):
    """Return a service; ``record`` is the status that ECS's record of the rollout has."""
    primary = Deployment("ecs-svc/1", "PRIMARY", rollout, "", f"arn:{revision}")
    return ServiceState(
        "arn:service",
        status,
        {},
        f"arn:x/{revision}",
        settings={"tags": as_pairs(tags or {})},
        deployments=(primary,),
        our_deployment="ecs-svc/1",
        rejected=rejected,
        service_deployment=record and ServiceDeployment("arn:d", record, "ecs-svc/1"),
    )


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        pytest.param("ada: 5 % fail; why?", "ada: 5 fail why", id="signs"),
        pytest.param("é" * 300, "é" * 256, id="length"),
        pytest.param("two\nlines", "two lines", id="lines"),
    ],
)
def test_a_reason_is_written_in_characters_that_a_tag_allows(text, tag):
    assert tag_text(text) == tag


def test_a_revision_on_hold_is_held_until_other_content_is_declared():
    service = {"tags": as_pairs(set_aside_tags(spec(), ASKED))}

    (rejection,) = on_hold("api", spec(), service)

    assert "ada@laptop: it leaks" in rejection.message
    assert [*on_hold("api", spec("api:3"), service)] == []


@pytest.mark.parametrize(
    ("verb", "seen", "told"),
    [
        (Verb.RESTART, state(status="DRAINING"), "ECS is deleting"),
        (Verb.RESTART, state(rollout="IN_PROGRESS"), "a rollout is in progress"),
        (
            Verb.RESTART,
            state(tags={RESTARTED: NOON.isoformat()}),
            "at 2026-01-01T12:00:00Z; `deployment.restart_interval` (300 s) allows the next",
        ),
        (Verb.RESUME, state(), "no revision is on hold"),
        (Verb.RETRY, state(status="DRAINING"), "ECS is deleting"),
        (Verb.RETRY, state(rollout="IN_PROGRESS"), "a rollout is in progress"),
        *(
            (Verb.RETRY, state(rollout="IN_PROGRESS", record=record), "is in progress")
            for record in ("IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
        ),
        (Verb.RETRY, state(), "no revision was rejected"),
        (Verb.RETRY, state(rejected=REJECTED[1:]), "no revision was rejected"),
        (Verb.RETRY, state(rejected=ASIDE), "It is on hold"),
    ],
)
def test_what_cannot_be_done_now_is_refused_with_the_reason(verb, seen, told):
    now = NOON + timedelta(minutes=1)

    assert told in refusal(verb, ASKED, spec(), seen, now)


def test_a_service_cannot_be_approved():
    assert "does not support `approve`" in refusal(
        Verb.APPROVE, ASKED, spec(), state(), NOON
    )


@pytest.mark.parametrize(
    ("verb", "seen"),
    [
        (Verb.RESTART, state(tags={RESTARTED: "by hand"})),
        (Verb.RESTART, state(tags={RESTARTED: "2026-01-01T11:00:00"})),
        (Verb.ROLL_BACK, state(rollout="IN_PROGRESS")),
        (Verb.ROLL_BACK, state(revision="api:1")),
        (Verb.RETRY, state(rejected=REJECTED)),
        (Verb.RETRY, state(rejected=STEP)),
        *(
            (Verb.RETRY, state(rollout="IN_PROGRESS", record=record, rejected=REJECTED))
            for record in ("ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED")
        ),
        (Verb.RESUME, state(tags={SET_ASIDE: "v1:other", SET_ASIDE_BY: "bob"})),
    ],
)
def test_what_can_be_done_is_not_refused(verb, seen):
    assert refusal(verb, ASKED, spec(), seen, NOON) == ""
