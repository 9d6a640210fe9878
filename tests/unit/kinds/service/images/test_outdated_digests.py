"""Images and secrets newer than the running tasks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.core.resources.kind import HealthLevel
from controller.core.resources.plan import Effect, Hold, Reason
from controller.kinds.service import KIND
from controller.kinds.service.images.marks import marks
from controller.kinds.service.render.effective import (
    effective_spec,
    pin_of,
    pinned,
    tagged,
)
from controller.kinds.service.render.fingerprint import definition_hash
from controller.kinds.service.render.task_definition import render
from controller.kinds.service.secrets.aws import SecretLocation, secret_location
from controller.kinds.service.state.images import ImageSeen, SecretsSeen
from controller.kinds.service.state.service import Rejection
from tests.builders.images import IMAGE, NAME, REPOSITORY, spec, state

OLD, NEW = "sha256:" + "a" * 64, "sha256:" + "c" * 64
MOVED = ImageSeen(NAME, IMAGE, OLD, NEW)
ROTATED = SecretsSeen("2222", ("DB_PASSWORD",))
BACK = SecretsSeen("2222", moved=("DB_PASSWORD",))


def test_a_tag_that_moved_is_reported_with_both_digests_and_the_command():
    seen = state(spec(), images=[MOVED])

    (finding,) = KIND.findings(spec(), seen)

    assert KIND.compare(spec(), seen) == ()
    assert (
        "running: sha256:aaaaaaaaaaaa…, in ECR: sha256:cccccccccccc…" in finding.message
    )
    assert finding.reason is Reason.TASKS_OUTDATED
    assert finding.command.startswith("hokusai restart service/api --reason ")
    assert KIND.health(spec(), seen).level is HealthLevel.HEALTHY


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(ImageSeen(NAME, IMAGE, OLD, OLD), id="same digest"),
        pytest.param(ImageSeen(NAME, IMAGE, "", NEW), id="ECS does not say"),
        pytest.param(ImageSeen(NAME, IMAGE, OLD, ""), id="ECR does not say"),
        pytest.param(
            ImageSeen(NAME, IMAGE, OLD, NEW, frozenset({OLD})), id="part of an index"
        ),
        pytest.param(ImageSeen(NAME, f"{REPOSITORY}:v1", OLD, NEW), id="another tag"),
    ],
)
def test_nothing_is_said_of_an_image_that_is_not_known_to_be_another(seen):
    of = spec(image_policy="redeploy")

    assert KIND.compare(of, state(of, images=[seen])) == ()
    assert KIND.findings(spec(), state(spec(), images=[seen])) == ()


def test_a_redeployed_tag_that_moved_restarts_the_tasks():
    of = spec(image_policy="redeploy")

    (change,) = KIND.compare(of, state(of, images=[MOVED]))

    assert (change.path, change.before, change.after) == (f"images.{NAME}", OLD, NEW)
    assert change.effect is Effect.RESTART


@pytest.mark.parametrize(
    ("tag", "restarts"),
    [
        pytest.param(None, True, id="never tried"),
        pytest.param("a" * 24 + "/d0", True, id="another digest was tried"),
        pytest.param("c" * 24 + "/d1", True, id="died before the deployment"),
        pytest.param("c" * 24 + "/d0", False, id="tried and gone"),
    ],
)
def test_a_digest_that_did_not_stay_is_not_tried_again(tag, restarts):
    of = spec(image_policy="redeploy")
    tags = {} if tag is None else {"hokusai.ai/digest": tag}
    seen = state(of, images=[MOVED], tags=tags)

    assert bool(KIND.compare(of, seen)) is restarts
    assert bool(KIND.findings(of, seen)) is not restarts


@pytest.mark.parametrize(
    ("more", "hold"),
    [
        pytest.param({}, None, id="rested"),
        pytest.param(
            {"rested": timedelta(seconds=9)}, Hold.RESTARTED_RECENTLY, id="too soon"
        ),
        pytest.param(
            {"rollout": "IN_PROGRESS"}, Hold.ROLLOUT_IN_PROGRESS, id="under way"
        ),
    ],
)
def test_a_restart_for_an_image_waits_for_its_turn(more, hold):
    of = spec(image_policy="redeploy")
    seen = state(of, images=[MOVED], **more)

    held = KIND.hold_reason(of, seen, KIND.compare(of, seen))

    assert (held.hold if held else None) == hold


def test_a_newer_image_is_rolled_out_though_the_one_before_was_rejected():
    of = spec(image_policy="redeploy")
    rejected = (Rejection(definition_hash(of), "It was rolled back."),)
    seen = state(of, images=[MOVED], rejected=rejected)

    assert KIND.hold_reason(of, seen, KIND.compare(of, seen)) is None
    assert KIND.hold_reason(of, seen, ()).hold is Hold.REVISION_REJECTED


def test_a_pin_names_the_digest_and_shows_both_when_the_tag_moves():
    of = spec(image_policy="pin")
    live = pinned(of, {NAME: pin_of(IMAGE, OLD)})

    (change,) = KIND.compare(of, state(live, images=[MOVED]))

    assert change.path == f"task.containers.{NAME}.image"
    assert change.before == f"{REPOSITORY}@{OLD}"
    assert change.after == f"{REPOSITORY}@{NEW}"
    assert change.effect is Effect.RESTART


def test_what_could_not_be_resolved_stays_pinned_and_is_unknown():
    of = spec(image_policy="pin")
    live = pinned(of, {NAME: pin_of(IMAGE, OLD)})
    seen = state(live, images=[ImageSeen(NAME, IMAGE, OLD, unseen="throttled")])

    assert KIND.compare(of, seen) == ()
    assert effective_spec(of, seen).image == f"{REPOSITORY}@{OLD}"
    held = KIND.hold_reason(of, seen, ())
    assert (held.hold, "throttled" in held.message) == (Hold.UNKNOWN, True)


def test_nothing_is_rolled_out_by_tag_where_it_is_to_be_by_digest():
    of = spec(image_policy="pin", cpu=512, memory=1024)
    seen = state(
        spec(image_policy="pin"), images=[ImageSeen(NAME, IMAGE, unseen="no such tag")]
    )

    held = KIND.hold_reason(of, seen, KIND.compare(of, seen))

    assert held.hold is Hold.RESOLUTION_FAILED


def test_a_rejected_digest_does_not_reject_the_next_one():
    of = spec(image_policy="pin")
    bad = pinned(of, {NAME: pin_of(IMAGE, OLD)})
    rejected = (Rejection(definition_hash(bad), "It crashed."),)
    still = state(of, images=[ImageSeen(NAME, IMAGE, "", OLD)], rejected=rejected)
    newer = replace(still, fresh=replace(still.fresh, images=(MOVED,)))

    assert (
        KIND.hold_reason(of, still, KIND.compare(of, still)).hold
        is Hold.REVISION_REJECTED
    )
    assert KIND.hold_reason(of, newer, KIND.compare(of, newer)) is None


def test_an_image_of_another_container_is_pinned_too():
    sidecar = {"name": "proxy", "image": f"{REPOSITORY}:proxy"}
    of = spec(task={"containerDefinitions": [sidecar]})

    both = pinned(of, {NAME: "x@sha256:1", "proxy": "y@sha256:2"})

    images = {c["name"]: c["image"] for c in render(both)["containerDefinitions"]}
    assert images == {NAME: "x@sha256:1", "proxy": "y@sha256:2"}
    assert pinned(of, {NAME: "x@sha256:1", "proxy": "y@sha256:2"}) is both


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("hokusai/api:latest", "it is not in ECR"),
        (f"{REPOSITORY}@{OLD}", "it is declared with a digest"),
        (
            IMAGE.replace("us-east-1", "eu-west-1"),
            "it is in eu-west-1, not in us-east-1",
        ),
    ],
)
def test_what_is_not_looked_up_says_why(image, why):
    assert tagged(spec(), image) == why


def test_a_rotated_secret_is_reported_and_nothing_is_restarted():
    seen = state(spec(), secrets=ROTATED)

    (finding,) = KIND.findings(spec(), seen)

    assert KIND.compare(spec(), seen) == ()
    assert finding.message.startswith("DB_PASSWORD was rotated after the tasks started")


@pytest.mark.parametrize(
    ("tag", "secrets", "effect"),
    [
        pytest.param(None, SecretsSeen("2222"), Effect.COSMETIC, id="first sight"),
        pytest.param(None, ROTATED, None, id="first sight, rotated"),
        pytest.param("1111/", ROTATED, Effect.RESTART, id="rotated"),
        pytest.param("2222/d1", ROTATED, Effect.RESTART, id="died before"),
        pytest.param("2222/d0", ROTATED, None, id="restarted for it"),
        pytest.param("2222/", SecretsSeen("2222"), None, id="as it was"),
        pytest.param(
            "1111/", SecretsSeen("2222"), Effect.COSMETIC, id="others restarted"
        ),
        pytest.param("1111/", SecretsSeen(unseen="no"), None, id="could not look"),
        pytest.param("1111/d0", BACK, Effect.RESTART, id="went back"),
        pytest.param("2222/d1", BACK, Effect.RESTART, id="went back, died before"),
        pytest.param("2222/d0", BACK, None, id="went back, restarted for it"),
    ],
)
def test_a_new_version_restarts_once_where_that_is_asked_for(tag, secrets, effect):
    of = spec(restart_on_secret_change=True)
    tags = {} if tag is None else {"hokusai.ai/secrets": tag}

    changes = KIND.compare(of, state(of, secrets=secrets, tags=tags))

    assert [change.effect for change in changes] == ([effect] if effect else [])


def test_marks_say_what_a_deployment_is_for_and_which_one_it_follows():
    of = spec(image_policy="redeploy", restart_on_secret_change=True)
    seen = state(of, images=[MOVED], secrets=ROTATED)

    assert dict(marks(of, seen, restarts=True)) == {
        "hokusai.ai/applied": "under way",
        "hokusai.ai/digest": f"{'c' * 24}/d1",
        "hokusai.ai/secrets": "2222/d1",
    }
    assert dict(marks(of, seen, restarts=False)) == {"hokusai.ai/secrets": "2222/"}
    assert dict(marks(spec(), seen, restarts=True)) == {}


@pytest.mark.parametrize(
    ("value_from", "kept"),
    [
        ("arn:aws:ssm:us-east-1:1:parameter/a/b", [SecretLocation("ssm", "/a/b")]),
        ("arn:aws:ssm:us-east-1:1:parameter/b", [SecretLocation("ssm", "b")]),
        ("plain", [SecretLocation("ssm", "plain")]),
        (
            "arn:aws:secretsmanager:us-east-1:1:secret:app:key::",
            [
                SecretLocation(
                    "secretsmanager", "arn:aws:secretsmanager:us-east-1:1:secret:app"
                )
            ],
        ),
        (
            "arn:aws:secretsmanager:us-east-1:1:secret:app:key:MINE:",
            [
                SecretLocation(
                    "secretsmanager",
                    "arn:aws:secretsmanager:us-east-1:1:secret:app",
                    "MINE",
                )
            ],
        ),
        ("arn:aws:secretsmanager:us-east-1:1:secret:app:key::v1", []),
    ],
)
def test_a_reference_leads_to_where_the_secret_is_kept(value_from, kept):
    assert [*secret_location(value_from)] == kept
