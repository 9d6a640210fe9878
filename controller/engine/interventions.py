"""Operations that an operator requests, under the same safety limits as all actions."""

from dataclasses import dataclass, replace
from typing import Any

from controller.core.document.resource import Resource, ResourceId
from controller.core.errors import RefusedError
from controller.core.planning.pipeline import in_flight
from controller.core.planning.planner import DesiredState
from controller.core.planning.safety import SafetyLimits, guard
from controller.core.resources.driver import Applied, Failed, Outcome
from controller.core.resources.kind import Health, Kind
from controller.core.resources.observation import (
    Absent,
    Observation,
    ObservedState,
    Ownership,
    Present,
    Unknown,
)
from controller.core.resources.operation_request import OperationRequest
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
from controller.engine.reconciler import Reconciler

_NO_LIMIT = 1_000_000
_NOUNS = {Verb.ROLL_BACK: "rollback", Verb.APPROVE: "approval"}


@dataclass(frozen=True, slots=True)
class InterventionRunner:
    """Turns a request into an action, or refuses it; and executes it."""

    reconciler: Reconciler

    def action(
        self,
        verb: Verb,
        request: OperationRequest,
        resource: Resource[Any],
        desired: DesiredState,
        limits: SafetyLimits,
    ) -> Action:
        """Return the action for ``request``, after an observation.

        Args:
            verb: Requested operation.
            request: Author and reason.
            resource: Resource to act on.
            desired: All declared resources, whose rollouts may be in progress.
            limits: Limits on concurrent actions.

        Raises:
            RefusedError: the operation is not possible now; the message says why.
        """
        observed, plan = self.reconciler.plan(desired, limits)
        kind = self.reconciler.kinds[resource.id.kind]
        state = _managed_state(
            verb,
            resource,
            observed.of(resource.id),
            may_be_absent=verb in kind.allowed_when_absent,
        )
        if state is not None:
            request = _resolved(kind, verb, request, resource, state)
        now = observed.taken_at
        if state is not None and (
            reason := kind.check_request(verb, request, resource.spec, state, now)
        ):
            raise _refusal(verb, resource.id, reason)
        action = Action(
            resource.id,
            verb,
            Reason.USER_REQUESTED,
            _changes(verb, request),
            resource.spec,
            state,
            resource.generation,
            request=request,
        )
        return _guarded(action, desired, observed, _limits(verb, limits, plan))

    def carry_out(self, action: Action, desired: DesiredState) -> Outcome:
        """Execute the action, and record its author and outcome.

        A requested operation does not count as a repair in a write conflict, and it
        ends the backoff of earlier failures. A request that was fulfilled earlier is
        not recorded again.
        """
        request, state = action.request, action.observed
        if request is not None and state is not None:
            kind = self.reconciler.kinds[action.target.kind]
            done = kind.result_so_far(action.verb, request, action.desired, state)
            if done:
                return Applied(done)
        outcome = self.reconciler.executor.execute([action], desired)[action.target]
        self.reconciler.repairs = self.reconciler.repairs.without(action.target)
        if not isinstance(outcome, Failed):
            self.reconciler.backoff.forget(action.target)
        return outcome

    def health(self, resource: Resource[Any]) -> Health | Unknown:
        """Return the current health of ``resource``."""
        kinds = {resource.id.kind}
        observed = self.reconciler.observer.observe({resource.id: resource}, kinds)
        match observed.of(resource.id):
            case Present(state):
                kind = self.reconciler.kinds[resource.id.kind]
                return kind.health(resource.spec, state)
            case Absent():
                return Unknown("Does not exist.")
            case Unknown() as unknown:
                return unknown


def _resolved(
    kind: Kind[Any, Any],
    verb: Verb,
    request: OperationRequest,
    resource: Resource[Any],
    state: Any,
) -> OperationRequest:
    try:
        return kind.resolve_request(verb, request, resource.spec, state)
    except RefusedError as error:
        raise _refusal(verb, resource.id, str(error)) from error


def _changes(verb: Verb, request: OperationRequest) -> tuple[Change, ...]:
    path = "approval" if verb is Verb.APPROVE else "revision"
    return (Change(path, None, request.wanted),) if request.wanted else ()


def _managed_state(
    verb: Verb, resource: Resource[Any], seen: Observation, *, may_be_absent: bool
) -> Any:
    """Return the state of a managed resource, or None if it may be and is absent.

    Raises RefusedError for anything else.
    """
    match seen:
        case Present(state, Ownership.MANAGED):
            return state
        case Absent() if may_be_absent:
            return None
        case Present():
            cause = "it is not managed by this controller"
        case Absent():
            cause = "it does not exist"
        case Unknown(reason):
            cause = f"it could not be observed: {reason}"
    raise _refusal(verb, resource.id, cause)


def _refusal(verb: Verb, id_: ResourceId, cause: str) -> RefusedError:
    operation = _NOUNS.get(verb, verb.value)
    return RefusedError(f"{operation} of {id_} refused: {cause}")


def _limits(verb: Verb, limits: SafetyLimits, plan: Plan) -> SafetyLimits:
    """Return the limits for a requested operation, given the rollouts in progress.

    A rollback is always allowed: neither a freeze nor the budget is a reason to keep a
    revision that does not work.
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
        raise _refusal(action.verb, action.target, _with_alternative(verdict))
    raise AssertionError(action)


def _with_alternative(verdict: Advice | Blocked) -> str:
    """Return the reason of the refusal, and the alternative for an urgent case."""
    message = verdict.message.removeprefix("Held back: ")
    match verdict:
        case Blocked(_, Hold.CHANGE_FREEZE):
            return (
                f"{message.rstrip('.')}. If it is urgent, remove the freeze from "
                "`platform.freeze`; `hokusai rollback` also works during a freeze"
            )
        case _:
            return message
