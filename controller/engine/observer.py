"""Look at the world, all kinds at once, within a deadline.

Whatever goes wrong while looking becomes ``Unknown``: nothing is planned on what
could not be seen.
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
    unseen,
)

log = logging.getLogger(__name__)

Declared: TypeAlias = Mapping[ResourceId, Resource[Any]]
Seen: TypeAlias = Mapping[ResourceId, Observation]
T = TypeVar("T")


@dataclass(frozen=True)
class Observer:
    """Asks every driver for what it sees.

    Attributes:
        drivers: By kind.
        pool: Where the drivers look, side by side.
        clock: Dates the observation.
        deadline: Seconds after which what has not been seen is unknown.
        forget: Drops what an earlier look remembered.
    """

    drivers: Mapping[str, Driver]
    pool: Pool
    clock: Clock
    deadline: float = 30.0
    forget: Sequence[Callable[[], None]] = ()

    def observe(
        self, desired: DesiredState, kinds: Collection[str] | None = None
    ) -> ObservedState:
        """Return what is seen of ``desired`` and of whatever else is ours.

        Args:
            desired: What is declared.
            kinds: Those to look at; None for all of them.
        """
        self.rest()
        began = self.clock.monotonic()
        looks: dict[str, tuple[Declared, Future[Seen]]] = {}
        for kind in self.drivers if kinds is None else kinds:
            asked = of_kind(desired, kind)
            look = self.pool.submit(self.drivers[kind].observe, asked)
            looks[kind] = (asked, look)
        seen: dict[ResourceId, Observation] = {}
        for kind, (declared, look) in looks.items():
            left = max(0.0, began + self.deadline - self.clock.monotonic())
            seen |= _answer(kind, declared, look, left, self.deadline)
        return ObservedState(seen, self.clock.now())

    def rest(self) -> None:
        """Drop what was remembered for one pass: until the next it is only memory."""
        for forget in self.forget:
            forget()


def of_kind(entries: Mapping[ResourceId, T], kind: str) -> dict[ResourceId, T]:
    """Return those of ``entries`` that are of ``kind``."""
    return {id_: entry for id_, entry in entries.items() if id_.kind == kind}


def _answer(
    kind: str, declared: Declared, look: Future[Seen], left: float, deadline: float
) -> Seen:
    """Return what a driver saw, or that nothing is known."""
    try:
        return look.result(timeout=left)
    except TimeoutError:
        look.cancel()
        unknown = Unknown(f"No answer within {deadline:.0f} s.", passing=True)
    except DriverError as error:
        unknown = unseen(error)
    except Exception as error:
        log.exception("a driver failed while looking", extra={"kind": kind})
        unknown = Unknown(f"The {kind} driver failed: {type(error).__name__}.")
    return dict.fromkeys(declared, unknown)
