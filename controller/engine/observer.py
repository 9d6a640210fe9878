"""Observer: reads the live state of all kinds concurrently, within a deadline.

Any failure of a read becomes ``Unknown``: nothing is planned on a resource that could
not be observed.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from controller.core.clock import Clock
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError
from controller.core.planning.planner import DesiredState
from controller.core.resources.driver import Driver
from controller.core.resources.observation import (
    Observation,
    ObservedState,
    Unknown,
    unknown_from,
)

log = logging.getLogger(__name__)

Declared: TypeAlias = Mapping[ResourceId, Resource[Any]]
Seen: TypeAlias = Mapping[ResourceId, Observation]
T = TypeVar("T")


@dataclass(frozen=True)
class Observer:
    """Collects the observations of all drivers.

    Attributes:
        drivers: Drivers, by kind.
        pool: Thread pool for the observations.
        clock: Clock.
        deadline: Seconds after which a missing observation is unknown.
        forget: Functions that clear caches of an earlier observation.
    """

    drivers: Mapping[str, Driver]
    pool: Pool
    clock: Clock
    deadline: float = 30.0
    forget: Sequence[Callable[[], None]] = ()

    def observe(
        self, desired: DesiredState, kinds: Collection[str] | None = None
    ) -> ObservedState:
        """Return the state of ``desired`` and of other managed resources.

        Args:
            desired: Declared resources.
            kinds: Kinds to observe; None for all.
        """
        self.clear()
        began = self.clock.monotonic()
        reads: dict[str, tuple[Declared, Future[Seen]]] = {}
        for kind in self.drivers if kinds is None else kinds:
            resources = of_kind(desired, kind)
            read = self.pool.submit(self.drivers[kind].observe, resources)
            reads[kind] = (resources, read)
        seen: dict[ResourceId, Observation] = {}
        for kind, (declared, read) in reads.items():
            left = max(0.0, began + self.deadline - self.clock.monotonic())
            seen |= _result(kind, declared, read, left, self.deadline)
        return ObservedState(seen, self.clock.now())

    def clear(self) -> None:
        """Clear the caches of a pass: until the next one they only take memory."""
        for forget in self.forget:
            forget()


def of_kind(entries: Mapping[ResourceId, T], kind: str) -> dict[ResourceId, T]:
    """Return the ``entries`` of ``kind``."""
    return {id_: entry for id_, entry in entries.items() if id_.kind == kind}


def _result(
    kind: str, declared: Declared, read: Future[Seen], left: float, deadline: float
) -> Seen:
    """Return the observations of a driver, or ``Unknown`` for each resource."""
    try:
        return read.result(timeout=left)
    except TimeoutError:
        read.cancel()
        unknown = Unknown(f"No response within {deadline:.0f} s.", temporary=True)
    except DriverError as error:
        unknown = unknown_from(error)
    except Exception as error:
        log.exception("a driver failed while observing", extra={"kind": kind})
        unknown = Unknown(f"The {kind} driver failed: {type(error).__name__}.")
    return dict.fromkeys(declared, unknown)
