"""The ECS simulator as a backend whose state can be saved, and who watches it."""

import pickle
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from controller.clients.aws import is_write
from controller.core.clock import Clock
from controller.core.values.identity import OWNER_TAG, canonical_json
from controller.emulation.data import aws_fills
from controller.emulation.ecs import EcsSimulator, Timing
from controller.emulation.ecs.effects import MissingError, NoEffects, TargetRegistration
from controller.emulation.ecs.errors import EcsError
from controller.emulation.ecs.state import Definition, Service
from controller.emulation.runtimes.scripted import Script, ScriptedRuntime
from controller.kinds.service.cache import by_content
from controller.kinds.service.normalize import canonical

ACCOUNT, REGION = "123456789012", "us-east-1"
# What is noted beside the call that began one.
DEPLOYMENT = "deployment"
# Steps in which even a rollout that fails three times comes to its end.
_MOST_STEPS = 40


class RefusalError(Exception):
    """What a service answers instead: a code and a sentence."""


class Around(NoEffects):
    """What ECS does to Cloud Map: instances come and go with tasks.

    Attributes:
        instances: Addresses by registry and instance.
        targets: Addresses and ports by target group.
        forwards: Whether a listener leads to a target group.
        registry: Where images are; None if nobody pushed any.
    """

    def __init__(self) -> None:
        self.instances: dict[str, dict[str, str]] = {}
        self.targets: dict[str, list[tuple[str, int]]] = {}
        self.forwards: Callable[[str], bool] = lambda _arn: True
        self.registry: Any = None

    def check_target_group(self, arn: str) -> None:
        """Refuse a group that nothing leads to, as AWS does."""
        if not self.forwards(arn):
            message = (
                f"The target group with targetGroupArn {arn} does not have an "
                "associated load balancer."
            )
            raise MissingError(message)

    def image_digest(self, image: str) -> str:
        """Return what a tag stands for in the registry."""
        return self.registry.digest_of(image) if self.registry else ""

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Add an address to a name."""
        known = self.instances.setdefault(registry_arn, {})
        known[instance_id] = attributes["AWS_INSTANCE_IPV4"]

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Take an address out of a name."""
        self.instances.get(registry_arn, {}).pop(instance_id, None)

    def register_target(self, target: TargetRegistration) -> None:
        """Put an address into a target group; it is healthy at once."""
        group = self.targets.setdefault(target.target_group_arn, [])
        if (target.address, target.port) not in group:
            group.append((target.address, target.port))

    def deregister_target(self, target: TargetRegistration) -> None:
        """Take an address out of a target group."""
        group = self.targets.get(target.target_group_arn, [])
        if (target.address, target.port) in group:
            group.remove((target.address, target.port))


_content = by_content(lambda body: canonical_json(canonical(body)))


class EcsBackend:
    """The ECS simulator as a backend whose state can be saved."""

    name = "ecs"

    def __init__(self, clock: Clock) -> None:
        self.around = Around()
        self.runtime = ScriptedRuntime()
        self.changed: Counter[tuple[str, str]] = Counter()
        self.wrongs: list[str] = []
        self.simulator = EcsSimulator(
            clock=clock,
            runtime=self.runtime,
            effects=self.around,
            fills=aws_fills(),
            timing=Timing.instant(),
            account=ACCOUNT,
            region=REGION,
        )

    def saved(self) -> bytes:
        """Return all that its answers depend on."""
        return pickle.dumps(self.simulator.world)

    def load(self, saved: bytes) -> None:
        """Become what it was."""
        self.simulator.world = pickle.loads(saved)  # noqa: S301 - our own bytes

    def whole(self) -> bytes:
        """Return its state with all that runs on it."""
        runtime = self.runtime
        addresses = self.simulator._context.addresses
        around = self.around.instances, self.around.targets
        parts = (runtime.scripts, runtime._runs, around, addresses)
        return pickle.dumps((self.simulator.world, parts))

    def become(self, whole: bytes) -> None:
        """Become what it was, with all that ran on it."""
        self.simulator.world, parts = pickle.loads(whole)  # noqa: S301
        scripts, runs, around, addresses = parts
        self.around.instances, self.around.targets = around
        self.runtime.scripts, self.runtime._runs = scripts, runs
        context = self.simulator._context
        object.__setattr__(context, "addresses", addresses)

    def perform(self, operation: str, asked: Mapping[str, Any]) -> Any:
        """Carry a call out, and note what it changed."""
        subject, before = self._subject(operation, asked)
        deployed, then = self._deployed(asked), self._definition(asked)
        self._watch(operation, asked)
        try:
            answer = self.simulator.call(operation, dict(asked))
        except EcsError as error:
            raise RefusalError(error.code, error.message, error.status) from error
        self._watch_result(operation, asked, then)
        if is_write(operation) and before != self._subject(operation, asked)[1]:
            self.changed[operation, subject] += 1
        if self._deployed(asked) > deployed:
            self.changed[DEPLOYMENT, subject] += 1
        return answer

    def settle(self) -> None:
        """Let everything come to its end that does by itself."""
        seen: object = None
        for _ in range(_MOST_STEPS):
            self.simulator.step()
            now = self._moment()
            if now == seen:
                return
            seen = now

    def script(self, image: str, script: Script) -> None:
        """Say how containers of ``image`` behave."""
        self.runtime.scripts[image] = script

    def _watch(self, operation: str, asked: Mapping[str, Any]) -> None:
        """Note what nobody may ask for: others' services, fewer tasks."""
        service = self._service(asked)
        if service is None or not is_write(operation):
            return
        if operation == "DeleteService" and OWNER_TAG not in service.tags:
            self.wrongs.append(f"{service.name} was deleted and is not ours")
        if (
            operation == "UpdateService"
            and service.status == "ACTIVE"
            and asked.get("desiredCount", 99) < service.desired
        ):
            self.wrongs.append(f"{service.name} was scaled down")

    def _watch_result(
        self, operation: str, asked: Mapping[str, Any], then: str
    ) -> None:
        """Note a new revision of what the service was set to ``then``."""
        if operation != "UpdateService" or "taskDefinition" not in asked:
            return
        now = self._definition(asked)
        if then and now != then and self.content(now) == self.content(then):
            name = asked["service"]
            self.wrongs.append(f"{name} has two revisions of one content")

    def _definition(self, asked: Mapping[str, Any]) -> str:
        """Return the task definition that the service of a call is set to."""
        service = self._service(asked)
        return "" if service is None else str(service.fields["taskDefinition"])

    def definition(self, arn: str) -> Definition:
        """Return a revision."""
        family, _, number = arn.rpartition("/")[2].partition(":")
        return self.simulator.world.definitions[family][int(number)]

    def content(self, arn: str) -> str:
        """Return what a task definition says, without its number."""
        return _content(self.definition(arn).body)

    def _deployed(self, asked: Mapping[str, Any]) -> int:
        """Return how many deployments the service of a call has had."""
        service = self._service(asked)
        return 0 if service is None else len(service.revisions)

    def _service(self, asked: Mapping[str, Any]) -> Service | None:
        name = asked.get("serviceName") or asked.get("service")
        name = (name or asked.get("resourceArn", "")).rpartition("/")[2]
        for cluster in self.simulator.world.clusters.values():
            if service := cluster.services.get(name):
                return service
        return None

    def _moment(self) -> object:
        world = self.simulator.world
        return [
            (
                world.serial,
                [(s.status, [d.rollout_state for d in s.deployments])],
                [r.status for r in s.rollouts],
                [t.status for t in c.tasks.values()],
            )
            for c in world.clusters.values()
            for s in c.services.values()
        ]

    def _subject(self, operation: str, asked: Mapping[str, Any]) -> tuple[str, object]:
        """Return what a call is about, and how that looks."""
        world = self.simulator.world
        if operation == "RegisterTaskDefinition":
            return asked["family"], len(world.definitions.get(asked["family"], ()))
        if operation == "DeregisterTaskDefinition":
            definition = self.definition(asked["taskDefinition"])
            return definition.family, definition.status
        if operation == "RunTask":
            tasks = world.clusters[asked["cluster"]].tasks.values()
            return asked["group"], sum(task.service is None for task in tasks)
        if ":task-definition/" in asked.get("resourceArn", ""):
            definition = self.definition(asked["resourceArn"])
            return f"a revision of {definition.family}", sorted(definition.tags.items())
        service = self._service(asked)
        if service is None:
            return str(asked.get("serviceName", "")), None
        look = service.fields, service.desired, service.status
        tags = sorted(service.tags.items())
        return service.name, canonical_json([*look, tags])
