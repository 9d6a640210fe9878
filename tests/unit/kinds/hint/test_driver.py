"""The hint's driver on webhooks in memory: kept in place, and never left unusable."""

from dataclasses import replace

import pytest

from controller.core.document.resource import ResourceId
from controller.core.errors import (
    NotFoundError,
    OutcomeUnknownError,
    PermanentError,
    TransientError,
)
from controller.core.models.registry_webhooks import RegistryWebhook
from controller.core.planning.preflight import CheckFinding, CheckPassed, CheckSkipped
from controller.core.planning.safety import SafetyLimits
from controller.core.resources.plan import Hold, Reason, Verb
from controller.kinds.hint.driver import HintDriver
from tests.builders.documents import document
from tests.builders.reconcile_loop import Machine

NAME = "hokusai.development.hint"
HINT = ResourceId("hint", "mlflow")
URL = "http://controller.hokusai-development.local:8002/hints/mlflow"
BODY = f"  mlflow: {{hint: {{url: '{URL}', secret: {{env: HINT}}}}}}\n"
SERVICE = """\
services:
  mlflow:
    image: hokusai/mlflow:1
    environment: {MLFLOW_WEBHOOK_ALLOWED_SCHEMES: 'http,https'}
"""
UNREADABLE = TransientError("mlflow GET webhooks failed: 500 INTERNAL_ERROR: ")


class Webhooks:
    """MLflow's webhooks in memory.

    Attributes:
        failures: Errors of the next lists, the first one first.
        lost: True to lose the response to the next creation.
    """

    def __init__(self):
        self.all, self.secrets = [], {}
        self.failures, self.lists, self.lost = [], 0, False

    def webhooks(self):
        self.lists += 1
        if self.failures and (error := self.failures.pop(0)):
            raise error
        return tuple(self.all)

    def create_webhook(self, name, content):
        id_ = str(len(self.secrets) + 1)
        self.all.append(
            RegistryWebhook(
                id_, name, content.url, frozenset(content.events), content.description
            )
        )
        self.secrets[id_] = content.secret
        if self.lost:
            self.lost = False
            message = "no response"
            raise OutcomeUnknownError(message)
        return id_

    def update_webhook(self, id_, content):
        index = [w.id for w in self.all].index(id_)
        self.all[index] = replace(
            self.all[index],
            url=content.url,
            events=frozenset(content.events),
            description=content.description,
            active=True,
        )
        self.secrets[id_] = content.secret

    def delete_webhook(self, id_):
        self.all = [w for w in self.all if w.id != id_]


class World:
    """A controller of the hint; ``body`` is the document."""

    def __init__(self, body=BODY):
        self.mlflow = Webhooks()
        self.secret = "s3cret"
        self.declare(body)
        self.driver = HintDriver(
            self.mlflow, NAME, self._read_secret, lambda: self.declared
        )
        self.machine = Machine({"hint": self.driver})

    def declare(self, body):
        self.declared = document(body).resources

    def _read_secret(self, reference):
        if self.secret is None:
            message = f"{reference} is not set"
            raise NotFoundError(message)
        return self.secret

    def run(self):
        hints = [r for id_, r in self.declared.items() if id_ == HINT]
        return self.machine.run(*hints)

    def webhook(self):
        (only,) = self.mlflow.all
        return only


@pytest.fixture
def world():
    """Return a controller whose hint is in place."""
    made = World()
    made.run()
    assert made.run().converged
    return made


def test_the_webhook_is_created_with_the_secret(world):
    assert (world.webhook().name, world.webhook().url) == (NAME, URL)
    assert [*world.mlflow.secrets.values()] == ["s3cret"]


@pytest.mark.parametrize(
    "edit",
    [
        {"url": "https://elsewhere.example/"},
        {"active": False},
        {"events": frozenset()},
        {"description": ""},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edited_webhook_is_put_back(world, edit):
    before = world.webhook()
    world.mlflow.all = [replace(before, **edit)]

    world.run()

    assert world.webhook() == before
    assert world.run().left.in_sync


def test_a_removed_webhook_is_created_again(world):
    world.mlflow.all.clear()

    world.run()

    assert world.webhook().url == URL


def test_a_rotated_secret_reaches_mlflow(world):
    world.secret = "n3xt"

    world.run()

    assert world.mlflow.secrets[world.webhook().id] == "n3xt"


def test_a_creation_whose_response_was_lost_leaves_one_webhook():
    world = World()
    world.mlflow.lost = True

    world.run()

    assert world.webhook().id == "1"
    assert world.run().left.in_sync


def test_a_copy_is_deleted(world):
    world.mlflow.all.append(replace(world.webhook(), id="2"))

    world.run()

    assert world.webhook().id == "1"


def test_webhooks_of_others_are_left_alone(world):
    other = RegistryWebhook("9", "hokusai.staging.hint", "https://staging.example/")
    world.mlflow.all.append(other)

    world.declare("")
    world.machine.reconciler.memory.doomed = frozenset({HINT})
    world.machine.run(*document("models: {leads: {}}").resources.values())

    assert world.mlflow.all == [other]


def test_a_hint_that_is_no_longer_declared_is_deleted_without_prune(world):
    world.declare("")
    other = [*document("models: {leads: {}}").resources.values()]

    first = world.machine.run(*other, limits=SafetyLimits(prune=False))
    world.machine.reconciler.memory.doomed = frozenset({HINT})
    second = world.machine.run(*other, limits=SafetyLimits(prune=False))

    assert [b.hold for b in first.plan.blocked if b.target == HINT] == [
        Hold.PRUNE_BLOCKED
    ]
    assert [a.verb for a in second.plan.actions if a.target == HINT] == [Verb.DELETE]
    assert world.mlflow.all == []


def test_mlflow_is_asked_twice_while_no_hint_is_declared():
    world = World("")

    for _ in range(4):
        world.driver.observe({})

    assert world.mlflow.lists == 2


def test_a_webhook_that_the_first_list_did_not_show_is_found():
    world = World("")
    world.driver.observe({})
    world.mlflow.all.append(RegistryWebhook("1", NAME, URL))

    assert set(world.driver.observe({})) == {HINT}


def test_a_list_that_failed_is_repeated_while_no_hint_is_declared():
    world = World("")
    world.mlflow.failures = [TransientError("away")]

    with pytest.raises(TransientError):
        world.driver.observe({})
    for _ in range(3):
        world.driver.observe({})

    assert world.mlflow.lists == 3


def test_a_server_without_webhooks_is_advice_and_nothing_else():
    world = World()
    world.mlflow.failures = [PermanentError("404: NOT FOUND")] * 9

    result = world.run()

    (advice,) = result.left.advice
    assert advice.reason is Reason.PREFLIGHT_WARNING
    assert "404: NOT FOUND" in advice.message
    assert result.outcomes == {}
    assert result.left.complete


def test_a_list_that_mlflow_cannot_decrypt_is_unknown_with_the_variable(world):
    world.mlflow.failures = [UNREADABLE] * 9

    (blocked,) = world.run().left.blocked

    assert blocked.hold is Hold.UNKNOWN
    assert "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY" in blocked.message


def test_a_webhook_that_another_process_of_mlflow_cannot_read_is_not_left_behind():
    world = World()
    world.mlflow.failures = [None, None, None, UNREADABLE]

    result = world.run()

    assert world.mlflow.all == []
    message = result.outcomes[HINT].message
    assert "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY" in message


def test_a_webhook_stays_after_another_failure_of_the_list():
    world = World()
    world.mlflow.failures = [None, None, TransientError("503: away")]

    world.run()

    assert world.webhook().name == NAME


def test_without_its_secret_nothing_is_created_and_the_reference_is_named():
    world = World()
    world.secret = None

    result = world.run()

    assert world.mlflow.all == []
    assert "env:HINT is not set" in result.left.advice[0].message


def test_a_secret_that_cannot_be_read_changes_no_webhook(world):
    before = world.webhook()
    world.secret = None

    world.run()

    assert world.webhook() == before


def test_a_service_that_lacks_settings_holds_the_creation_back():
    world = World(BODY + SERVICE)

    result = world.run()

    (blocked,) = [v for v in result.plan.blocked if v.target == HINT]
    assert blocked.hold is Hold.PREFLIGHT_FAILED
    assert world.mlflow.all == []
    (found,) = world.driver.inspect({HINT: world.declared[HINT]}).values()
    named = [f.message.split()[2] for f in found if isinstance(f, CheckFinding)]
    assert named == [
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS:",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY:",
    ]


def test_a_complete_service_passes_and_another_server_is_not_checked():
    complete = SERVICE.replace(
        "https'}",
        "https', MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: 'true'}\n"
        "    secrets: {MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: {ssm: /hokusai/key}}",
    )
    served, elsewhere = World(BODY + complete), World()

    def results(world):
        (found,) = world.driver.inspect({HINT: world.declared[HINT]}).values()
        return [type(result) for result in found]

    assert results(served) == [CheckPassed]
    assert results(elsewhere) == [CheckSkipped]


def test_the_creation_waits_for_the_mlflow_that_the_document_declares():
    world = World(BODY + SERVICE)

    assert world.declared[HINT].depends_on == {ResourceId("service", "mlflow")}
