"""What people do to a platform, each as a world, a document and a change of it."""

from collections.abc import Callable
from dataclasses import dataclass

from controller.core.values.identity import OWNER_TAG
from tests.fakes.sim_net import SimulatedQueue, SimulatedReceiver
from tests.faults.world import CANARY, CLUSTER, World

Step = Callable[[World], None]


def meddled(world: World) -> None:
    """Let another writer lay hands on whatever there is of ours."""
    meddled_apart_from_routes(world)
    _misrouted(world)


def meddled_apart_from_routes(world: World) -> None:
    """Do the same, but change no route: they stay while a revision is held back."""
    services = world.aws.ecs.simulator.world.clusters[CLUSTER].services
    for name, service in services.items():
        if service.status == "ACTIVE" and OWNER_TAG in service.tags:
            asked = {"cluster": CLUSTER, "service": name, "desiredCount": 3}
            world.aws.ecs.simulator.call("UpdateService", asked)
    for name, model in world.mlflow.models.items():
        if model["aliases"] and world.mlflow.versions[name]:
            first = str(min(world.mlflow.versions[name]))
            model["aliases"] = [{"alias": "production", "version": first}]
        if model["description"]:
            model["description"] = "Edited by hand."
    for experiment in world.mlflow.experiments.values():
        if any(tag["key"] == "team" for tag in experiment["tags"]):
            tags = [tag for tag in experiment["tags"] if tag["key"] != "team"]
            experiment["tags"] = tags
    for webhook in world.mlflow.webhooks.values():
        webhook |= {"url": "https://elsewhere.example/", "status": "DISABLED"}
    if "/hokusai/api-ip" in world.aws.ssm.things:
        world.aws.ssm.things["/hokusai/api-ip"] = "192.0.2.66"


def moved_to_newest(world: World) -> None:
    """Let another writer point every alias to the newest version."""
    for name, model in world.mlflow.models.items():
        versions = world.mlflow.versions[name]
        for alias in model["aliases"]:
            alias["version"] = str(max(versions))


def _misrouted(world: World) -> None:
    for rule in world.aws.balancing.rules():
        rule["Actions"] = [{**rule["Actions"][0], "TargetGroupArn": "elsewhere"}]
    for group in world.aws.balancing.groups():
        group["HealthCheckPath"] = "/edited-by-hand"


@dataclass(frozen=True, slots=True)
class Workload:
    """One change of a platform.

    Attributes:
        name: In a few words.
        before: Makes the world, and declares what is there before the change.
        steps: The change; each begins when the one before has converged.
        depth: How many resources in a row depend on each other.
        pairs: One ordered pair of faults in so many is tried: 1 for all, 0 for none.
        edits: What another writer may do meanwhile, and we must repair.
        settles: Whether all becomes ready; some changes end in a rejection.
        forgets: Whether its events follow from earlier statuses, which a resource loses
            while it is not declared.
    """

    name: str
    before: Step
    steps: tuple[Step, ...]
    depth: int = 1
    pairs: int = 0
    edits: Step = meddled
    settles: bool = True
    forgets: bool = False


def secret_of(target: str) -> str:
    """Return the secret of a webhook target."""
    return f"{CANARY}{target}"


def populated(world: World) -> None:
    """Put into ``world`` what documents refer to."""
    world.aws.ssm.things["/hokusai/db"] = f"{CANARY}database"
    world.aws.secrets.things["hokusai/app"] = f"{CANARY}application"
    world.environ["HINT_SECRET"] = secret_of("hint")
    for target in ("site", "mirror"):
        world.aws.queues.things[target] = world.aws.buses.things[target] = {}
        world.environ[f"{target.upper()}_SECRET"] = secret_of(target)
        key = secret_of(target).encode()
        world.receivers[target] = SimulatedReceiver(target, (key,))
        queue = f"redis:{target}"
        world.receivers[queue] = SimulatedQueue(queue, ())


def nothing(world: World) -> None:
    """Begin with nothing declared."""
    populated(world)


def declares(body: str) -> Step:
    """Return what writes the document anew."""
    return lambda world: world.declare(body)


def begun(body: str) -> Step:
    """Return what begins with ``body`` declared."""

    def begin(world: World) -> None:
        populated(world)
        world.declare(body)

    return begin
