"""A requested operation on one resource: planned, carried out and followed to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.app.apply import LONGEST_PAUSE
from controller.app.intervention_history import asks_of
from controller.core.errors import RefusedError
from controller.core.planning.scope import Scope
from controller.core.resources.driver import Failed, Skipped
from controller.core.resources.kind import Health, HealthLevel
from controller.core.resources.observation import Unknown
from controller.core.resources.rollouts import HistoryDriver, rollback_target
from controller.core.status.interventions import with_interventions

if TYPE_CHECKING:
    from controller.bootstrap.controller import Controller
    from controller.core.document.resource import Resource, ResourceId
    from controller.core.resources.condition import Conditions
    from controller.core.resources.operation_request import OperationRequest
    from controller.core.resources.plan import Action, Verb
    from controller.core.resources.rollouts import RolloutRecord

# The kind with aliases; a rollback of another kind is to a revision.
_ALIASED = "model"
ReportProgress = Callable[[str, float], None]


class Intervention:
    """A requested operation on one resource."""

    def __init__(self, controller: Controller, target: ResourceId) -> None:
        self._controller = controller
        self._resource = controller.document.resources[target]
        self._desired = {
            id_: resource
            for id_, resource in controller.document.resources.items()
            if id_.kind == target.kind
        }

    def now(self) -> datetime:
        """Return the time."""
        return self._controller.clock.now()

    def rollouts(self) -> tuple[RolloutRecord, ...]:
        """Return its rollouts, newest first."""
        return _rolled(self._controller, self._resource)

    def rollback_target(self, to: str, alias: str) -> str:
        """Return the argument of a rollback.

        Args:
            to: Steps back, as in ``2``, or a number, as in ``:7``.
            alias: Alias of a model; empty for a service, or for the only alias.

        Raises:
            RefusedError: there is no such revision.
        """
        if self._resource.id.kind == _ALIASED:
            return f"{alias}{to if to.startswith(':') else f':-{to}'}"
        self._refuse_alias(alias)
        return rollback_target(self.rollouts(), to)

    def held_by(self, alias: str) -> str:
        """Return the argument that ends a rollback; raises RefusedError."""
        if self._resource.id.kind != _ALIASED:
            self._refuse_alias(alias)
        return alias

    def _refuse_alias(self, alias: str) -> None:
        if alias:
            msg = f"{self._resource.id} has no aliases: leave out --alias"
            raise RefusedError(msg)

    def action(self, verb: Verb, request: OperationRequest) -> Action:
        """Return the action for ``request``; raises RefusedError."""
        limits = self._controller.limits()
        return self._controller.requests.action(
            verb, request, self._resource, self._desired, limits
        )

    def carry_out(self, action: Action) -> str:
        """Execute the action, and return its outcome as a sentence.

        Raises:
            RefusedError: it was not done.
        """
        outcome = self._controller.requests.carry_out(action, self._desired)
        if isinstance(outcome, Failed | Skipped):
            msg = f"{action.target}: {outcome.message}"
            raise RefusedError(msg)
        return outcome.message

    def ends_well(self, action: Action, timeout: float, told: ReportProgress) -> bool:
        """Follow the action to its end; return True if the resource is healthy then.

        Args:
            action: Executed action.
            timeout: Seconds after which to stop waiting.
            told: Callback with the health, and the seconds since the start.
        """
        if action.permits:
            return self._roll_out(timeout, told)
        health = self._settled(timeout, told)
        return isinstance(health, Health) and health.level is HealthLevel.HEALTHY

    def _settled(self, timeout: float, told: ReportProgress) -> Health | Unknown:
        """Return its health once nothing is in progress, or at the timeout."""
        clock = self._controller.clock
        began = clock.monotonic()
        while True:
            clock.sleep(min(1.0, LONGEST_PAUSE.total_seconds()))
            health = self._controller.requests.health(self._resource)
            elapsed = clock.monotonic() - began
            told(
                health.reason if isinstance(health, Unknown) else health.message,
                elapsed,
            )
            moves = (
                isinstance(health, Unknown) or health.level is HealthLevel.PROGRESSING
            )
            if not moves or elapsed >= timeout:
                return health

    def _roll_out(self, timeout: float, told: ReportProgress) -> bool:
        """Roll out the declaration; return True if it is in place and healthy."""
        raise NotImplementedError

    def concluded(self) -> dict[ResourceId, Conditions]:
        """Observe it and save its conditions, without any action."""
        target = self._resource.id
        nothing = Scope(frozenset({target}), allows=lambda _action: False)
        result = self._controller.reconcile({target: self._resource}, nothing)
        return dict(result.statuses)


def rollouts_of(
    controller: Controller, resource: Resource[Any]
) -> tuple[RolloutRecord, ...]:
    """Return its rollouts, with the requests that caused them.

    Raises:
        RefusedError: its kind has no rollouts.
        DriverError: they could not be seen.
    """
    rolled = _rolled(controller, resource)
    return with_interventions(rolled, asks_of(controller.settings, resource.id))


def _rolled(
    controller: Controller, resource: Resource[Any]
) -> tuple[RolloutRecord, ...]:
    driver = controller.driver(resource.id.kind)
    if not isinstance(driver, HistoryDriver):
        msg = f"{resource.id} has no rollouts: only services have"
        raise RefusedError(msg)
    return driver.rollouts(resource)
