"""When what resources rest on is looked at, and what is still known of it."""

import logging
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Executor as Pool
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controller.core.clock import Clock
from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import DriverError
from controller.core.planning.planner import DesiredState
from controller.core.planning.preflight import (
    CheckUnknown,
    PreflightDriver,
    Result,
    Results,
    attended,
)
from controller.core.resources.driver import Driver
from controller.engine.observer import of_kind

log = logging.getLogger(__name__)

# The name of the check, where nothing could be looked at.
EVERYTHING = "surroundings"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the last look at one resource's surroundings said."""

    resource: Resource[Any]
    results: tuple[Result, ...]


class PreflightRunner:
    """Has drivers look at what resources rest on, and remembers what they said.

    Args:
        drivers: By kind; those that cannot inspect are passed over.
        pool: Where they look, side by side.
        clock: Its steady half says when all of them are due.
        deadline: Seconds after which what has not been seen is unseen.
    """

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        pool: Pool,
        clock: Clock,
        deadline: float = 60.0,
    ) -> None:
        self._drivers = drivers
        self._pool = pool
        self._clock = clock
        self._deadline = deadline
        self._known: dict[ResourceId, _Known] = {}
        self._began: float | None = None

    def look(self, desired: DesiredState, ids: Collection[ResourceId]) -> Results:
        """Return what is found of ``ids``, looked at just now. Never raises."""
        wanted = {id_: desired[id_] for id_ in ids if id_ in desired}
        looks = {
            kind: self._pool.submit(driver.inspect, resources)
            for kind, driver in self._drivers.items()
            if isinstance(driver, PreflightDriver)
            and (resources := of_kind(wanted, kind))
        }
        found: dict[ResourceId, tuple[Result, ...]] = {}
        for kind, look in looks.items():
            try:
                found |= look.result(timeout=self._deadline)
                continue
            except TimeoutError:
                look.cancel()
                reason = f"no answer within {self._deadline:.0f} s"
            except DriverError as error:
                reason = str(error)
            except Exception as error:
                log.exception("a driver failed while inspecting", extra={"kind": kind})
                reason = f"the {kind} driver failed: {type(error).__name__}"
            unseen = (CheckUnknown(EVERYTHING, f"{reason.rstrip('.')}.", passing=True),)
            found |= dict.fromkeys(of_kind(wanted, kind), unseen)
        for id_, results in found.items():
            self._known[id_] = _Known(wanted[id_], results)
        return found

    def known(self, desired: DesiredState) -> Results:
        """Return what the last looks said of what is declared still the same way."""
        self._known = {
            id_: known
            for id_, known in self._known.items()
            if desired.get(id_) == known.resource
        }
        return {id_: known.results for id_, known in self._known.items()}

    def look_around(
        self, desired: DesiredState, every: timedelta, seen: Iterable[ResourceId]
    ) -> None:
        """Look at all of ``desired`` if that is due, else where something is amiss.

        Args:
            desired: What is declared.
            every: Time between two looks at all of it.
            seen: What was looked at in this pass.
        """
        now, wanted = self._clock.monotonic(), set(attended(self.known(desired)))
        if self._began is None or now - self._began >= every.total_seconds():
            self._began, wanted = now, set(desired)
        if wanted := wanted.difference(seen):
            self.look(desired, wanted)
