"""How the worlds of workloads begin, and what happens in them, step by step."""

from datetime import timedelta

from controller.core.document.resource import ResourceId
from controller.core.models.approvals import APPROVED_TAG
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.core.values.identity import OWNER_TAG
from controller.core.webhooks.rotation import (
    MOST_REFUSALS,
    RotationStage,
    SecretRotation,
)
from controller.emulation.runtimes.scripted import Script
from controller.store.secret_rotations import StoredRotations
from tests.fakes.sim_controller import RedriveWish, Wish
from tests.fakes.sim_net import SimulatedReceiver
from tests.faults.documents import (
    BEFORE,
    READY,
    STAYS,
    service,
    services,
    sourced,
    webhook,
)
from tests.faults.workloads import populated, secret_of
from tests.faults.world import CANARY, CLUSTER, World

ROTATED = "hokusai/site"
IN_SECRETS_MANAGER = f"{{secretsmanager: {ROTATED}}}"
ONE, TWO, THREE = "s3://models/one", "s3://models/two", "s3://models/three"
MODEL_FILE = """\
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}]'
"""


def hint_secret_rotates(world: World) -> None:
    world.environ["HINT_SECRET"] = f"{CANARY}hint-rotated"


def hint_removed_by_hand(world: World) -> None:
    world.mlflow.webhooks.clear()


def run_finishes(value: float):
    def step(world: World) -> None:
        world.mlflow.add_run("scoring", "accuracy", value)

    return step


def experiment_with_run(body: str, value: float):
    def begin(world: World) -> None:
        populated(world)
        world.mlflow._create_experiment({"name": "scoring"})
        world.mlflow.add_run("scoring", "accuracy", value)
        world.declare(body)

    return begin


def bad_image(world: World, extra: str = "", targets: str = "") -> None:
    crash = Script(exits_after=timedelta(0), exit_code=1)
    world.aws.ecs.script("hokusai/api:bad", crash)
    world.declare(services(service(image="hokusai/api:bad", extra=extra)) + targets)


def bad_image_that_stays(world: World) -> None:
    bad_image(world, STAYS)


def bad_image_with_another_path(world: World) -> None:
    bad_image(world, READY)


def image_is_mended(world: World) -> None:
    """Mend, outside of the document, what the bad image died of, and ask once more."""
    world.aws.ecs.script("hokusai/api:bad", Script())
    asks(Verb.RETRY)(world)


def migrates(world: World) -> None:
    done = Script(exits_after=timedelta(0), exit_code=0)
    world.aws.ecs.script("hokusai/api:2 migrate", done)
    world.declare(services(service(image="hokusai/api:2", extra=BEFORE)))


def migration_fails(world: World) -> None:
    fails = Script(exits_after=timedelta(0), exit_code=4)
    world.aws.ecs.script("hokusai/api:2 migrate", fails)
    world.declare(services(service(image="hokusai/api:2", extra=BEFORE)))


def migration_is_mended(world: World) -> None:
    """Mend, outside of the document, what the step died of, and ask once more."""
    migrates(world)
    asks(Verb.RETRY)(world)


def address_moves(world: World) -> None:
    """Let the task behind the name be replaced: the old address does not answer."""
    world.dns.names["api.hokusai-development.local"] = ("10.0.0.2",)
    world.probe.dead.add("10.0.0.1")


def address_is_pinned(world: World) -> None:
    """Let a user pin the name to an address that DNS does not have."""
    world.dns.pinned["api.hokusai-development.local"] = ("192.0.2.9",)


def address_is_unpinned(world: World) -> None:
    world.dns.pinned.clear()


def address_is(body: str):
    def begin(world: World) -> None:
        populated(world)
        world.dns.names["api.hokusai-development.local"] = ("10.0.0.1",)
        world.declare(body)

    return begin


def secret_rotates(world: World) -> None:
    new = f"{secret_of('site')}-new"
    world.environ["NEW_SECRET"] = new
    keys = (secret_of("site").encode(), new.encode())
    told = world.receivers["site"].told
    world.receivers["site"] = SimulatedReceiver("site", keys, told)
    secrets = "{env: NEW_SECRET}, {env: SITE_SECRET}"
    world.declare(sourced(ONE, TWO) + webhook("site", secrets=secrets))


def _rotated(world: World, stage: RotationStage, *, is_current: bool) -> None:
    """Record a rotation of the secret of ``site``, with the labels of its versions."""
    old, new = secret_of("site"), f"{secret_of('site')}-next"
    labels = [frozenset({"AWSPREVIOUS"}), frozenset({"AWSCURRENT"})]
    if not is_current:
        labels = [frozenset({"AWSCURRENT"}), frozenset({"AWSPENDING"})]
    world.aws.secrets.things["versions of hokusai/site"] = {
        "version-1": (old, labels[0]),
        "version-2": (new, labels[1]),
    }
    world.aws.secrets.things["hokusai/site"] = new if is_current else old
    now = world.time.now()
    rotations = StoredRotations(world.store)
    before = rotations.all().get("site")
    after = SecretRotation(
        "site",
        f"secretsmanager:{ROTATED}",
        stage,
        "version-1",
        "version-2",
        now - timedelta(minutes=1),
        now if is_current else None,
        refusals=MOST_REFUSALS if is_current else 0,
    )
    assert rotations.save(before, after) is not None


def _knows(world: World, *secrets: str) -> None:
    """Let the receiver of ``site`` verify with these secrets only."""
    told = world.receivers["site"].told
    keys = tuple(secret.encode() for secret in secrets)
    world.receivers["site"] = SimulatedReceiver("site", keys, told)


def rotated_target(world: World) -> None:
    populated(world)
    world.aws.secrets.things["hokusai/site"] = secret_of("site")
    world.declare(sourced(ONE) + webhook("site", secrets=IN_SECRETS_MANAGER))


def promoted_secret_is_refused(world: World) -> None:
    """Promote the next secret of a receiver that does not know it."""
    _knows(world, secret_of("site"))
    world.wire.aside += 1
    _rotated(world, RotationStage.PROMOTED, is_current=True)
    world.wire.aside -= 1
    world.declare(sourced(ONE, TWO) + webhook("site", secrets=IN_SECRETS_MANAGER))


def promotion_is_interrupted(world: World) -> None:
    """Begin a promotion whose process ends before the labels are moved."""
    _knows(world, secret_of("site"), f"{secret_of('site')}-next")
    world.wire.aside += 1
    _rotated(world, RotationStage.PROMOTING, is_current=False)
    world.wire.aside -= 1


def deleted_by_hand(world: World) -> None:
    """Delete a service as a person with a console does, and let ECS finish."""
    named = {"cluster": CLUSTER, "service": "hokusai-api-development", "force": True}
    world.aws.ecs.simulator.call("DeleteService", named)
    world.aws.ecs.settle()


def foreign(world: World) -> None:
    """Make what others made: a service without our tag, a model likewise."""
    populated(world)
    ecs = world.aws.ecs.simulator
    container = {"name": "hokusai-api-development", "image": "hokusai/api:0"}
    definition = {
        "family": "hokusai-api-development",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [container],
    }
    ecs.call("RegisterTaskDefinition", definition)
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60001"]}}
    for name in ("hokusai-api-development", "somebody-elses"):
        created = {
            "cluster": CLUSTER,
            "serviceName": name,
            "taskDefinition": "hokusai-api-development",
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": network,
        }
        ecs.call("CreateService", created)
    world.mlflow._create_model({"name": "leads"})
    world.mlflow._create_model({"name": "somebody-elses"})


def balanced(body: str, owner: str = "hokusai/development"):
    """Begin with a load balancer that listens on two ports, and ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        tags = {OWNER_TAG: owner}
        world.aws.balancing.made("hokusai-development", tags, 80, 443)
        world.declare(body)

    return begin


def answering(body: str, **paths: str):
    """Begin as ``balanced``; each version answers only these paths.

    Args:
        body: The document.
        paths: Paths by version, as in ``v1="/health /ready"``.
    """

    def begin(world: World) -> None:
        balanced(body)(world)
        for version, words in paths.items():
            image = f"hokusai/api:{version.removeprefix('v')}"
            world.aws.ecs.around.paths[image] = frozenset(words.split())

    return begin


def pushed(body: str):
    """Begin with an image in ECR, and ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "a" * 64)
        world.declare(body)

    return begin


def tag_moves(world: World) -> None:
    world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "b" * 64)


def database_secret_rotates(world: World) -> None:
    at = world.time.now().timestamp()
    world.aws.secrets.rotate("hokusai/app", f"{CANARY}rotated", at)


def signed(body: str, *sources: str):
    """Begin with ``sources`` that have a signature, and ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        world.mlflow.files.update(dict.fromkeys(sources, MODEL_FILE))
        world.declare(body)

    return begin


def approval_is_forged(number: str):
    """Return what gives a version the tag of an approval that nobody gave."""

    def step(world: World) -> None:
        version = world.mlflow.versions["leads"][int(number)]
        world.mlflow._tag(version, {"key": APPROVED_TAG, "value": "mallory"}, "forged")

    return step


def asks_of_model(verb: Verb, wanted: str = ""):
    """Return what has a person ask for something to be done with the model."""

    def step(world: World) -> None:
        request = OperationRequest("ada", "It answers slowly.", wanted)
        world.wish = Wish(verb, ResourceId("model", "leads"), request)

    return step


def receiver_refuses(world: World) -> None:
    """Let the receiver refuse the event of a new version."""
    world.receivers["site"].refuses = True
    world.declare(sourced(ONE, TWO) + webhook("site"))


def receiver_is_mended(world: World) -> None:
    """Let the receiver accept events again, and send the refused one once more."""
    world.receivers["site"].refuses = False
    world.wish = RedriveWish("site")


def described_by_hand(world: World) -> None:
    world.mlflow.models["leads"]["description"] = "Edited by hand."


def asks(verb: Verb, wanted: str = ""):
    """Return what has a person ask for something to be done with the service."""

    def step(world: World) -> None:
        request = OperationRequest("ada", "It answers slowly.", wanted)
        world.wish = Wish(verb, ResourceId("service", "api"), request)

    return step
