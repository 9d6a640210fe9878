"""Runner of preflight checks, with the last results of each resource."""

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
    EVERYTHING,
    CheckUnknown,
    PreflightDriver,
    Result,
    Results,
    recheck_soon,
    warned,
)
from controller.core.resources.driver import Driver
from controller.engine.observer import of_kind

log = logging.getLogger(__name__)

# Seconds after which a resource with a warning is checked again. A check takes many calls,
# and some warnings stay.
_WARNING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _LastResults:
    """Last results of one resource."""

    resource: Resource[Any]
    results: tuple[Result, ...]
    at: float


class PreflightRunner:
    """Runs the preflight checks of all drivers, and keeps the last results.

    Args:
        drivers: Drivers, by kind; those without checks are skipped.
        pool: Thread pool for the checks.
        clock: Clock for the time of the next check of all resources.
        deadline: Seconds after which a missing result is unknown.
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
        self._last: dict[ResourceId, _LastResults] = {}
        self._began: float | None = None

    def check(self, desired: DesiredState, ids: Collection[ResourceId]) -> Results:
        """Check ``ids`` now, and return the results. Never raises."""
        selected = {id_: desired[id_] for id_ in ids if id_ in desired}
        checks = {
            kind: self._pool.submit(driver.inspect, resources)
            for kind, driver in self._drivers.items()
            if isinstance(driver, PreflightDriver)
            and (resources := of_kind(selected, kind))
        }
        found: dict[ResourceId, tuple[Result, ...]] = {}
        for kind, check in checks.items():
            try:
                found |= check.result(timeout=self._deadline)
                continue
            except TimeoutError:
                check.cancel()
                reason = f"no response within {self._deadline:.0f} s"
            except DriverError as error:
                reason = str(error)
            except Exception as error:
                log.exception("a driver failed while inspecting", extra={"kind": kind})
                reason = f"the {kind} driver failed: {type(error).__name__}"
            unknown = CheckUnknown(EVERYTHING, f"{reason.rstrip('.')}.", temporary=True)
            found |= dict.fromkeys(of_kind(selected, kind), (unknown,))
        now = self._clock.monotonic()
        for id_, results in found.items():
            self._last[id_] = _LastResults(selected[id_], results, now)
        return found

    def results(self, desired: DesiredState) -> Results:
        """Return the last results of resources whose declaration did not change."""
        self._last = {
            id_: last
            for id_, last in self._last.items()
            if desired.get(id_) == last.resource
        }
        return {id_: last.results for id_, last in self._last.items()}

    def check_due(
        self, desired: DesiredState, every: timedelta, checked: Iterable[ResourceId]
    ) -> None:
        """Check all of ``desired`` if that is due, else the resources with problems.

        Those with warnings only are checked once a minute.

        Args:
            desired: Declared resources.
            every: Time between two checks of all resources.
            checked: Resources that this pass has already checked.
        """
        now, results = self._clock.monotonic(), self.results(desired)
        due = set(recheck_soon(results))
        due |= {
            id_
            for id_ in warned(results)
            if now - self._last[id_].at >= _WARNING_SECONDS
        }
        if self._began is None or now - self._began >= every.total_seconds():
            self._began, due = now, set(desired)
        if due := due.difference(checked):
            self.check(desired, due)
