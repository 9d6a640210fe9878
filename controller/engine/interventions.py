"""What a person asks for by hand, by the same guard and executor as everything else."""

from dataclasses import dataclass, replace
from typing import Any

from controller.core.document.resource import Resource
from controller.core.errors import RefusedError
from controller.core.planning.permitted import in_flight
from controller.core.planning.planner import DesiredState
from controller.core.planning.safety import SafetyLimits, guard
from controller.core.resources.driver import Failed, Outcome
from controller.core.resources.kind import Health
from controller.core.resources.observation import (
    Absent,
    Observation,
    ObservedState,
    Ownership,
    Present,
    Unknown,
)
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Hold,
    Plan,
    Reason,
    Verb,
)
from controller.core.resources.request import OperationRequest
from controller.engine.reconciler import Reconciler

_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class InterventionRunner:
    """Makes an action of a request, or refuses it; and carries it out."""

    reconciler: Reconciler

    def action(
        self,
        verb: Verb,
        request: OperationRequest,
        resource: Resource[Any],
        desired: DesiredState,
        limits: SafetyLimits,
    ) -> Action:
        """Return the action that ``request`` comes to, after a look.

        Args:
            verb: What is asked for.
            request: Who asks, and why.
            resource: What it is about.
            desired: All that may be under way meanwhile, ``resource`` too.
            limits: How much may happen at once.

        Raises:
            RefusedError: it cannot be done now; the message says why.
        """
        observed, plan = self.reconciler.plan(desired, limits)
        kind = self.reconciler.kinds[resource.id.kind]
        state = _ours(
            resource, observed.of(resource.id), unmade=verb in kind.allowed_when_absent
        )
        now = observed.taken_at
        if state is not None and (
            why := kind.check_request(verb, request, resource.spec, state, now)
        ):
            msg = f"{resource.id} is left as it is: {why}"
            raise RefusedError(msg)
        action = Action(
            resource.id,
            verb,
            Reason.USER_REQUESTED,
            _changes(request),
            resource.spec,
            state,
            resource.generation,
            request=request,
        )
        return _guarded(action, desired, observed, _limits(verb, limits, plan))

    def carry_out(self, action: Action, desired: DesiredState) -> Outcome:
        """Do it, and write down who asked for it and what came of it.

        What a person asks for is no repair that somebody else changed back, and a
        reason to try at once what failed before.
        """
        outcome = self.reconciler.executor.execute([action], desired)[action.target]
        self.reconciler.repairs = self.reconciler.repairs.without(action.target)
        if not isinstance(outcome, Failed):
            self.reconciler.backoff.forget(action.target)
        return outcome

    def health(self, resource: Resource[Any]) -> Health | Unknown:
        """Return how ``resource`` does at this moment."""
        kinds = {resource.id.kind}
        observed = self.reconciler.observer.observe({resource.id: resource}, kinds)
        match observed.of(resource.id):
            case Present(state):
                kind = self.reconciler.kinds[resource.id.kind]
                return kind.health(resource.spec, state)
            case Absent():
                return Unknown("It does not exist.")
            case Unknown() as unknown:
                return unknown


def _changes(request: OperationRequest) -> tuple[Change, ...]:
    return (Change("revision", None, request.wanted),) if request.wanted else ()


def _ours(resource: Resource[Any], seen: Observation, *, unmade: bool) -> Any:
    """Return the state of what is ours, or None of what may be unmade and is.

    Raises RefusedError for anything else.
    """
    match seen:
        case Present(state, Ownership.OURS):
            return state
        case Absent() if unmade:
            return None
        case Present():
            why = "it does not carry our tag"
        case Absent():
            why = "it does not exist"
        case Unknown(reason):
            why = f"it could not be seen: {reason}"
    msg = f"{resource.id} is left as it is: {why}"
    raise RefusedError(msg)


def _limits(verb: Verb, limits: SafetyLimits, plan: Plan) -> SafetyLimits:
    """Return how much may happen at once, given what is under way.

    What served before may always come back: neither a freeze nor a budget is a reason
    to leave in place what does not serve.
    """
    if verb not in {Verb.RESTART, Verb.RETRY}:
        return replace(limits, freezes=(), max_disruptive_actions=_NO_LIMIT)
    return replace(limits, in_flight=in_flight(plan))


def _guarded(
    action: Action, desired: DesiredState, observed: ObservedState, limits: SafetyLimits
) -> Action:
    verdicts = guard(Plan((action,)), desired, observed, limits).verdicts
    for verdict in verdicts:
        if isinstance(verdict, Action):
            return verdict
        msg = f"{action.target} is left as it is: {_with_way_out(verdict)}"
        raise RefusedError(msg)
    raise AssertionError(action)


def _with_way_out(verdict: Advice | Blocked) -> str:
    """Return why not, and what a person may do who cannot wait."""
    match verdict:
        case Blocked(_, Hold.CHANGE_FREEZE, message):
            return (
                f"{message.rstrip('.')}. If it cannot wait, take the freeze out of "
                "`platform.freeze`; going back with `hokusai rollback` needs no such"
            )
        case _:
            return verdict.message
