"""Load balancer targets with health probes and draining."""

import http.client
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from controller.core.clock import Clock
from controller.emulation.clocks import SteppedClock
from controller.emulation.ecs.effects import TargetRegistration
from controller.emulation.loopback import NotLoopbackError, require_loopback
from controller.emulation.step_failures import StepFailure

_CONCURRENT_PROBES = 8


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """State of a target, with AWS's reason code and description."""

    state: str
    reason: str | None = None
    description: str | None = None


INITIAL = TargetHealth(
    "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
)
HEALTHY = TargetHealth("healthy")
UNHEALTHY = TargetHealth(
    "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
)
DRAINING = TargetHealth(
    "draining",
    "Target.DeregistrationInProgress",
    "Target deregistration is in progress",
)
NOT_IN_USE = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
TIMED_OUT = TargetHealth("unhealthy", "Target.Timeout", "Request timed out")
UNUSED = TargetHealth(
    "unused",
    "Target.NotRegistered",
    "Target is not registered to the target group",
)


# A probe returns True or False, or the state of the target with the reason.
ProbeResult: TypeAlias = bool | TargetHealth


@dataclass(slots=True)
class _Entry:
    health: TargetHealth = INITIAL
    next_probe: datetime | None = None
    probe: Future[ProbeResult] | None = None
    consecutive: int = 0
    drains_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Health check settings of a target group."""

    protocol: str
    path: str
    codes: str
    interval: timedelta
    timeout: float
    healthy_after: int
    unhealthy_after: int


Probe: TypeAlias = Callable[[TargetRegistration, HealthCheck], ProbeResult]
T = TypeVar("T")


class TargetBoard:
    """Health of every target, updated by probes in the background.

    With a stepped clock, probes run within the step instead.

    Args:
        clock: Clock of the checks.
        groups: Returns moto's target groups, by ARN.
        probe: Checks one target; default: over the network.
        in_use: Predicate: a listener forwards to a group. Without one, its targets are
            not checked, as on AWS.
    """

    def __init__(
        self,
        clock: Clock,
        groups: Callable[[], Mapping[str, Any]],
        probe: Probe | None = None,
        in_use: Callable[[str], bool] = lambda _arn: True,
    ) -> None:
        self._clock = clock
        self._groups = groups
        self._in_use = in_use
        self._probe = probe or probe_target
        self._entries: dict[TargetRegistration, _Entry] = {}
        self._pool: Executor = (
            _InlineExecutor()
            if isinstance(clock, SteppedClock)
            else ThreadPoolExecutor(_CONCURRENT_PROBES)
        )

    def register(self, target: TargetRegistration) -> None:
        """Add a target; it is ``initial`` until a probe succeeds."""
        group = self._groups().get(target.target_group_arn)
        if group is not None:
            group.register([{"Id": target.address, "Port": target.port}])
            self._entries[target] = _Entry()

    def deregister(self, target: TargetRegistration) -> None:
        """Start to drain a target."""
        group = self._groups().get(target.target_group_arn)
        if group is not None and target.address in group.targets:
            group.deregister([{"Id": target.address}])
        self._drain(target)

    def _drain(self, target: TargetRegistration) -> None:
        entry = self._entries.setdefault(target, _Entry())
        entry.health = DRAINING
        entry.drains_until = self._clock.now() + self.delay(target.target_group_arn)

    def health(self, target: TargetRegistration) -> TargetHealth:
        """Return the health of a target."""
        entry = self._entries.get(target)
        return entry.health if entry else UNUSED

    def of_group(self, arn: str) -> dict[TargetRegistration, TargetHealth]:
        """Return every target of a group, including draining ones."""
        return {
            target: entry.health
            for target, entry in self._entries.items()
            if target.target_group_arn == arn
        }

    def delay(self, target_group_arn: str) -> timedelta:
        """Return the deregistration delay of a group."""
        group = self._groups().get(target_group_arn)
        attributes = group.attributes if group is not None else {}
        seconds = attributes.get("deregistration_delay.timeout_seconds", 300)
        return timedelta(seconds=float(seconds))

    def step(self) -> tuple[StepFailure, ...]:
        """Add targets registered through moto, start due probes, read finished ones.

        Returns:
            The target groups whose step failed. The others are not affected.
        """
        now, groups = self._clock.now(), self._groups()
        failures: dict[str, StepFailure] = {}
        registered: set[TargetRegistration] = set()
        for arn, group in groups.items():
            try:
                registered |= set(_registered(arn, group))
            except Exception as error:  # noqa: BLE001 - one group must not stop the others
                failures[arn] = StepFailure(arn, error)
        for target in registered - self._entries.keys():
            self._entries[target] = _Entry()
        for target, entry in list(self._entries.items()):
            arn = target.target_group_arn
            try:
                group = groups[arn] if target in registered else None
                self._step_target(target, entry, group, now)
            except Exception as error:  # noqa: BLE001 - nor one target
                failures[arn] = StepFailure(arn, error)
        return tuple(failures.values())

    def _step_target(
        self, target: TargetRegistration, entry: _Entry, group: Any, now: datetime
    ) -> None:
        """Advance a target; ``group`` is None if it is no longer registered."""
        if entry.drains_until is not None:
            if now >= entry.drains_until and group is None:
                del self._entries[target]
        elif group is None:
            self._drain(target)
        elif not self._in_use(target.target_group_arn):
            self._entries[target] = _Entry(NOT_IN_USE)
        else:
            if entry.health is NOT_IN_USE:
                entry.health = INITIAL
            self._probe_target(target, entry, check_of(group), now)

    def _probe_target(
        self,
        target: TargetRegistration,
        entry: _Entry,
        check: HealthCheck,
        now: datetime,
    ) -> None:
        due = entry.next_probe is None or now >= entry.next_probe
        if entry.probe is None and due:
            entry.next_probe = now + check.interval
            entry.probe = self._pool.submit(self._probe, target, check)
        if entry.probe is not None and entry.probe.done():
            # A probe that failed unexpectedly is a failed check.
            failed = entry.probe.exception() is not None
            _record_result(entry, check, False if failed else entry.probe.result())
            entry.probe = None

    def close(self) -> None:
        """Stop probing."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _InlineExecutor(Executor):
    """Executor that runs each call in ``submit``."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Run the call and return its completed result."""
        outcome: Future[T] = Future()
        try:
            outcome.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as any executor
            outcome.set_exception(error)
        return outcome


def _registered(arn: str, group: Any) -> Iterator[TargetRegistration]:
    """Yield the targets of a group; a target has the port of the group by default."""
    for target in group.targets.values() if group.target_type == "ip" else ():
        yield TargetRegistration(
            arn, target["Id"], int(target.get("Port") or group.port)
        )


def check_of(group: Any) -> HealthCheck:
    """Return the health check settings of one of moto's target groups."""
    matcher = getattr(group, "matcher", None) or {}
    return HealthCheck(
        protocol=group.health_check_protocol or "HTTP",
        path=group.health_check_path or "/",
        codes=matcher.get("HttpCode") or "200",
        interval=timedelta(seconds=int(group.health_check_interval_seconds)),
        timeout=float(group.health_check_timeout_seconds),
        healthy_after=int(group.healthy_threshold_count),
        unhealthy_after=int(group.unhealthy_threshold_count),
    )


def _record_result(entry: _Entry, check: HealthCheck, result: ProbeResult) -> None:
    """Count consecutive results; a new target is healthy after one success."""
    if isinstance(result, bool):
        result = HEALTHY if result else UNHEALTHY
    passed = result.state == "healthy"
    if entry.health.state == result.state:
        entry.health, entry.consecutive = result, 0
        return
    entry.consecutive += 1
    threshold = check.healthy_after if passed else check.unhealthy_after
    if entry.consecutive >= threshold or (passed and entry.health is INITIAL):
        entry.health, entry.consecutive = result, 0


def probe_target(target: TargetRegistration, check: HealthCheck) -> ProbeResult:
    """Check a target by the health check of its group; loopback only.

    Reasons and descriptions: "Check the health of your targets", guide of Application
    Load Balancers.
    """
    try:
        require_loopback(target.address)
        if check.protocol in {"TCP", "TLS", "UDP", "TCP_UDP"}:
            address = (target.address, target.port)
            socket.create_connection(address, check.timeout).close()
            return True
        status = _status(target, check)
    except TimeoutError:
        return TIMED_OUT
    except (OSError, http.client.HTTPException, NotLoopbackError):
        return False
    if status in _codes(check.codes):
        return True
    description = f"Health checks failed with these codes: [{status}]"
    return TargetHealth("unhealthy", "Target.ResponseCodeMismatch", description)


def _status(target: TargetRegistration, check: HealthCheck) -> int:
    connection = http.client.HTTPConnection(
        target.address, target.port, timeout=check.timeout
    )
    try:
        connection.request("GET", check.path)
        return connection.getresponse().status
    finally:
        connection.close()


def _codes(text: str) -> set[int]:
    """Return the codes of a matcher such as ``200,301-302``."""
    codes: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        codes |= set(range(int(first), int(last or first) + 1))
    return codes
