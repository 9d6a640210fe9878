"""One pass: observe, diff, guard, act, record."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol, TypeAlias

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import PermanentError
from controller.core.planning.attribution import Last, attributed, read
from controller.core.planning.contention import RepairCounts, without_fights
from controller.core.planning.permitted import (
    PlanningView,
    deployed,
    guarded,
    permitted,
)
from controller.core.planning.planner import DesiredState, Kinds, diff
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL, Scope
from controller.core.rates.schedule import Schedule
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.resources.driver import (
    Applied,
    Failed,
    Outcome,
    Progressing,
    Skipped,
    Waiting,
)
from controller.core.resources.observation import ObservedState, Ownership, Present
from controller.core.resources.plan import Action, Hold, Plan
from controller.core.status.resource_conditions import conclude
from controller.engine.backoff import Backoff
from controller.engine.due_kinds import DueKinds
from controller.engine.executor import Executor
from controller.engine.observer import Observer
from controller.engine.preflight import PreflightRunner

Statuses: TypeAlias = Mapping[ResourceId, Conditions]

# While something is under way, its end is noticed within this.
WHILE_UNDER_WAY = timedelta(seconds=1)


class Memory(Protocol):
    """What is kept between passes. Losing it loses history, never correctness."""

    def statuses(self) -> Statuses:
        """Return the conditions concluded last."""
        ...

    def conclude(self, statuses: Statuses) -> None:
        """Keep ``statuses``; what did not change is not written."""
        ...

    def undeclared(self) -> frozenset[ResourceId]:
        """Return what the last pass saw that is ours and not declared."""
        ...

    def note_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Keep what this pass saw that is ours and not declared."""
        ...

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:
        """Return the notes on what was applied last, of those that have one."""
        ...


@dataclass(frozen=True, slots=True)
class PassResult:
    """What one pass found and did.

    Attributes:
        plan: What was to be done when the pass began.
        outcomes: What came of it.
        left: What is left to be done, as seen afterwards.
        statuses: Conditions of every declared resource.
        next_in: When to look again at the latest.
        others: What else is to be done, outside of what was asked for.
    """

    plan: Plan
    outcomes: Mapping[ResourceId, Outcome]
    left: Plan
    statuses: Statuses
    next_in: timedelta
    others: Plan = field(default_factory=Plan)

    @property
    def converged(self) -> bool:
        """Whether nothing is left to do and every resource is ready."""
        return self.left.in_sync and all(
            conditions[ConditionType.READY].status is Truth.TRUE
            for conditions in self.statuses.values()
        )

    @property
    def settled(self) -> bool:
        """Whether another pass soon would find nothing to do or to wait for."""
        return self.converged or not (
            _under_way(self.left, self.others, self.statuses)
            or any(blocked.passing for blocked in self.left.blocked)
            or any(self._goes_on(action) for action in self.left.actions)
        )

    def _goes_on(self, action: Action) -> bool:
        """Whether an action that is left may come about in a later pass by itself."""
        nobody_does = {other.target for other in self.others.actions}
        if nobody_does.intersection(action.waits_for):
            return False
        outcome = self.outcomes.get(action.target)
        return not (
            isinstance(outcome, Failed) and isinstance(outcome.error, PermanentError)
        )


@dataclass
class Reconciler:
    """Takes the world one pass nearer to the document."""

    kinds: Kinds
    observer: Observer
    executor: Executor
    memory: Memory
    clock: Clock
    backoff: Backoff = field(default_factory=Backoff)
    repairs: RepairCounts = field(default_factory=RepairCounts)
    attention: DueKinds = field(init=False)
    inspector: PreflightRunner = field(init=False)

    def __post_init__(self) -> None:
        self.attention = DueKinds(self.observer, self.clock)
        drivers, pool = self.observer.drivers, self.observer.pool
        self.inspector = PreflightRunner(drivers, pool, self.clock)

    def plan(
        self, desired: DesiredState, limits: SafetyLimits, scope: Scope = ALL
    ) -> tuple[ObservedState, Plan]:
        """Look, and return what was seen and what to do about it. Writes nothing."""
        observed, found = self._compare(desired, Schedule(timedelta()))
        view = self._view(desired, observed, limits, scope)
        allowed = permitted(found, view)
        self._inspect(allowed, desired)
        return observed, self._guarded(allowed, found, view)

    def run(
        self,
        desired: DesiredState,
        limits: SafetyLimits,
        interval: timedelta,
        scope: Scope = ALL,
        pace: Schedule | None = None,
    ) -> PassResult:
        """Look, act on what differs, look again, and record what is true.

        All kinds are looked at every ``interval``, unless ``pace`` says otherwise.
        """
        pace, began = pace or Schedule(interval), self.clock.monotonic()
        observed, found = self._first_look(desired, pace)
        view = self._view(desired, observed, limits, scope)
        allowed = permitted(found, view)
        inspected = self._inspect(allowed, desired)
        plan = self._guarded(allowed, found, view)
        actions, resting = self.backoff.split(plan.actions, self.clock.now())
        outcomes = self.executor.execute(actions, desired)
        outcomes = self.backoff.note(actions, outcomes, self.clock.now())
        self.repairs = self.repairs.after(actions, outcomes, self.clock.now())
        if any(not isinstance(outcome, Skipped) for outcome in outcomes.values()):
            observed, found = self._compare(desired, replace(pace, everything=True))
            view = self._view(desired, observed, limits, scope)
            allowed = permitted(found, view)
        if pace.inspections is not None:
            self.inspector.look_around(desired, pace.inspections, inspected)
        left = self._guarded(allowed, found, view, warnings=False)
        outcomes |= resting
        whole = self._unscoped(allowed, found, view)
        statuses = conclude(
            desired, observed, whole, outcomes, self.kinds, self.memory.statuses()
        )
        self._remember(statuses, _undeclared(desired, observed), scope)
        asked = {id_: c for id_, c in statuses.items() if scope.covers(id_)}
        others = scope.outside(found)
        self.attention.settle(_restless(found, outcomes, statuses))
        self.observer.rest()
        wait = self.attention.next_in(pace)
        took = timedelta(seconds=self.clock.monotonic() - began)
        soon = self._next_in(left, others, outcomes, asked, wait)
        # Where looking is slow, somebody throttles us: to look less is to get there.
        next_in = min(max(soon, took), interval)
        return PassResult(plan, outcomes, left, asked, next_in, others)

    def _first_look(
        self, desired: DesiredState, pace: Schedule
    ) -> tuple[ObservedState, Plan]:
        """Look where a look is due; before anything is done, look at it all."""
        observed, found = self._compare(desired, pace)
        if pace.everything or not found.actions:
            return observed, found
        return self._compare(desired, replace(pace, everything=True))

    def _compare(
        self, desired: DesiredState, pace: Schedule
    ) -> tuple[ObservedState, Plan]:
        """Look, and return what differs, whatever may be done about it."""
        observed = self.attention.observe(desired, pace)
        found = diff(desired, observed, self.kinds)
        return observed, attributed(found, observed, self.kinds, self._last(found))

    def _last(self, found: Plan) -> Last:
        """Return what was applied last to whatever differs."""
        differing = {v.target for v in found.verdicts if v.changes}
        notes = self.memory.applied(differing) if differing else {}
        return {id_: read(note, self.kinds[id_.kind]) for id_, note in notes.items()}

    def _view(
        self,
        desired: DesiredState,
        observed: ObservedState,
        limits: SafetyLimits,
        scope: Scope,
    ) -> PlanningView:
        limits = replace(limits, seen_undeclared=self.memory.undeclared())
        return PlanningView(desired, observed, limits, scope)

    def _inspect(self, allowed: Plan, desired: DesiredState) -> Collection[ResourceId]:
        """Check the prerequisites of what would be deployed now; return its targets."""
        targets = deployed(allowed)
        self.inspector.look(desired, targets)
        return targets

    def _guarded(
        self, allowed: Plan, found: Plan, view: PlanningView, *, warnings: bool = True
    ) -> Plan:
        """Return what of ``allowed`` may be done now."""
        seen, known = view.observed, self.inspector.known(view.desired)
        plan = guarded(allowed, found, view, known, warnings=warnings)
        return without_fights(plan, self.repairs, self._writers(seen), seen.taken_at)

    def _unscoped(self, allowed: Plan, found: Plan, view: PlanningView) -> Plan:
        """Return what may be done now, whatever the scope: conditions cover it all."""
        if view.scope.partial:
            view = replace(view, scope=ALL)
            allowed = permitted(found, view)
        return self._guarded(allowed, found, view)

    def _remember(
        self, statuses: Statuses, undeclared: Collection[ResourceId], scope: Scope
    ) -> None:
        """Keep what was concluded; of what was not looked at, what was known."""
        if scope.partial:
            self.memory.conclude({**self.memory.statuses(), **statuses})
            return
        self.memory.note_undeclared(undeclared)
        self.memory.conclude(statuses)

    def _writers(self, observed: ObservedState) -> dict[ResourceId, str]:
        """Return who wrote each resource last, where the backend says so."""
        return {
            id_: self.kinds[id_.kind].writer(seen.state)
            for id_, seen in observed.observations.items()
            if isinstance(seen, Present)
        }

    def _next_in(
        self,
        left: Plan,
        others: Plan,
        outcomes: Mapping[ResourceId, Outcome],
        statuses: Statuses,
        interval: timedelta,
    ) -> timedelta:
        """Return how long may pass until the next look."""
        waits = [interval]
        waits += [
            o.check_after
            for o in outcomes.values()
            if isinstance(o, Progressing | Waiting)
        ]
        if _under_way(left, others, statuses) or (left.actions and _moved(outcomes)):
            waits.append(WHILE_UNDER_WAY)
        again = self.backoff.soonest()
        if left.actions and again is not None:
            waits.append(max(again - self.clock.now(), timedelta()))
        return min(waits)


def _under_way(left: Plan, others: Plan, statuses: Statuses) -> bool:
    """Whether something goes on by itself, such as a rollout or a delivery."""
    if any(blocked.hold is Hold.ROLLOUT_IN_PROGRESS for blocked in left.blocked):
        return True
    touched = {verdict.target for verdict in (*left.verdicts, *others.verdicts)}
    return any(
        conditions[ConditionType.RECONCILING].status is Truth.TRUE
        for id_, conditions in statuses.items()
        if id_ not in touched
    )


def _restless(
    found: Plan, outcomes: Mapping[ResourceId, Outcome], statuses: Statuses
) -> frozenset[str]:
    """Return the kinds of which something is to be done, goes on, or is not well."""
    ids = {verdict.target for verdict in found.verdicts} | outcomes.keys()
    ids |= {
        id_
        for id_, conditions in statuses.items()
        if conditions[ConditionType.READY].status is not Truth.TRUE
        or conditions[ConditionType.RECONCILING].status is Truth.TRUE
    }
    return frozenset(id_.kind for id_ in ids)


def _moved(outcomes: Mapping[ResourceId, Outcome]) -> bool:
    """Whether this pass changed something, so that more may be possible now."""
    return any(isinstance(outcome, Applied) for outcome in outcomes.values())


def _undeclared(
    desired: DesiredState, observed: ObservedState
) -> frozenset[ResourceId]:
    return frozenset(
        id_
        for id_, seen in observed.observations.items()
        if id_ not in desired
        and isinstance(seen, Present)
        and seen.ownership is Ownership.OURS
    )
