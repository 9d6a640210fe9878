"""The ECS simulator as a backend with saved states and checks of forbidden calls."""

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
from controller.kinds.service.cache import cached_by_content
from controller.kinds.service.normalize import canonical

ACCOUNT, REGION = "123456789012", "us-east-1"
# Key of `changed` for a new deployment, in addition to the operation that started it.
DEPLOYMENT = "deployment"
# Enough steps for a rollout that fails three times.
_MAX_STEPS = 40


class RefusalError(Exception):
    """An error response of a service: code, message and status."""


class Around(NoEffects):
    """Effects of ECS on Cloud Map and target groups.

    Attributes:
        instances: Addresses by registry and instance.
        targets: Addresses and ports by target group.
        forwards: Predicate: a listener forwards to the target group.
        registry: Image registry; None without one.
        paths: Paths that the containers of an image answer; all, if it is not listed.
        passes: Predicate: an address passes the health check of a target group.
    """

    def __init__(self) -> None:
        self.instances: dict[str, dict[str, str]] = {}
        self.targets: dict[str, list[tuple[str, int]]] = {}
        self.forwards: Callable[[str], bool] = lambda _arn: True
        self.registry: Any = None
        self.paths: dict[str, frozenset[str]] = {}
        self.passes: Callable[[str, str], bool] = lambda _arn, _address: True

    def target_health(self, target: TargetRegistration) -> str:
        """Return the result of the health check of the target's group."""
        passes = self.passes(target.target_group_arn, target.address)
        return "healthy" if passes else "unhealthy"

    def check_target_group(self, arn: str) -> None:
        """Refuse a group that no listener forwards to, as AWS does."""
        if not self.forwards(arn):
            message = (
                f"The target group with targetGroupArn {arn} does not have an "
                "associated load balancer."
            )
            raise MissingError(message)

    def image_digest(self, image: str) -> str:
        """Return the digest of an image in the registry, or ""."""
        return self.registry.digest_of(image) if self.registry else ""

    def register_instance(
        self, registry_arn: str, instance_id: str, attributes: Mapping[str, str]
    ) -> None:
        """Add an address to a name."""
        known = self.instances.setdefault(registry_arn, {})
        known[instance_id] = attributes["AWS_INSTANCE_IPV4"]

    def deregister_instance(self, registry_arn: str, instance_id: str) -> None:
        """Remove an address from a name."""
        self.instances.get(registry_arn, {}).pop(instance_id, None)

    def register_target(self, target: TargetRegistration) -> None:
        """Add an address to a target group; it is healthy at once."""
        group = self.targets.setdefault(target.target_group_arn, [])
        if (target.address, target.port) not in group:
            group.append((target.address, target.port))

    def deregister_target(self, target: TargetRegistration) -> None:
        """Remove an address from a target group."""
        group = self.targets.get(target.target_group_arn, [])
        if (target.address, target.port) in group:
            group.remove((target.address, target.port))


_content = cached_by_content(lambda body: canonical_json(canonical(body)))


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
        """Return the state that its responses depend on."""
        return pickle.dumps(self.simulator.world)

    def load(self, saved: bytes) -> None:
        """Restore a saved state."""
        self.simulator.world = pickle.loads(saved)  # noqa: S301 - our own bytes

    def whole(self) -> bytes:
        """Return its state including running tasks and addresses."""
        runtime = self.runtime
        addresses = self.simulator._context.addresses
        around = self.around.instances, self.around.targets, self.around.paths
        parts = (runtime.scripts, runtime._runs, around, addresses)
        return pickle.dumps((self.simulator.world, parts))

    def become(self, whole: bytes) -> None:
        """Restore a state including running tasks and addresses."""
        self.simulator.world, parts = pickle.loads(whole)  # noqa: S301
        scripts, runs, around, addresses = parts
        self.around.instances, self.around.targets, self.around.paths = around
        self.runtime.scripts, self.runtime._runs = scripts, runs
        context = self.simulator._context
        object.__setattr__(context, "addresses", addresses)

    def perform(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Carry out a call and count its changes."""
        subject, before = self._subject(operation, parameters)
        deployed, then = self._deployed(parameters), self._definition(parameters)
        self._watch(operation, parameters)
        try:
            answer = self.simulator.call(operation, dict(parameters))
        except EcsError as error:
            raise RefusalError(error.code, error.message, error.status) from error
        self._watch_result(operation, parameters, then)
        if is_write(operation) and before != self._subject(operation, parameters)[1]:
            self.changed[operation, subject] += 1
        if self._deployed(parameters) > deployed:
            self.changed[DEPLOYMENT, subject] += 1
        return answer

    def settle(self) -> None:
        """Step the simulator until nothing changes."""
        seen: object = None
        for _ in range(_MAX_STEPS):
            for failure in self.simulator.step():
                raise failure.error
            now = self._moment()
            if now == seen:
                return
            seen = now

    def answers(self, address: str, path: str) -> bool:
        """Return True if the task at ``address`` answers ``path``."""
        for run in self.runtime._runs.values():
            if run.launch.address == address and run.stopped_at is None:
                paths = self.around.paths.get(run.launch.containers[0].image)
                return paths is None or path in paths
        return False

    def script(self, image: str, script: Script) -> None:
        """Set the behaviour of the containers of ``image``."""
        self.runtime.scripts[image] = script

    def _watch(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Record forbidden calls: changes of foreign services, fewer tasks."""
        service = self._service(parameters)
        if service is None or not is_write(operation):
            return
        if operation == "DeleteService" and OWNER_TAG not in service.tags:
            self.wrongs.append(f"{service.name} was deleted and is not managed")
        if (
            operation == "UpdateService"
            and service.status == "ACTIVE"
            and parameters.get("desiredCount", 99) < service.desired
        ):
            self.wrongs.append(f"{service.name} was scaled down")

    def _watch_result(
        self, operation: str, parameters: Mapping[str, Any], then: str
    ) -> None:
        """Record a new revision with the same content as ``then``, the previous one."""
        if operation != "UpdateService" or "taskDefinition" not in parameters:
            return
        now = self._definition(parameters)
        if then and now != then and self.content(now) == self.content(then):
            name = parameters["service"]
            self.wrongs.append(f"{name} has two revisions of one content")

    def _definition(self, parameters: Mapping[str, Any]) -> str:
        """Return the task definition of the service that a call names."""
        service = self._service(parameters)
        return "" if service is None else str(service.fields["taskDefinition"])

    def definition(self, arn: str) -> Definition:
        """Return a revision."""
        family, _, number = arn.rpartition("/")[2].partition(":")
        return self.simulator.world.definitions[family][int(number)]

    def content(self, arn: str) -> str:
        """Return the content of a task definition without its number."""
        return _content(self.definition(arn).body)

    def _deployed(self, parameters: Mapping[str, Any]) -> int:
        """Return the number of deployments of the service that a call names."""
        service = self._service(parameters)
        return 0 if service is None else len(service.revisions)

    def _service(self, parameters: Mapping[str, Any]) -> Service | None:
        name = parameters.get("serviceName") or parameters.get("service")
        name = (name or parameters.get("resourceArn", "")).rpartition("/")[2]
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

    def _subject(
        self, operation: str, parameters: Mapping[str, Any]
    ) -> tuple[str, object]:
        """Return the subject of a call, and its comparable state."""
        world = self.simulator.world
        if operation == "RegisterTaskDefinition":
            return parameters["family"], len(
                world.definitions.get(parameters["family"], ())
            )
        if operation == "DeregisterTaskDefinition":
            definition = self.definition(parameters["taskDefinition"])
            return definition.family, definition.status
        if operation == "RunTask":
            tasks = world.clusters[parameters["cluster"]].tasks.values()
            return parameters["group"], sum(task.service is None for task in tasks)
        if ":task-definition/" in parameters.get("resourceArn", ""):
            definition = self.definition(parameters["resourceArn"])
            return f"a revision of {definition.family}", sorted(definition.tags.items())
        service = self._service(parameters)
        if service is None:
            return str(parameters.get("serviceName", "")), None
        look = service.fields, service.desired, service.status
        tags = sorted(service.tags.items())
        return service.name, canonical_json([*look, tags])
