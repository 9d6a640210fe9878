"""The workloads there are."""

from datetime import timedelta

from controller.core.identity import OWNER_TAG
from controller.emulation.runtimes.scripted import Script
from tests.fakes.sim_net import SimulatedReceiver
from tests.faults.documents import (
    BEFORE,
    DISCOVERY,
    ENDPOINT,
    EXPERIMENT,
    IN_ECR,
    OTHER_ROUTES,
    REDEPLOYED,
    RESTARTED,
    ROUTES,
    SCALED_OTHERWISE,
    SCALING,
    SECRETS,
    model,
    service,
    services,
    sourced,
    webhook,
)
from tests.faults.workloads import (
    Workload,
    begun,
    declares,
    nothing,
    populated,
    secret_of,
)
from tests.faults.world import CANARY, CLUSTER, World

ONE, TWO = "s3://models/one", "s3://models/two"
BOTH = services(service(), service("web", "hokusai/web:1", needs="service/api"))
ALL = (
    services(service(extra=SECRETS + DISCOVERY))
    + EXPERIMENT
    + sourced(ONE, aliases="{production: 1}")
    + webhook("site")
    + ENDPOINT
)


def _run_finishes(value: float):
    def step(world: World) -> None:
        world.mlflow.add_run("scoring", "accuracy", value)

    return step


def _experiment_with_run(body: str, value: float):
    def begin(world: World) -> None:
        populated(world)
        world.mlflow._create_experiment({"name": "scoring"})
        world.mlflow.add_run("scoring", "accuracy", value)
        world.declare(body)

    return begin


def _bad_image(world: World) -> None:
    crash = Script(exits_after=timedelta(0), exit_code=1)
    world.aws.ecs.script("hokusai/api:bad", crash)
    world.declare(services(service(image="hokusai/api:bad")))


def _migrates(world: World) -> None:
    done = Script(exits_after=timedelta(0), exit_code=0)
    world.aws.ecs.script("hokusai/api:2 migrate", done)
    world.declare(services(service(image="hokusai/api:2", extra=BEFORE)))


def _address_moves(world: World) -> None:
    world.dns.names["api.hokusai-development.local"] = ("10.0.0.2",)


def _address_is(body: str):
    def begin(world: World) -> None:
        populated(world)
        world.dns.names["api.hokusai-development.local"] = ("10.0.0.1",)
        world.declare(body)

    return begin


def _secret_rotates(world: World) -> None:
    new = f"{secret_of('site')}-new"
    world.environ["NEW_SECRET"] = new
    keys = (secret_of("site").encode(), new.encode())
    told = world.receivers["site"].told
    world.receivers["site"] = SimulatedReceiver("site", keys, told)
    secrets = "{env: NEW_SECRET}, {env: SITE_SECRET}"
    world.declare(sourced(ONE, TWO) + webhook("site", secrets=secrets))


def _foreign(world: World) -> None:
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


def _balanced(body: str, owner: str = "hokusai/development"):
    """Begin with a load balancer that listens on two ports, and ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        tags = {OWNER_TAG: owner}
        world.aws.balancing.made("hokusai-development", tags, 80, 443)
        world.declare(body)

    return begin


def _pushed(body: str):
    """Begin with an image in ECR, and ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "a" * 64)
        world.declare(body)

    return begin


def _tag_moves(world: World) -> None:
    world.aws.ecr.push("hokusai-api", "latest", "sha256:" + "b" * 64)


def _database_secret_rotates(world: World) -> None:
    at = world.time.now().timestamp()
    world.aws.secrets.rotate("hokusai/app", f"{CANARY}rotated", at)


ADOPT = "    adopt: true\n"
ROUTED = services(service(extra=DISCOVERY + ROUTES))
WORKLOADS = (
    Workload("everything from nothing", nothing, (declares(ALL),), depth=2),
    Workload(
        "image rollout",
        begun(services(service())),
        (declares(services(service(image="hokusai/api:2"))),),
        pairs=7,
    ),
    Workload(
        "rollout that fails and is rolled back",
        begun(services(service())),
        (_bad_image,),
        settles=False,
    ),
    Workload(
        "new model version",
        begun(EXPERIMENT + model()),
        (_run_finishes(0.7),),
        depth=2,
        pairs=1,
    ),
    Workload(
        "alias move",
        begun(sourced(ONE, TWO, aliases="{production: 1}")),
        (declares(sourced(ONE, TWO, aliases="{production: 2}")),),
        pairs=1,
    ),
    Workload(
        "webhook target added",
        begun(sourced(ONE)),
        (declares(sourced(ONE) + webhook("site")),),
    ),
    Workload(
        "webhook target removed",
        begun(sourced(ONE) + webhook("site", "mirror")),
        (declares(sourced(ONE, TWO) + webhook("site")),),
    ),
    Workload(
        "webhook secret rotated",
        begun(sourced(ONE) + webhook("site")),
        (_secret_rotates,),
    ),
    Workload(
        "endpoint address change",
        _address_is(ENDPOINT),
        (_address_moves,),
    ),
    Workload(
        "removal of a resource",
        begun(services(service(), service("web")) + EXPERIMENT),
        (declares(services(service()) + EXPERIMENT),),
    ),
    Workload(
        "rename",
        begun(services(service("api")) + sourced(ONE)),
        (declares(services(service("backend")) + sourced(ONE)),),
    ),
    Workload(
        "fields and scaling come and go",
        begun(services(service(extra=SCALING))),
        (
            declares(services(service(extra=SCALED_OTHERWISE))),
            declares(services(service())),
        ),
    ),
    Workload(
        "migration before a rollout",
        begun(services(service())),
        (_migrates,),
        depth=3,
    ),
    Workload(
        "route added",
        _balanced(services(service(extra=DISCOVERY))),
        (declares(ROUTED),),
    ),
    Workload(
        "service with routes from nothing",
        _balanced(""),
        (declares(ROUTED),),
    ),
    Workload(
        "route added to the load balancer of others",
        _balanced(services(service()), owner="others/development"),
        (declares(services(service(extra=ROUTES))),),
        settles=False,
    ),
    Workload(
        "routes changed",
        _balanced(ROUTED),
        (declares(services(service(extra=DISCOVERY + OTHER_ROUTES))),),
    ),
    Workload(
        "routes removed",
        _balanced(ROUTED),
        (declares(services(service(extra=DISCOVERY))),),
        depth=2,
    ),
    Workload(
        "new digest under a tag, redeployed",
        _pushed(services(service(image=IN_ECR, extra=REDEPLOYED))),
        (_tag_moves,),
    ),
    Workload(
        "new digest under a tag, pinned",
        _pushed(services(service(image=IN_ECR, extra="    image_policy: pin\n"))),
        (_tag_moves,),
    ),
    Workload(
        "secret rotated, tasks restarted",
        begun(services(service(extra=SECRETS + RESTARTED))),
        (_database_secret_rotates,),
    ),
    Workload("dependency chain", nothing, (declares(BOTH),), depth=2),
    Workload(
        "adoption of what exists",
        _foreign,
        (
            declares(
                services(service(extra=ADOPT))
                + sourced(ONE).replace("  leads:\n", "  leads:\n    adopt: true\n")
            ),
        ),
    ),
    Workload(
        "document A to B to A",
        begun(services(service()) + sourced(ONE, aliases="{production: 1}")),
        (
            declares(services(service(image="hokusai/api:2")) + sourced(ONE, TWO)),
            declares(
                services(service()) + sourced(ONE, TWO, aliases="{production: 1}")
            ),
        ),
    ),
)
