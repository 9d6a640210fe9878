"""Executor: the only place where actions become effects."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError, DriverError
from controller.core.planning.planner import DesiredState
from controller.core.rates.retry import RetryPolicy, next_delay
from controller.core.resources.driver import (
    Applied,
    Driver,
    Failed,
    Outcome,
    Skipped,
)
from controller.core.resources.plan import Action

log = logging.getLogger(__name__)

# Within a pass only short retries are made; longer ones are left to a later pass, so
# that one resource does not delay others.
WITHIN_A_PASS = RetryPolicy(3, timedelta(milliseconds=200), timedelta(seconds=2))


class Journal(Protocol):
    """Journal of actions and their outcomes."""

    def started(self, action: Action) -> int:
        """Record the intent, before the effect, and return its number."""
        ...

    def finished(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record the outcome of intent ``number``."""
        ...


@dataclass(frozen=True)
class Executor:
    """Executes actions concurrently, each after its dependencies.

    Attributes:
        drivers: Drivers, by kind.
        journal: Journal, written before and after each action.
        pool: Thread pool for the actions.
        clock: Clock for the waits between attempts.
        policy: Retry policy within a pass.
        permitted: Returns True while this process may act; called before each action.
        creation: Returns the id of the creation that a recorded intent belongs to; see
            ``Action.creation``.
    """

    drivers: Mapping[str, Driver]
    journal: Journal
    pool: Pool
    clock: Clock
    policy: RetryPolicy = field(default=WITHIN_A_PASS)
    permitted: Callable[[], bool] = lambda: True
    creation: Callable[[int], str] = lambda _number: ""

    def execute(
        self, actions: Sequence[Action], desired: DesiredState
    ) -> dict[ResourceId, Outcome]:
        """Execute every action. A failure stops only the dependents of its resource.

        Actions come in dependency order, so each one waits only for earlier ones and
        the threads of the pool cannot deadlock.
        """
        running: dict[ResourceId, Future[Outcome]] = {}
        for action in actions:
            resource = desired.get(action.target)
            needs = resource.depends_on if resource is not None else frozenset()
            before = {id_: running[id_] for id_ in needs if id_ in running}
            running[action.target] = self.pool.submit(self._apply, action, before)
        return {id_: future.result() for id_, future in running.items()}

    def _apply(
        self, action: Action, before: Mapping[ResourceId, Future[Outcome]]
    ) -> Outcome:
        for id_, future in before.items():
            if not isinstance(future.result(), Applied):
                return Skipped(f"Waiting for {id_}.")
        missing = [id_ for id_ in action.waits_for if id_ not in before]
        if missing:
            return Skipped(f"Waiting for {', '.join(map(str, missing))}.")
        if not self.permitted():
            return Skipped("Another controller holds the lease now.")
        number = self.journal.started(action)
        outcome = self._attempt(replace(action, creation=self.creation(number)))
        self._record(number, action, outcome)
        return outcome

    def _record(self, number: int, action: Action, outcome: Outcome) -> None:
        """Record the outcome. A failure to record it does not change the outcome.

        If a recorded success were reported as a failure, the user would repeat the
        request and its effect would happen twice.
        """
        try:
            self.journal.finished(number, action, outcome)
        except DriverError as error:
            fields = {
                "resource": str(action.target),
                "verb": action.verb.value,
                "outcome": type(outcome).__name__,
                "error": str(error),
            }
            log.error("outcome of an action not recorded", extra=fields)  # noqa: TRY400 - expected

    def _attempt(self, action: Action) -> Outcome:
        attempt = 1
        while True:
            try:
                return self.drivers[action.target.kind].apply(action)
            except DriverError as error:
                delay = next_delay(self.policy, error, attempt, str(action.target))
                if delay is None:
                    return Failed(error)
            except Exception as error:
                target = str(action.target)
                log.exception(
                    "a driver failed while acting", extra={"resource": target}
                )
                message = f"The driver of {target} failed: {type(error).__name__}."
                return Failed(ControllerError(message))
            self.clock.sleep(delay.total_seconds())
            attempt += 1
