"""What a person asks for by hand: with the lease, guarded, and followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from controller.app.apply import LONGEST_PAUSE, ApplySession, applying
from controller.app.intervention_history import asks_of
from controller.core.errors import LeaseHeldError, RefusedError
from controller.core.planning.scope import Scope
from controller.core.resources.condition import ConditionType
from controller.core.resources.driver import Failed, Skipped
from controller.core.resources.kind import Health, HealthLevel
from controller.core.resources.observation import Unknown
from controller.core.resources.rollouts import HistoryDriver
from controller.core.status.interventions import with_interventions

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.bootstrap.controller import Controller
    from controller.core.document.resource import Resource, ResourceId
    from controller.core.resources.condition import Conditions
    from controller.core.resources.plan import Action, Verb
    from controller.core.resources.request import OperationRequest
    from controller.core.resources.rollouts import RolloutRecord
    from controller.engine.reconciler import PassResult

Told = Callable[[str, float], None]


class Intervention:
    """One resource, of which a person asks for something."""

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
        """Return what became of its rollouts, the newest first."""
        return _rolled(self._controller, self._resource)

    def action(self, verb: Verb, request: OperationRequest) -> Action:
        """Return what ``request`` comes to; raises RefusedError."""
        limits = self._controller.limits()
        return self._controller.requests.action(
            verb, request, self._resource, self._desired, limits
        )

    def carry_out(self, action: Action) -> str:
        """Do it, and return what is going on now.

        Raises:
            RefusedError: it was not done.
        """
        outcome = self._controller.requests.carry_out(action, self._desired)
        if isinstance(outcome, Failed | Skipped):
            msg = f"{action.target}: {outcome.message}"
            raise RefusedError(msg)
        return outcome.message

    def ends_well(self, action: Action, timeout: float, told: Told) -> bool:
        """Follow what was begun to its end; return whether it does well then.

        Args:
            action: What was carried out.
            timeout: Seconds after which to stop waiting.
            told: Called with how it does, and the seconds since the start.
        """
        if action.permits:
            return self._roll_out(timeout, told)
        health = self._settled(timeout, told)
        return isinstance(health, Health) and health.level is HealthLevel.HEALTHY

    def _settled(self, timeout: float, told: Told) -> Health | Unknown:
        """Return how it does once nothing moves any more, or time is up."""
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

    def _roll_out(self, timeout: float, told: Told) -> bool:
        """Have what is declared rolled out; return whether it is, and does well."""
        raise NotImplementedError

    def concluded(self) -> dict[ResourceId, Conditions]:
        """Return what is true of it now, and write that down. Acts on nothing."""
        target = self._resource.id
        nothing = Scope(frozenset({target}), allows=lambda _action: False)
        result = self._controller.reconcile({target: self._resource}, nothing)
        return dict(result.statuses)


class LeaseHeldElsewhere(Intervention):
    """One resource, for which we hold the lease ourselves."""

    def __init__(self, work: ApplySession, target: ResourceId) -> None:
        super().__init__(work.controller, target)
        self._work = work

    def _roll_out(self, timeout: float, told: Told) -> bool:
        """Do passes on it until nothing is under way any more, or time is up."""
        target = self._resource.id

        def turn(result: PassResult, elapsed: float) -> None:
            told(result.statuses[target][ConditionType.READY].message, elapsed)

        scope = Scope(frozenset({target}))
        desired = self._controller.desired(frozenset({target}))
        return self._work.until_settled(desired, scope, timeout, turn).converged


@contextmanager
def by_hand(context: Session, target: ResourceId) -> Iterator[Intervention]:
    """Yield what acts on ``target`` under the lease, or has its holder do so."""
    with ExitStack() as closing:
        try:
            work = closing.enter_context(applying(context, largest_backlog=0))
        except LeaseHeldError:
            from controller.app.delegated_intervention import handing

            yield closing.enter_context(handing(context, target))
            return
        yield LeaseHeldElsewhere(work, target)


def rollouts_of(
    controller: Controller, resource: Resource[Any]
) -> tuple[RolloutRecord, ...]:
    """Return what became of its rollouts, and what was asked for by hand.

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
        msg = f"{resource.id} has no rollouts: services do"
        raise RefusedError(msg)
    return driver.rollouts(resource)
