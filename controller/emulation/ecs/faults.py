"""Faults set on purpose: by call, and by image."""

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
    """What happens to a call."""

    THROTTLE = "throttle"
    SERVER_ERROR = "5xx"
    TIMEOUT = "timeout"
    LOST_REPLY = "lost-reply"


class ImageFault(StrEnum):
    """What happens to a container of an image."""

    PULL_ERROR = "pull-error"
    CRASH = "crash"
    EXIT = "exit"
    HANG = "hang"
    UNHEALTHY = "unhealthy"


@dataclass(slots=True)
class CallRule:
    """A fault of calls whose operation matches a pattern, so many times.

    Attributes:
        operation: The pattern.
        fault: What happens.
        times: How often at most.
        share: Of the calls that match, how many are hit; all of them, unless given.
        seed: Decides which.
        seen: How many have matched.
    """

    operation: str
    fault: CallFault
    times: int = 1
    share: float = 1.0
    seed: int = 0
    seen: int = 0

    def strikes(self) -> bool:
        """Whether the next call that matches is hit; the same ones for one seed."""
        self.seen += 1
        if self.share >= 1:
            return True
        digest = sha256(f"{self.seed}/{self.seen}".encode()).digest()
        return int.from_bytes(digest[:4]) < self.share * 2**32


@dataclass(frozen=True, slots=True)
class ImageRule:
    """A fault of images that match a pattern, until it is taken away."""

    image: str
    fault: ImageFault
    exit_code: int = 1
    after: timedelta = timedelta(0)


@dataclass(slots=True)
class Faults:
    """The faults in force. A timeout leaves the call undone, a lost reply does not."""

    calls: list[CallRule] = field(default_factory=list)
    images: list[ImageRule] = field(default_factory=list)

    def of_call(self, operation: str) -> CallFault | None:
        """Return the fault of this call, and count it as used."""
        for rule in self.calls:
            matches = rule.times > 0 and fnmatchcase(operation, rule.operation)
            if matches and rule.strikes():
                rule.times -= 1
                return rule.fault
        return None

    def of_image(self, image: str) -> ImageRule | None:
        """Return the fault of an image."""
        return next((r for r in self.images if fnmatchcase(image, r.image)), None)

    def clear(self) -> None:
        """End all faults."""
        self.calls.clear()
        self.images.clear()


@dataclass(slots=True)
class _Pretence:
    """A task that only pretends to run, because its image has a fault."""

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
        over = now - self.started_at >= rule.after
        return Exited(rule.exit_code) if over else Running()


class FaultyRuntime:
    """A runtime whose images misbehave as the faults say."""

    def __init__(self, runtime: Runtime, faults: Faults) -> None:
        self._runtime = runtime
        self._faults = faults
        self._pretences: dict[str, _Pretence] = {}
        self._unhealthy: set[tuple[str, str]] = set()

    def start(self, launch: Launch, now: datetime) -> None:
        """Start the task for real unless one of its images has a fault."""
        rules = {c.name: self._faults.of_image(c.image) for c in launch.containers}
        for container in launch.containers:
            rule = rules[container.name]
            if rule and rule.fault is ImageFault.PULL_ERROR:
                raise CannotStartError(wording.NO_IMAGE.format(image=container.image))
            if rule and rule.fault is ImageFault.UNHEALTHY:
                self._unhealthy.add((launch.task_id, container.name))
                rules[container.name] = None
        if any(rules.values()):
            self._pretences[launch.task_id] = _Pretence(rules, now)
        else:
            self._runtime.start(launch, now)

    def poll(self, task_id: str, now: datetime) -> Mapping[str, ContainerStatus]:
        """Return how each container is, or pretends to be."""
        pretence = self._pretences.get(task_id)
        if pretence is None:
            return self._runtime.poll(task_id, now)
        return {name: pretence.status(name, now) for name in pretence.rules}

    def lines(self, task_id: str) -> Sequence[tuple[str, str]]:
        """Return what was written; a pretended task writes nothing."""
        return () if task_id in self._pretences else self._runtime.lines(task_id)

    def begin_check(
        self,
        task_id: str,
        container: str,
        command: Sequence[str],
        timeout: timedelta,
        now: datetime,
    ) -> None:
        """Begin a check, unless its outcome is settled."""
        if self._settled(task_id, container) is None:
            self._runtime.begin_check(task_id, container, command, timeout, now)

    def check_result(self, task_id: str, container: str, now: datetime) -> bool | None:
        """Return whether the check passed, or what the fault says."""
        settled = self._settled(task_id, container)
        if settled is not None:
            return settled
        return self._runtime.check_result(task_id, container, now)

    def _settled(self, task_id: str, container: str) -> bool | None:
        if (task_id, container) in self._unhealthy:
            return False
        return True if task_id in self._pretences else None

    def stop(self, task_id: str, now: datetime) -> None:
        """Stop a task, real or pretended."""
        if task_id in self._pretences:
            self._pretences[task_id].stopped = True
        else:
            self._runtime.stop(task_id, now)

    def forget(self, task_id: str) -> None:
        """Release a task, real or pretended."""
        self._unhealthy = {key for key in self._unhealthy if key[0] != task_id}
        if self._pretences.pop(task_id, None) is None:
            self._runtime.forget(task_id)
