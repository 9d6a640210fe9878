"""Injected faults of calls and images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from hashlib import sha256

from controller.emulation.ecs import wording
from controller.emulation.ecs.runtime import (
    CannotStartError,
    ContainerStatus,
    Exited,
    Launch,
    Running,
    Runtime,
    Starting,
)


class CallFault(StrEnum):
    """Fault of a call."""

    THROTTLE = "throttle"
    SERVER_ERROR = "5xx"
    TIMEOUT = "timeout"
    LOST_REPLY = "lost-reply"


class ImageFault(StrEnum):
    """Fault of the containers of an image."""

    PULL_ERROR = "pull-error"
    CRASH = "crash"
    EXIT = "exit"
    HANG = "hang"
    UNHEALTHY = "unhealthy"


@dataclass(slots=True)
class CallRule:
    """Fault of calls whose operation matches a pattern, a limited number of times.

    Attributes:
        operation: Pattern of operation names.
        fault: Fault of the matching calls.
        times: Remaining number of faults.
        share: Fraction of the matching calls that fail.
        seed: Seed that selects the failing calls.
        matches: Number of calls that have matched.
    """

    operation: str
    fault: CallFault
    times: int = 1
    share: float = 1.0
    seed: int = 0
    matches: int = 0

    def selects_next(self) -> bool:
        """Count a matching call and return True if it fails.

        One seed always selects the same calls.
        """
        self.matches += 1
        if self.share >= 1:
            return True
        digest = sha256(f"{self.seed}/{self.matches}".encode()).digest()
        return int.from_bytes(digest[:4]) < self.share * 2**32


@dataclass(frozen=True, slots=True)
class ImageRule:
    """Fault of images that match a pattern, until it is cleared."""

    image: str
    fault: ImageFault
    exit_code: int = 1
    after: timedelta = timedelta(0)


@dataclass(slots=True)
class Faults:
    """Faults in force. After a lost reply the call has had its effect."""

    calls: list[CallRule] = field(default_factory=list)
    images: list[ImageRule] = field(default_factory=list)

    def of_call(self, operation: str) -> CallFault | None:
        """Return the fault of this call, and decrease its remaining number."""
        for rule in self.calls:
            matches = rule.times > 0 and fnmatchcase(operation, rule.operation)
            if matches and rule.selects_next():
                rule.times -= 1
                return rule.fault
        return None

    def of_image(self, image: str) -> ImageRule | None:
        """Return the rule of an image, or None."""
        return next((r for r in self.images if fnmatchcase(image, r.image)), None)

    def clear(self) -> None:
        """Remove all faults."""
        self.calls.clear()
        self.images.clear()


@dataclass(slots=True)
class _SimulatedTask:
    """State of a task that is not started, because one of its images has a fault."""

    rules: Mapping[str, ImageRule | None]
    started_at: datetime
    stopped: bool = False

    def status(self, name: str, now: datetime) -> ContainerStatus:
        rule = self.rules[name]
        if self.stopped:
            return Exited(143)
        if rule is None:
            return Running()
        if rule.fault is ImageFault.HANG:
            return Starting()
        ended = now - self.started_at >= rule.after
        return Exited(rule.exit_code) if ended else Running()


class FaultyRuntime:
    """Runtime that applies image faults and passes other tasks to another runtime."""

    def __init__(self, runtime: Runtime, faults: Faults) -> None:
        self._runtime = runtime
        self._faults = faults
        self._simulated: dict[str, _SimulatedTask] = {}
        self._unhealthy: set[tuple[str, str]] = set()

    def start(self, launch: Launch, now: datetime) -> None:
        """Start the task, or simulate it if one of its images has a fault."""
        rules = {c.name: self._faults.of_image(c.image) for c in launch.containers}
        for container in launch.containers:
            rule = rules[container.name]
            if rule and rule.fault is ImageFault.PULL_ERROR:
                raise CannotStartError(wording.NO_IMAGE.format(image=container.image))
            if rule and rule.fault is ImageFault.UNHEALTHY:
                self._unhealthy.add((launch.task_id, container.name))
                rules[container.name] = None
        if any(rules.values()):
            self._simulated[launch.task_id] = _SimulatedTask(rules, now)
        else:
            self._runtime.start(launch, now)

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return the status of each container, real or simulated."""
        simulated = self._simulated.get(task_id)
        if simulated is None:
            return self._runtime.poll(task_id, now)
        return {name: simulated.status(name, now) for name in simulated.rules}

    def lines(self, task_id: str) -> Sequence[tuple[str, str]]:
        """Return new output; a simulated task has none."""
        return () if task_id in self._simulated else self._runtime.lines(task_id)

    def begin_check(
        self,
        task_id: str,
        container: str,
        command: Sequence[str],
        timeout: timedelta,
        now: datetime,
    ) -> None:
        """Start a health check unless a fault fixes its result."""
        if self._fixed_result(task_id, container) is None:
            self._runtime.begin_check(task_id, container, command, timeout, now)

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return True if the check passed; a fault may fix the result."""
        fixed = self._fixed_result(task_id, container)
        if fixed is not None:
            return fixed
        return self._runtime.check_result(task_id, container, now)

    def _fixed_result(self, task_id: str, container: str) -> bool | None:
        if (task_id, container) in self._unhealthy:
            return False
        return True if task_id in self._simulated else None

    def stop(self, task_id: str, now: datetime) -> None:
        """Stop a task, real or simulated."""
        if task_id in self._simulated:
            self._simulated[task_id].stopped = True
        else:
            self._runtime.stop(task_id, now)

    def forget(self, task_id: str) -> None:
        """Release a task, real or simulated."""
        self._unhealthy = {key for key in self._unhealthy if key[0] != task_id}
        if self._simulated.pop(task_id, None) is None:
            self._runtime.forget(task_id)
