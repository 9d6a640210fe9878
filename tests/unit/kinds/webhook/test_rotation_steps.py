"""Steps of a rotation on simulated labels, interrupted at every call."""

from dataclasses import replace

import pytest

from controller.core.document.reference import SecretReference
from controller.core.errors import (
    ConflictError,
    NotFoundError,
    OutcomeUnknownError,
    TransientError,
)
from controller.core.webhooks.answers import Answered, Unanswered
from controller.core.webhooks.rotation import (
    ENDED,
    MOST_REFUSALS,
    RotationStage,
    SecretRotation,
)
from controller.kinds.webhook.rotation.aws.steps import RotationSteps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.store.events import EventLog
from controller.store.secret_rotations import StoredRotations
from tests.fakes.sim_aws import SecretsManager
from tests.fakes.sim_ecs import RefusalError
from tests.fakes.stopped_clock import StoppedClock
from tests.fakes.store import empty_store

SECRET = SecretReference(secretsmanager="hokusai/site")
OLD = "version-1"


class Labels:
    """Secrets Manager, of which one call fails before or after its effect."""

    def __init__(self):
        self.backend = SecretsManager("secretsmanager")
        self.backend.things["hokusai/site"] = "current-secret"
        self.fails_at, self.after, self.calls = -1, False, 0

    def call(self, service, operation, /, **parameters):
        self.calls += 1
        fails = self.calls == self.fails_at
        if fails and not self.after:
            raise TransientError(operation)
        try:
            answer = self.backend.perform(operation, parameters)
        except RefusalError as error:
            raise NotFoundError(str(error)) from error
        if fails:
            raise OutcomeUnknownError(operation)
        return answer

    def holding(self, label):
        versions = self.backend.versions("hokusai/site").items()
        return [id_ for id_, (_, held) in versions if label in held]

    @property
    def labels(self):
        return {
            label: "".join(self.holding(label))
            for label in ("AWSCURRENT", "AWSPENDING", "AWSPREVIOUS")
        }


class Scene:
    def __init__(self):
        self.clock = StoppedClock()
        self.database = empty_store(self.clock)
        self.records = StoredRotations(self.database)
        self.aws = Labels()
        self.known = {OLD}
        self.answer = None
        self.steps = RotationSteps(
            self.records, lambda r: RotatedSecret(self.aws, r), self.clock, self.ping
        )

    def ping(self, target, reference, version):
        """Answer as a receiver that knows the secrets of the versions in ``known``."""
        assert (target, reference) == ("site", SECRET)
        return self.answer or Answered(200 if version in self.known else 401)

    def at(self, stage, **changes):
        """Record a rotation in ``stage``, with the labels that belong to it."""
        labels = RotatedSecret(self.aws, SECRET).stage("next-secret")
        begun = SecretRotation(
            "site",
            str(SECRET),
            RotationStage.STAGED,
            labels.current,
            labels.pending,
            self.clock.now(),
        )
        found = self.records.save(None, begun)
        if stage == "promoted":
            found = self.steps.promote(found, SECRET)
            found = self.records.save(found, replace(found, **changes))
        self.aws.calls = 0
        return found

    def gone(self):
        """Delete the next version, as AWS does once it has no label."""
        versions = self.aws.backend.versions("hokusai/site")
        del versions["version-2"]
        self.aws.backend.things["versions of hokusai/site"] = versions

    @property
    def rotation(self):
        return self.records.all()["site"]


@pytest.fixture
def scene():
    return Scene()


def test_the_next_secret_is_pending_and_the_current_one_stays(scene):
    labels = RotatedSecret(scene.aws, SECRET).stage("next-secret")

    assert (labels.current, labels.pending) == (OLD, "version-2")
    assert scene.aws.backend.versions("hokusai/site")["version-2"][0] == "next-secret"


def test_a_pending_version_of_an_operator_is_used(scene):
    RotatedSecret(scene.aws, SECRET).stage("of the operator")

    RotatedSecret(scene.aws, SECRET).stage("drawn")

    texts = [text for text, _ in scene.aws.backend.versions("hokusai/site").values()]
    assert texts == ["current-secret", "of the operator"]


def test_the_other_keys_of_a_json_secret_are_kept(scene):
    scene.aws.backend.things["hokusai/site"] = '{"key": "a", "token": "b"}'
    reference = SecretReference(secretsmanager="hokusai/site:key")

    RotatedSecret(scene.aws, reference).stage("next")

    text, _ = scene.aws.backend.versions("hokusai/site")["version-2"]
    assert text == '{"key": "next", "token": "b"}'


def test_a_json_secret_without_the_key_is_refused_without_its_text(scene):
    scene.aws.backend.things["hokusai/site"] = '{"other": "hidden"}'
    reference = SecretReference(secretsmanager="hokusai/site:key")

    with pytest.raises(NotFoundError, match="has no key key") as caught:
        RotatedSecret(scene.aws, reference).stage("next")

    assert "hidden" not in str(caught.value)


def test_a_promotion_moves_the_labels(scene):
    scene.at("staged")

    scene.steps.promote(scene.rotation, SECRET)

    assert scene.aws.labels == {
        "AWSCURRENT": "version-2",
        "AWSPENDING": "",
        "AWSPREVIOUS": OLD,
    }
    assert (scene.rotation.stage, scene.rotation.moves) == (RotationStage.PROMOTED, 1)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", range(1, 6))
@pytest.mark.parametrize("begun", ["staged", "promoted"])
def test_a_move_that_is_interrupted_is_completed_by_the_controller(
    scene, begun, call, after
):
    found = scene.at(begun, refusals=MOST_REFUSALS)
    scene.aws.fails_at, scene.aws.after = call, after
    try:
        if begun == "staged":
            scene.steps.promote(found, SECRET)
        else:
            scene.steps.advance("site", (SECRET,), None)
    except TransientError:
        scene.clock.forward(30)
        scene.steps.advance("site", (SECRET,), None)

    assert scene.aws.calls >= call
    new_is_current = begun == "staged"
    assert scene.aws.labels["AWSCURRENT"] == ("version-2" if new_is_current else OLD)
    assert scene.aws.labels["AWSPENDING"] == ("" if new_is_current else "version-2")
    assert scene.rotation.stage == ("promoted" if new_is_current else "staged")


def test_refused_deliveries_take_the_promotion_back_with_a_warning(scene):
    scene.at("promoted", refusals=MOST_REFUSALS)

    sentence = scene.steps.advance("site", (SECRET,), None)

    assert "signs first again" in sentence
    assert scene.rotation.stage is RotationStage.STAGED
    assert scene.rotation.refusals == 0
    (event,) = EventLog(scene.database).recent(9)
    assert (event.type, event.reason) == ("Warning", "RotationSteppedBack")
    assert "401 or 403" in event.message


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({OLD, "version-2"}, "accepts a ping that only the next secret signs"),
        ({"version-2"}, "accepts a ping that only the next secret signs"),
        (set(), "also refuses a ping that only the previous secret signs"),
    ],
    ids=["knows both", "knows the next", "knows none"],
)
def test_refusals_of_another_cause_take_nothing_back(scene, known, cause):
    scene.at("promoted", refusals=MOST_REFUSALS)
    scene.known = known

    sentence = scene.steps.advance("site", (SECRET,), None)

    assert cause in sentence
    assert (scene.rotation.stage, scene.rotation.refusals) == ("promoted", 0)
    assert scene.aws.labels["AWSCURRENT"] == "version-2"
    assert EventLog(scene.database).recent(9) == ()
    assert scene.steps.advance("site", (SECRET,), None) == ""


@pytest.mark.parametrize(
    "answer", [Answered(500), Answered(429), Unanswered("timeout")], ids=str
)
def test_without_a_meaning_of_the_ping_the_promotion_stays_for_now(scene, answer):
    scene.at("promoted", refusals=MOST_REFUSALS)
    scene.answer = answer

    with pytest.raises(TransientError, match="a ping to find the cause failed"):
        scene.steps.advance("site", (SECRET,), None)

    assert (scene.rotation.stage, scene.rotation.refusals) == ("promoted", 3)


def test_a_step_back_ends_although_the_next_version_is_gone(scene):
    found = scene.at("staged")
    scene.gone()
    scene.records.save(found, found.at(RotationStage.PROMOTING, scene.clock.now()))

    scene.steps.step_back(scene.rotation, SECRET, "its version is gone")

    assert scene.rotation.stage is RotationStage.STAGED
    assert scene.aws.labels["AWSCURRENT"] == OLD


@pytest.mark.parametrize("stage", [s for s in RotationStage if s not in ENDED])
@pytest.mark.parametrize("lost", ["next version", "secret", "nothing"])
def test_every_open_rotation_can_be_aborted(scene, stage, lost):
    found = scene.at("staged")
    scene.records.save(found, found.at(stage, scene.clock.now()))
    if lost == "next version":
        scene.gone()
    if lost == "secret":
        del scene.aws.backend.things["hokusai/site"]

    scene.steps.abort(scene.rotation, SECRET, "aborted by hand")

    assert scene.rotation.stage is RotationStage.CANCELLED
    assert scene.rotation.problem.startswith("aborted by hand")
    if lost == "nothing":
        assert scene.aws.labels == {
            "AWSCURRENT": OLD,
            "AWSPENDING": "",
            "AWSPREVIOUS": "",
        }


def test_the_old_secret_is_retired_and_its_label_stays(scene):
    scene.at("promoted")
    scene.clock.forward(24 * 3600)

    scene.steps.advance("site", (SECRET,), None)

    assert scene.rotation.stage is RotationStage.RETIRED
    assert scene.aws.labels["AWSPREVIOUS"] == OLD


def test_nothing_is_repeated_once_it_is_done(scene):
    scene.at("promoted")

    assert scene.steps.advance("site", (SECRET,), None) == ""
    assert scene.aws.calls == 0


def test_another_current_version_cancels_the_rotation_with_a_warning(scene):
    scene.at("promoted", refusals=MOST_REFUSALS)
    third = {"SecretString": "third", "VersionStages": ["AWSCURRENT"]}
    scene.aws.backend.PutSecretValue({"SecretId": "hokusai/site", **third})

    sentence = scene.steps.advance("site", (SECRET,), None)

    assert "by another program" in sentence
    assert scene.rotation.stage is RotationStage.CANCELLED
    assert scene.aws.labels["AWSCURRENT"] == "version-3"
    assert "RotationCancelled" in [e.reason for e in EventLog(scene.database).recent(9)]


def test_a_promotion_never_overwrites_another_current_version(scene):
    scene.at("staged")
    third = {"SecretString": "third", "VersionStages": ["AWSCURRENT"]}
    scene.aws.backend.PutSecretValue({"SecretId": "hokusai/site", **third})

    with pytest.raises(ConflictError, match="by another program"):
        scene.steps.promote(scene.rotation, SECRET)

    assert scene.aws.labels["AWSCURRENT"] == "version-3"


def test_one_of_two_writers_with_one_record_is_refused(scene):
    found = scene.at("staged")
    scene.steps.promote(found, SECRET)

    with pytest.raises(ConflictError, match="another process changed the rotation"):
        scene.steps.cancel(found, SECRET, "twice")


def test_a_cancelled_rotation_has_no_pending_version(scene):
    found = scene.at("staged")

    scene.steps.cancel(found, SECRET, "mistake")

    assert scene.aws.labels["AWSPENDING"] == ""
    assert scene.rotation.problem == "mistake"
