"""Readiness of services: health checks, targets, earlier tasks, ``health.url``.

ECS only counts running tasks. Readiness is read in each pass while a service changes or
is not ready, after each event of ECS, and once a minute otherwise.
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
from controller.core.values.counts import counted
from controller.core.values.ttl_cache import TtlCache
from controller.kinds.service.aws.tasks import ClusterTasks
from controller.kinds.service.spec.service import ServiceSpec
from controller.kinds.service.state.service import ServiceState
from controller.kinds.service.state.task import Task

# Time for which a result is valid while the service does not change.
KEPT = timedelta(seconds=60)
_EXPECTED_STATUSES = range(200, 400)

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Check:
    """Problems of a service, and the state in which they were read."""

    moment: tuple[object, ...]
    problems: tuple[str, ...]


class Readiness:
    """Checks of the tasks of services, during and after a rollout. Reads only.

    Args:
        aws: Client for AWS.
        fleet: Tasks of a cluster.
        clock: Clock for the age of results.
        resolver: Resolver for ``health.url``; None to skip that check.
        probe: HTTP client for ``health.url``.
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
        self._checks = TtlCache[str, _Check](KEPT)

    def of(
        self, cluster: str, services: Mapping[str, tuple[ServiceSpec, ServiceState]]
    ) -> dict[str, tuple[str, ...]]:
        """Return the problems of each service, by its name.

        The tasks of the cluster are read once for all services that are due.
        """
        now = self._clock.monotonic()
        due = [n for n, (_, state) in services.items() if self._is_due(state, now)]
        try:
            tasks = self._fleet.running(cluster) if due else {}
        except DriverError as error:
            unknown = (f"the tasks could not be read: {error}",)
            return {**self._known(services), **dict.fromkeys(due, unknown)}
        for name in due:
            spec, state = services[name]
            problems = tuple(self._problems(spec, state, tasks.get(name, ())))
            self._checks.put(state.arn, _Check(_moment(state), problems), now)
        return self._known(services)

    def _known(
        self, services: Mapping[str, tuple[ServiceSpec, ServiceState]]
    ) -> dict[str, tuple[str, ...]]:
        checks = {name: self._checks.last(s.arn) for name, (_, s) in services.items()}
        return {name: check.value.problems for name, check in checks.items() if check}

    def _is_due(self, state: ServiceState, now: float) -> bool:
        """Return True if the last result of a service is no longer valid."""
        check, primary = self._checks.get(state.arn, now), state.primary
        if check is None or check.problems or primary is None:
            return True
        if check.moment != _moment(state):
            return True
        return primary.rollout != "COMPLETED"

    def _problems(
        self, spec: ServiceSpec, state: ServiceState, tasks: tuple[Task, ...]
    ) -> Iterator[str]:
        primary = state.primary
        if primary is None:
            return
        rolling = primary.rollout == "IN_PROGRESS"
        running = [task for task in tasks if task.status == "RUNNING"]
        earlier = [t for t in running if rolling and t.started_by != primary.id]
        ours = [task for task in running if task not in earlier]
        if spec.health is not None:
            yield from filter(None, map(_health_problem, ours))
        addresses = {task.address for task in ours}
        for balancer in state.settings.get("loadBalancers", ()):
            yield from self._targets(balancer, addresses)
        if earlier:
            yield f"{counted(len(earlier), 'earlier task')} must be drained and stopped"
        url = spec.health.url if spec.health else None
        if url is not None and state.desired and not rolling:
            yield from self._url_problem(url)

    def _targets(self, balancer: Answer, addresses: set[str]) -> Iterator[str]:
        """Yield the tasks to which a target group sends no requests."""
        group = balancer.get("targetGroupArn", "")
        try:
            answer = self._aws.call(
                "elbv2", "DescribeTargetHealth", TargetGroupArn=group
            )
        except DriverError as error:
            yield f"the target health could not be read: {error}"
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

    def _url_problem(self, url: str) -> Iterator[str]:
        """Yield the reason why the declared URL does not respond."""
        host = urlsplit(url).hostname or ""
        if self._resolver is None:
            return
        try:
            address = self._resolver.resolve(host).addresses[0]
        except DriverError as error:
            yield f"{url} does not respond: {error}"
            return
        problem = self._probe.request(
            url, address, method="GET", body=None, expected=_EXPECTED_STATUSES
        )
        if problem:
            yield f"{url} does not respond: {problem}"


def _moment(state: ServiceState) -> tuple[object, ...]:
    """Return all that changes when ECS replaces a task, without reading the tasks.

    A task may be replaced between two passes. Then only the events of ECS show it.
    """
    primary = state.primary
    events = state.settings.get("events", ())
    return (
        primary and (primary.id, primary.rollout, primary.running, primary.pending),
        state.running,
        events[0].get("id") if events else "",
    )


def _health_problem(task: Task) -> str:
    """Return the reason why a task is not healthy; empty if it is."""
    if task.health == "UNKNOWN":
        return f"task {task.id} is starting: its health check has no result yet"
    if task.health != "HEALTHY":
        return f"task {task.id} has the health status {task.health}"
    return ""
