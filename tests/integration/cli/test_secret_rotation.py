"""``webhooks rotate`` with an emulated Secrets Manager and a receiver that verifies."""

import asyncio
import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from jsonschema import Draft202012Validator
from moto.secretsmanager.models import secretsmanager_backends
from standardwebhooks import Webhook, WebhookVerificationError

from controller.app.session import read
from controller.app.webhook_checks import WebhookChecks
from controller.bootstrap.controller import NoFallbacks
from controller.bootstrap.deliveries import DeclaredTargets, dispatcher_for
from controller.bootstrap.names import resolver_for
from controller.bootstrap.secret_ping import SecretPings
from controller.bootstrap.store import open_store
from controller.cli import main
from controller.cli.schemas import status_schema
from controller.clients.clock import SystemClock
from controller.clients.secrets import Secrets
from controller.clients.webhook import Sender
from controller.core.dns.rollout import Consumer
from controller.core.document.resource import ResourceId
from controller.core.webhooks.delivery import DeliveryState
from controller.core.webhooks.rotation import RotationStage
from controller.core.webhooks.signature import hokusai_verified, key_of
from controller.kinds.webhook.rotation.aws.steps import RotationSteps
from controller.kinds.webhook.rotation.aws.versions import RotatedSecret
from controller.store.announcements import AnnouncementLedger
from controller.store.audit_log import AuditLog
from controller.store.deliveries import DeliveryLog
from controller.store.events import EventLog
from controller.store.secret_rotations import StoredRotations
from tests.builders.command_line import HEADER
from tests.builders.outbox import event
from tests.builders.webhook_receiver import answering

FIRST = "whsec_" + b64encode(b"the first secret, 32 bytes long.").decode()
WHY = ("--reason", "yearly", "--yes")


class VerifyingReceiver:
    """Receiver that knows some secrets.

    Attributes:
        secrets: Secrets that it knows.
        legacy: True to verify X-Hokusai-Signature, False for Standard Webhooks.
        signatures: Number of signatures of each request that it accepted.
    """

    def __init__(self, *secrets: str) -> None:
        self.secrets = list(secrets)
        self.legacy = False
        self.signatures: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(receiver.answer(dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        known = self.secrets
        if self.legacy:
            keys = [key_of(secret) for secret in known]
            if not hokusai_verified(keys, body, headers["X-Hokusai-Signature"]):
                return 401
        elif not any(self._verifies(secret, headers, body) for secret in known):
            return 401
        self.signatures.append(len(headers["webhook-signature"].split(" ")))
        return 200

    def _verifies(self, secret: str, headers: dict[str, str], body: bytes) -> bool:
        try:
            Webhook(secret).verify(body, headers)
        except WebhookVerificationError:
            return False
        return True


@contextmanager
def verifying(*secrets: str) -> Iterator[VerifyingReceiver]:
    receiver = VerifyingReceiver(*secrets)
    with answering(receiver.server):
        yield receiver


class Scene:
    """A target whose secret is in an emulated Secrets Manager."""

    def __init__(self, world, recorded, receiver, name="t/site", text=FIRST):
        self.world, self.recorded, self.receiver = world, recorded, receiver
        self.aws = world.client("secretsmanager")
        self.aws.create_secret(Name="t/site", SecretString=text)
        self.file = world.file
        self.file.write_text(
            f"{HEADER}webhooks:\n  site:\n    url: {receiver.url}\n"
            f"    secrets: [{{secretsmanager: {name!r}}}]\n"
            "    allow_networks: [127.0.0.1/32]\n"
        )

    def value(self, stage):
        found = self.aws.get_secret_value(SecretId="t/site", VersionStage=stage)
        return found["SecretString"]

    def labels(self):
        found = self.aws.describe_secret(SecretId="t/site")["VersionIdsToStages"]
        return {label: id_ for id_, labels in found.items() for label in labels}

    @property
    def records(self):
        return StoredRotations(self.recorded.database)

    @property
    def rotation(self):
        return self.records.all()["site"]

    def pinged(self):
        """Send a ping with the present keys; return True if it is accepted."""
        context = read(self.file, None)
        return WebhookChecks(context, "site").ping().is_accepted

    def audited(self):
        rows = AuditLog(self.recorded.database).recent(9)
        return [(row.entry.action, row.entry.name, row.entry.reason) for row in rows]


@pytest.fixture
def scene(world, recorded):
    with verifying(FIRST) as receiver:
        yield Scene(world, recorded, receiver)


def pings(context):
    """Return the pings of the controller."""
    settings, clock = context.settings, SystemClock()
    secret = Secrets({}, WebhookChecks(context, "site").aws).value
    declared = DeclaredTargets(lambda: context.document, secret, settings)
    names = resolver_for(Consumer.WEBHOOKS, settings, clock, NoFallbacks())
    return SecretPings(lambda: declared, lambda: names, settings, clock)


def rotate(*words):
    return main(["webhooks", "rotate", "site", *words, *WHY])


def test_a_secret_is_rotated_without_a_lost_request(scene, capsys):
    old = scene.labels()["AWSCURRENT"]

    assert rotate() == 0
    assert scene.rotation.stage is RotationStage.STAGED
    assert scene.value("AWSCURRENT") == FIRST
    following = scene.value("AWSPENDING")
    assert scene.pinged()
    assert scene.receiver.signatures[-1] == 2

    scene.receiver.secrets.append(following)
    assert rotate() == 0
    assert scene.rotation.stage is RotationStage.CANARY
    assert scene.receiver.signatures[-1] == 1

    assert rotate() == 0
    assert scene.rotation.stage is RotationStage.PROMOTED
    assert scene.value("AWSCURRENT") == following
    assert scene.labels()["AWSPREVIOUS"] == old
    assert "AWSPENDING" not in scene.labels()
    scene.receiver.legacy = True
    assert scene.pinged()
    assert scene.receiver.signatures[-1] == 2

    assert rotate("--to", "retired") == 0
    assert scene.rotation.stage is RotationStage.RETIRED
    scene.receiver.secrets.remove(FIRST)
    assert scene.pinged()
    assert scene.receiver.signatures[-1] == 1

    printed = capsys.readouterr()
    assert FIRST not in printed.out + printed.err
    assert following not in printed.out + printed.err


def test_every_stage_is_a_row_of_the_audit_log(scene):
    rotate()

    assert ("rotate secret", "site", "yearly") in scene.audited()


def test_the_drawn_secret_is_one_of_standard_webhooks(scene):
    rotate()

    following = scene.value("AWSPENDING")
    assert following.startswith("whsec_")
    assert len(key_of(following)) == 32


def test_the_command_that_reads_the_next_secret_works_as_printed(scene, capsys):
    rotate()

    line = next(
        text.strip()
        for text in capsys.readouterr().out.splitlines()
        if text.strip().startswith("aws ")
    )
    read_out = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, check=True
    ).stdout
    assert read_out.strip() == scene.value("AWSPENDING")


def test_a_canary_that_is_refused_changes_nothing_and_warns(scene, capsys):
    rotate()

    assert rotate() == 1

    assert "answered 401" in capsys.readouterr().out
    assert scene.rotation.stage is RotationStage.STAGED
    assert scene.value("AWSCURRENT") == FIRST
    (warning,) = EventLog(scene.recorded.database).recent(9)
    assert (warning.type, warning.reason) == ("Warning", "RotationCanaryRejected")
    row = AuditLog(scene.recorded.database).recent(1)[0]
    assert (row.entry.outcome, row.entry.reason) == ("Failed", "yearly")
    assert scene.pinged()


def test_a_refused_canary_is_a_finding_of_the_diagnosis(scene, capsys):
    rotate("--to", "canary")
    capsys.readouterr()

    assert main(["webhooks", "doctor", "site", "-o", "json"]) == 1

    checks = json.loads(capsys.readouterr().out)["checks"]
    (found,) = [one for one in checks if one["check"] == "rotation"]
    assert found["result"] == "problem"
    assert "answered 401" in found["message"]


def test_rotation_up_to_a_stage_stops_at_a_refused_canary(scene):
    assert rotate("--to", "promoted") == 1

    assert scene.rotation.stage is RotationStage.STAGED
    assert scene.value("AWSCURRENT") == FIRST


def test_a_secret_that_an_operator_staged_is_rotated(scene):
    own = "whsec_" + b64encode(b"a secret of the operator of 32 b").decode()
    scene.aws.put_secret_value(
        SecretId="t/site", SecretString=own, VersionStages=["AWSPENDING"]
    )
    scene.receiver.secrets.append(own)

    assert rotate("--to", "promoted") == 0

    assert scene.value("AWSCURRENT") == own


def test_a_promotion_is_taken_back_by_hand(scene):
    rotate()
    scene.receiver.secrets.append(scene.value("AWSPENDING"))
    rotate("--to", "promoted")

    assert rotate("--step-back") == 0

    assert scene.value("AWSCURRENT") == FIRST
    assert scene.rotation.stage is RotationStage.STAGED
    assert rotate("--step-back") == 0
    assert scene.rotation.stage is RotationStage.CANCELLED
    assert "AWSPENDING" not in scene.labels()


def test_a_repeated_command_does_not_cut_the_grace_period_short(scene):
    rotate()
    scene.receiver.secrets.append(scene.value("AWSPENDING"))
    rotate("--to", "promoted", "--grace", "2h")

    assert rotate() == 0

    assert scene.rotation.stage is RotationStage.PROMOTED
    assert scene.rotation.grace.total_seconds() == 7200


def test_a_second_rotation_follows_the_first(scene):
    for _ in range(2):
        rotate()
        scene.receiver.secrets = [scene.value("AWSCURRENT"), scene.value("AWSPENDING")]
        assert rotate("--to", "promoted") == 0
        assert rotate("--to", "retired") == 0

    assert scene.rotation.moves == 2
    assert scene.pinged()


def test_the_controller_takes_labels_back_in_secrets_manager(scene):
    rotate()
    scene.receiver.secrets.append(scene.value("AWSPENDING"))
    rotate("--to", "promoted")
    records, found = scene.records, scene.rotation
    records.save(found, replace(found, refusals=3))
    scene.receiver.secrets = [FIRST]
    context = read(scene.file, None)
    aws = WebhookChecks(context, "site").aws
    (reference,) = context.document.resources[
        next(iter(context.document.resources))
    ].spec.secrets
    steps = RotationSteps(
        records,
        lambda one: RotatedSecret(aws, one),
        scene.recorded.clock,
        pings(context),
    )

    sentence = steps.advance("site", (reference,), None)

    assert "signs first again" in sentence
    assert scene.value("AWSCURRENT") == FIRST
    assert scene.rotation.stage is RotationStage.STAGED


def test_a_receiver_without_an_answer_proves_nothing(scene, capsys):
    rotate()
    scene.receiver.server.server_close()

    assert rotate() == 1

    assert "proves nothing" in capsys.readouterr().out
    assert scene.rotation.problem == ""


def test_the_other_keys_of_a_json_secret_stay(world, recorded):
    text = json.dumps({"key": FIRST, "token": "other"})
    with verifying(FIRST) as receiver:
        scene = Scene(world, recorded, receiver, "t/site:key", text)

        assert rotate() == 0

        found = json.loads(scene.value("AWSPENDING"))
        assert found["token"] == "other"
        receiver.secrets.append(found["key"])
        assert rotate("--to", "promoted") == 0
        assert scene.pinged()


@pytest.mark.parametrize("output", ["json", "yaml", "markdown"])
def test_every_format_is_printed(scene, capsys, output):
    assert rotate("-o", output) == 0

    printed = capsys.readouterr().out
    assert "staged" in printed
    if output == "json":
        errors = Draft202012Validator(status_schema()).iter_errors(json.loads(printed))
        assert list(errors) == []


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--to", "staged", "--step-back"), "exclude each other"),
        (("--abort", "--step-back"), "exclude each other"),
        (("--abort",), "no rotation in progress"),
        (("--grace", "8d"), "at most 7d"),
        (("--to", "retired"), "no rotation in progress"),
        (("--step-back",), "no rotation in progress"),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_are_refused(scene, capsys, words, problem):
    assert rotate(*words) == 2

    assert problem in capsys.readouterr().err


def test_a_rotation_whose_next_version_is_deleted_is_aborted(scene, capsys):
    rotate()
    deleted = scene.rotation.new_version
    scene.aws.update_secret_version_stage(
        SecretId="t/site", VersionStage="AWSPENDING", RemoveFromVersionId=deleted
    )
    # As AWS does with versions without a label.
    (backends,) = secretsmanager_backends.values()
    del backends["us-east-1"].secrets["t/site"].versions[deleted]

    assert rotate() == 2
    assert "webhooks rotate site --abort" in capsys.readouterr().err

    assert rotate("--abort") == 0
    assert "Only the current secret signs" in capsys.readouterr().out
    assert scene.rotation.stage is RotationStage.CANCELLED
    assert scene.rotation.problem == "aborted by hand: yearly"
    assert scene.audited()[0] == ("rotate secret", "site", "yearly")
    assert scene.pinged()
    assert rotate() == 0


def test_a_rotation_of_a_deleted_secret_is_aborted(scene):
    rotate()
    scene.aws.delete_secret(SecretId="t/site")

    assert rotate("--abort") == 0

    assert scene.rotation.stage is RotationStage.CANCELLED
    assert "scheduled for deletion" in scene.rotation.problem


def test_a_rotation_needs_a_reason(scene, capsys):
    assert main(["webhooks", "rotate", "site", "--yes"]) == 2

    assert "--reason" in capsys.readouterr().err


def test_a_secret_of_the_environment_is_refused_with_the_alternative(
    scene, capsys, monkeypatch
):
    monkeypatch.setenv("SITE_SECRET", FIRST)
    text = scene.file.read_text().replace(
        "secretsmanager: 't/site'", "env: SITE_SECRET"
    )
    scene.file.write_text(text)

    assert rotate() == 2

    assert "only secrets in Secrets Manager" in capsys.readouterr().err


def delivered(scene, until):
    """Deliver with the real dispatcher until ``until`` returns True."""
    context = read(scene.file, None)
    stored = open_store(context.settings, SystemClock(), upgrade=False)
    aws = WebhookChecks(context, "site").aws
    declared = DeclaredTargets(
        lambda: context.document,
        Secrets({}, aws).value,
        replace(context.settings, webhook_retry_delay=0.01),
        stored.rotations.all,
    )

    async def run():
        stop = asyncio.Event()

        def attempted(_delivery, _attempt):
            if until():
                stop.set()

        async with Sender(SystemClock()) as sender, asyncio.timeout(60):
            shared = context.settings, stored, sender, SystemClock()
            dispatcher = dispatcher_for(declared, *shared, attempted, aws=aws)
            await dispatcher.run(stop)

    try:
        asyncio.run(run())
    finally:
        stored.database.close()


def test_no_event_is_lost_if_the_receiver_refuses_the_promoted_secret(scene):
    rotate()
    following = scene.value("AWSPENDING")
    scene.receiver.secrets.append(following)
    assert rotate("--to", "promoted") == 0
    # A receiver of the single-valued header that was deployed with an old setting.
    scene.receiver.legacy = True
    scene.receiver.secrets.remove(following)
    scene.receiver.signatures.clear()
    events = [event(number) for number in range(1, 4)]
    ledger = AnnouncementLedger(scene.recorded.database)
    ledger.announce("site", "webhook", events, scene.recorded.clock.now())

    delivered(scene, lambda: scene.rotation.refusals >= 3)
    assert scene.receiver.signatures == []
    context = read(scene.file, None)
    (reference,) = context.document.resources[
        ResourceId("webhook", "site")
    ].spec.secrets
    steps = RotationSteps(
        scene.records,
        lambda one: RotatedSecret(WebhookChecks(context, "site").aws, one),
        SystemClock(),
        pings(context),
    )
    assert "signs first again" in steps.advance("site", (reference,), None)
    # Those of the pings.
    scene.receiver.signatures.clear()
    delivered(scene, lambda: len(scene.receiver.signatures) == 3)

    counts = DeliveryLog(scene.recorded.database).counts()["site"]
    assert counts[DeliveryState.DELIVERED] == 3
    assert scene.receiver.signatures == [2, 2, 2]
