"""A platform at work: the documents, and what happens around the controller."""

from datetime import timedelta

from controller.core.document.resource import ResourceId
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Verb
from controller.emulation.runtimes.scripted import Script
from tests.fakes.sim_controller import Wish
from tests.fakes.sim_net import SimulatedReceiver
from tests.faults.world import CANARY, World

SITE_KEY = f"{CANARY}site"
# Three services: one that is rolled back by hand, one that follows its image and its
# secrets, one that was rejected and retried; and one resource of every other kind.
DOCUMENT = """\
services:
  api:
    image: hokusai/api:{api}
    port: 8001
    discovery: api
    scaling: {{minimum: 1, maximum: 4}}
    service: {{tags: [{{key: team, value: growth}}]}}
    routes: [{{host: api.hokus.ai, path: "/api/*", listeners: [443]}}]
  worker:
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hokusai-api:latest
    port: 8001
    image_policy: redeploy
    restart_on_secret_change: true
    deployment: {{restart_interval: 30s}}
    secrets:
      DB_PASSWORD: {{secretsmanager: "hokusai/app:database"}}
      REDIS: {{ssm: /hokusai/db}}
  batch:
    image: hokusai/batch:{batch}
    port: 8001
    before: [{{name: migrate, command: [migrate]}}]
experiments:
  scoring: {{tags: {{team: growth}}}}
models:
  leads:
    description: Leads.
    benchmark: {{metric: accuracy, baseline: 0.5}}
    versions:
      - select: {{experiment: scoring, metric: accuracy}}
    aliases: {{production: latest-passing}}
  churn:
    versions: [{{source: s3://models/one}}, {{source: s3://models/two}}]
    aliases: {{staging: 2}}
endpoints:
  api:
    host: api.hokusai-development.local
    port: 8001
    fallback: {{env: API_FALLBACK_IP, publish: {{ssm: /hokusai/api-ip}}}}
webhooks:
  site:
    url: https://hokus.ai/api/webhooks/site
    announce: all
    secrets: [{{env: SITE_SECRET}}]
"""
FIRST = DOCUMENT.format(api=1, batch=1)
REJECTED = DOCUMENT.format(api=1, batch=2)
LAST = DOCUMENT.format(api=2, batch=2)
_DONE = Script(exits_after=timedelta(0), exit_code=0)
_CRASH = Script(exits_after=timedelta(0), exit_code=1)


def prepare(world: World) -> None:
    """Create everything that the document refers to."""
    world.aws.ssm.things["/hokusai/db"] = f"{CANARY}database"
    world.aws.secrets.things["hokusai/app"] = f"{CANARY}application"
    world.environ["SITE_SECRET"] = SITE_KEY
    world.receivers["site"] = SimulatedReceiver("site", (SITE_KEY.encode(),))
    world.aws.balancing.made(
        "hokusai-development", {"hokusai.ai/managed-by": "hokusai/development"}, 80, 443
    )
    world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "a" * 64)
    for image in ("hokusai/batch:1 migrate", "hokusai/batch:2 migrate"):
        world.aws.ecs.script(image, _DONE)


def finish_training(world: World) -> None:
    """Log a model in a run of the experiment, as training code does."""
    world.mlflow.add_run("scoring", "accuracy", 0.9)


def break_batch(world: World) -> None:
    """Let the second image of the service `batch` crash."""
    world.aws.ecs.script("hokusai/batch:2", _CRASH)


def fix_batch(world: World) -> None:
    """Let the second image of the service `batch` run."""
    world.aws.ecs.script("hokusai/batch:2", Script())


def move_tag(world: World) -> None:
    """Push another image under the tag of the service `worker`."""
    world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "b" * 64)


def rotate_secret(world: World) -> None:
    """Rotate a secret of the service `worker`."""
    at = world.time.now().timestamp()
    world.aws.secrets.rotate("hokusai/app", f"{CANARY}rotated", at)


CHANGES = {
    step.__name__: step
    for step in (
        prepare,
        finish_training,
        break_batch,
        fix_batch,
        move_tag,
        rotate_secret,
    )
}


def ask(world: World, verb: Verb, service: str, revision: str = "") -> None:
    """Ask for an operation on a service, as the command line does."""
    request = OperationRequest("ada", "It answers slowly.", revision)
    world.wish = Wish(verb, ResourceId("service", service), request)


def release(world: World, service: str) -> None:
    """Undo the rollback of a service."""
    ask(world, Verb.RESUME, service)
