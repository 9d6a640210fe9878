"""Whether what ECS calls done really serves.

ECS counts tasks. Whether the load balancer sends them anything, whether their own
checks pass and whether their address answers are questions of their own; they are
asked while something moves, and otherwise now and then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from controller.clients.probe import Probe
from controller.core.clock import Clock
from controller.core.dependencies import Aws, NameResolver
from controller.core.errors import DriverError
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.task import Task

# How long an answer will do while nothing moves.
KEPT = timedelta(seconds=60)
_ANSWERS = range(200, 400)

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Look:
    deployment: str
    rollout: str
    unready: tuple[str, ...]


class Readiness:
    """Asks, for services that ECS says are there, what does not serve.

    Args:
        aws: AWS.
        fleet: The tasks.
        clock: Says when it is time to ask again.
        resolver: Finds the address behind ``health.url``; None to leave it out.
        probe: Asks there.
    """

    def __init__(
        self,
        aws: Aws,
        fleet: ClusterTasks,
        clock: Clock,
        resolver: NameResolver | None,
        probe: Probe,
    ) -> None:
        self._aws = aws
        self._fleet = fleet
        self._clock = clock
        self._resolver = resolver
        self._probe = probe
        self._looks = TtlCache[str, _Look](KEPT)

    def of(
        self, cluster: str, services: Mapping[str, tuple[ServiceSpec, ServiceState]]
    ) -> dict[str, tuple[str, ...]]:
        """Return what does not serve, by the name of the service.

        One look at the cluster's tasks for all services that are due.
        """
        now = self._clock.monotonic()
        due = [n for n, (_, state) in services.items() if self._is_due(state, now)]
        try:
            tasks = self._fleet.running(cluster) if due else {}
        except DriverError as error:
            unseen = (f"its tasks could not be seen: {error}",)
            return {**self._known(services), **dict.fromkeys(due, unseen)}
        for name in due:
            spec, state = services[name]
            unready = tuple(self._unready(spec, state, tasks.get(name, ())))
            primary = state.primary
            told = (primary.id, primary.rollout) if primary else ("", "")
            self._looks.put(state.arn, _Look(*told, unready), now)
        return self._known(services)

    def _known(
        self, services: Mapping[str, tuple[ServiceSpec, ServiceState]]
    ) -> dict[str, tuple[str, ...]]:
        looks = {name: self._looks.last(s.arn) for name, (_, s) in services.items()}
        return {name: look.value.unready for name, look in looks.items() if look}

    def _is_due(self, state: ServiceState, now: float) -> bool:
        """Whether what was seen of a service will not do any more."""
        look, primary = self._looks.get(state.arn, now), state.primary
        if look is None or look.unready or primary is None:
            return True
        if (look.deployment, look.rollout) != (primary.id, primary.rollout):
            return True
        return primary.rollout != "COMPLETED"

    def _unready(
        self, spec: ServiceSpec, state: ServiceState, tasks: tuple[Task, ...]
    ) -> Iterator[str]:
        primary = state.primary
        if primary is None or primary.rollout != "COMPLETED":
            return
        ours = [task for task in tasks if task.status == "RUNNING"]
        if spec.health is not None:
            for task in ours:
                if task.health != "HEALTHY":
                    yield f"task {task.id} is {task.health} by its health check"
        addresses = {task.address for task in ours}
        for balancer in state.settings.get("loadBalancers", ()):
            yield from self._targets(balancer, addresses)
        if spec.health is not None and spec.health.url is not None and state.desired:
            yield from self._answer(spec.health.url)

    def _targets(self, balancer: Answer, addresses: set[str]) -> Iterator[str]:
        """Yield the targets of our tasks that get no requests."""
        group = balancer.get("targetGroupArn", "")
        try:
            answer = self._aws.call(
                "elbv2", "DescribeTargetHealth", TargetGroupArn=group
            )
        except DriverError as error:
            yield f"the target group could not be seen: {error}"
            return
        name = group.rpartition("targetgroup/")[2].partition("/")[0]
        missing = set(addresses)
        for found in answer["TargetHealthDescriptions"]:
            address, health = found["Target"]["Id"], found["TargetHealth"]
            missing.discard(address)
            if address in addresses and health["State"] != "healthy":
                why = health.get("Description") or health.get("Reason", "")
                because = f": {why}" if why else ""
                yield f"target {address} of {name} is {health['State']}{because}"
        for address in sorted(missing):
            yield f"{address} is not registered in {name}"

    def _answer(self, url: str) -> Iterator[str]:
        """Yield why the declared address does not answer."""
        host = urlsplit(url).hostname or ""
        if self._resolver is None:
            return
        try:
            address = self._resolver.resolve(host).addresses[0]
        except DriverError as error:
            yield f"{url} does not answer: {error}"
            return
        problem = self._probe.request(
            url, address, method="GET", body=None, expected=_ANSWERS
        )
        if problem:
            yield f"{url} does not answer: {problem}"
