"""Reconciler: one pass observes, plans, checks limits, acts and records."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol, TypeAlias

from controller.core.clock import Clock
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, PermanentError
from controller.core.planning.change_causes import (
    LastApplied,
    spec_of_note,
    with_causes,
)
from controller.core.planning.contention import RepairCounts, without_contested
from controller.core.planning.pipeline import (
    PlanningView,
    deployment_targets,
    guarded,
    permitted,
)
from controller.core.planning.planner import DesiredState, Kinds, diff
from controller.core.planning.safety import SafetyLimits
from controller.core.planning.scope import ALL, Scope
from controller.core.planning.sightings import Sightings, sightings
from controller.core.rates.outage_probes import probe_interval
from controller.core.rates.schedule import Schedule
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.resources.driver import (
    Applied,
    Failed,
    Outcome,
    Progressing,
    RecordingDriver,
    Skipped,
    Waiting,
)
from controller.core.resources.observation import ObservedState, Ownership, Present
from controller.core.resources.plan import Action, Hold, Plan
from controller.core.status.resource_conditions import conditions_of
from controller.engine.backoff import Backoff
from controller.engine.due_kinds import DueKinds
from controller.engine.executor import Executor
from controller.engine.observer import Observer
from controller.engine.preflight import PreflightRunner

log = logging.getLogger(__name__)

Statuses: TypeAlias = Mapping[ResourceId, Conditions]

# Interval of passes while an operation is in progress.
WHILE_UNDER_WAY = timedelta(seconds=1)


class Memory(Protocol):
    """Memory between passes. Its loss loses history, never correctness."""

    def statuses(self) -> Statuses:
        """Return the last conditions."""
        ...

    def save_statuses(self, statuses: Statuses) -> None:
        """Save ``statuses``; unchanged ones are not written."""
        ...

    def undeclared(self) -> frozenset[ResourceId]:
        """Return the managed resources that the last pass found undeclared."""
        ...

    def save_undeclared(self, ids: Collection[ResourceId]) -> None:
        """Save the managed resources that this pass found undeclared."""
        ...

    def observed(self, sightings: Sightings) -> int:
        """Publish what an observation shows that no action recorded; return the number."""
        ...

    def applied(self, ids: Collection[ResourceId]) -> Mapping[ResourceId, str]:
        """Return the notes on the last applied specs, for resources that have one."""
        ...


@dataclass(frozen=True, slots=True)
class PassResult:
    """Result of one pass.

    Attributes:
        plan: Plan at the beginning of the pass.
        outcomes: Outcomes of its actions.
        left: Remaining plan after the actions.
        statuses: Conditions of every declared resource.
        next_in: Time until the next pass, at the latest.
        others: Plan for the resources outside of the scope.
    """

    plan: Plan
    outcomes: Mapping[ResourceId, Outcome]
    left: Plan
    statuses: Statuses
    next_in: timedelta
    others: Plan = field(default_factory=Plan)

    @property
    def converged(self) -> bool:
        """True if nothing is left to do and every resource is ready."""
        return self.left.in_sync and all(
            conditions[ConditionType.READY].status is Truth.TRUE
            for conditions in self.statuses.values()
        )

    @property
    def settled(self) -> bool:
        """True if another pass soon would have nothing to do or to wait for."""
        return self.converged or not (
            _under_way(self.left, self.others, self.statuses)
            or any(blocked.temporary for blocked in self.left.blocked)
            or any(self._may_succeed(action) for action in self.left.actions)
        )

    def _may_succeed(self, action: Action) -> bool:
        """Return True if a later pass may complete an action that is left."""
        out_of_scope = {other.target for other in self.others.actions}
        if out_of_scope.intersection(action.waits_for):
            return False
        outcome = self.outcomes.get(action.target)
        return not (
            isinstance(outcome, Failed) and isinstance(outcome.error, PermanentError)
        )


@dataclass
class Reconciler:
    """Moves the live state towards the document, one pass at a time."""

    kinds: Kinds
    observer: Observer
    executor: Executor
    memory: Memory
    clock: Clock
    backoff: Backoff = field(default_factory=Backoff)
    repairs: RepairCounts = field(default_factory=RepairCounts)
    due_kinds: DueKinds = field(init=False)
    preflight: PreflightRunner = field(init=False)
    _probed: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.due_kinds = DueKinds(self.observer, self.clock)
        drivers, pool = self.observer.drivers, self.observer.pool
        self.preflight = PreflightRunner(drivers, pool, self.clock)

    def plan(
        self, desired: DesiredState, limits: SafetyLimits, scope: Scope = ALL
    ) -> tuple[ObservedState, Plan]:
        """Observe and plan. Writes nothing."""
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
        schedule: Schedule | None = None,
    ) -> PassResult:
        """Observe, act on differences, observe again, and record the conditions.

        All kinds are observed every ``interval``, unless ``schedule`` differs.
        """
        schedule, began = schedule or Schedule(interval), self.clock.monotonic()
        observed, found = self._first_observation(desired, schedule)
        if self._sighted(desired, observed, found):
            # The targets of the events are observed with their deliveries.
            observed, found = self._compare(desired, replace(schedule, everything=True))
        view = self._view(desired, observed, limits, scope)
        allowed = permitted(found, view)
        inspected = self._inspect(allowed, desired)
        plan = self._guarded(allowed, found, view)
        actions, waiting = self.backoff.split(plan.actions, self.clock.now())
        outcomes = self.executor.execute(actions, desired)
        outcomes = self.backoff.record(actions, outcomes, self.clock.now())
        self.repairs = self.repairs.after(actions, outcomes, self.clock.now())
        if any(not isinstance(outcome, Skipped) for outcome in outcomes.values()):
            observed, found = self._compare(desired, replace(schedule, everything=True))
            self._sighted(desired, observed, found)
            view = self._view(desired, observed, limits, scope)
            allowed = permitted(found, view)
        if schedule.inspections is not None:
            self.preflight.check_due(desired, schedule.inspections, inspected)
        left = self._guarded(allowed, found, view, warnings=False)
        outcomes |= waiting
        whole = self._unscoped(allowed, found, view)
        statuses = conditions_of(
            desired, observed, whole, outcomes, self.kinds, self.memory.statuses()
        )
        self._remember(statuses, _undeclared(desired, observed), scope)
        self._record()
        selected = {id_: c for id_, c in statuses.items() if scope.covers(id_)}
        others = scope.excluded(found)
        outages = self._outages(statuses)
        self.due_kinds.mark_settled(
            _unsettled(found, outcomes, statuses),
            probing=outages.keys(),
            busy=_busy(found, outcomes, statuses),
        )
        self.observer.clear()
        wait = self.due_kinds.next_in(schedule)
        took = timedelta(seconds=self.clock.monotonic() - began)
        soon = self._next_in(left, others, outcomes, selected, wait)
        soon = min([soon, *map(probe_interval, outages.values())])
        if self._probed and not outages:
            # The resources that waited for the end of the outage are observed at once.
            soon = min(soon, WHILE_UNDER_WAY)
        self._probed = bool(outages)
        # A slow pass is usually a throttled one: fewer reads make it faster.
        next_in = min(max(soon, took), interval)
        return PassResult(plan, outcomes, left, selected, next_in, others)

    def _sighted(
        self, desired: DesiredState, observed: ObservedState, found: Plan
    ) -> int:
        """Publish changes outside the document, before anything repairs them."""
        return self.memory.observed(sightings(desired, observed, found, self.kinds))

    def _first_observation(
        self, desired: DesiredState, schedule: Schedule
    ) -> tuple[ObservedState, Plan]:
        """Observe the kinds that are due; if there are actions, observe all kinds."""
        observed, found = self._compare(desired, schedule)
        if self.due_kinds.complete or not found.actions:
            return observed, found
        return self._compare(desired, replace(schedule, everything=True))

    def _compare(
        self, desired: DesiredState, schedule: Schedule
    ) -> tuple[ObservedState, Plan]:
        """Observe, and return all differences, before scope and limits."""
        observed = self.due_kinds.observe(desired, schedule)
        found = diff(desired, observed, self.kinds)
        return observed, with_causes(found, observed, self.kinds, self._last(found))

    def _last(self, found: Plan) -> LastApplied:
        """Return the last applied specs of the resources that differ."""
        differing = {v.target for v in found.verdicts if v.changes}
        notes = self.memory.applied(differing) if differing else {}
        return {
            id_: spec_of_note(note, self.kinds[id_.kind]) for id_, note in notes.items()
        }

    def _view(
        self,
        desired: DesiredState,
        observed: ObservedState,
        limits: SafetyLimits,
        scope: Scope,
    ) -> PlanningView:
        disposable = {kind.name for kind in self.kinds.values() if kind.disposable}
        limits = replace(
            limits,
            seen_undeclared=self.memory.undeclared(),
            disposable=frozenset(disposable),
        )
        return PlanningView(desired, observed, limits, scope)

    def _inspect(self, allowed: Plan, desired: DesiredState) -> Collection[ResourceId]:
        """Check the prerequisites of pending deployments; return their targets."""
        targets = deployment_targets(allowed)
        self.preflight.check(desired, targets)
        return targets

    def _guarded(
        self, allowed: Plan, found: Plan, view: PlanningView, *, warnings: bool = True
    ) -> Plan:
        """Return the part of ``allowed`` that may be executed now."""
        seen, known = view.observed, self.preflight.results(view.desired)
        plan = guarded(allowed, found, view, known, warnings=warnings)
        return without_contested(plan, self.repairs, self._writers(seen), seen.taken_at)

    def _unscoped(self, allowed: Plan, found: Plan, view: PlanningView) -> Plan:
        """Return the plan without scope: conditions cover all resources."""
        if view.scope.partial:
            view = replace(view, scope=ALL)
            allowed = permitted(found, view)
        return self._guarded(allowed, found, view)

    def _remember(
        self, statuses: Statuses, undeclared: Collection[ResourceId], scope: Scope
    ) -> None:
        """Save the conditions; a partial scope keeps the others as they were."""
        if scope.partial:
            self.memory.save_statuses({**self.memory.statuses(), **statuses})
            return
        self.memory.save_undeclared(undeclared)
        self.memory.save_statuses(statuses)

    def _record(self) -> None:
        """Store what drivers derive from this pass; a failure waits for a later one."""
        for kind, driver in self.observer.drivers.items():
            if not isinstance(driver, RecordingDriver):
                continue
            try:
                driver.record()
            except DriverError as error:
                fields = {"kind": kind, "error": str(error)}
                log.warning("records of a kind not stored", extra=fields)

    def _writers(self, observed: ObservedState) -> dict[ResourceId, str]:
        """Return the last writer of each resource, where the backend records it."""
        return {
            id_: self.kinds[id_.kind].writer(seen.state)
            for id_, seen in observed.observations.items()
            if isinstance(seen, Present)
        }

    def _outages(self, statuses: Statuses) -> Mapping[str, timedelta]:
        """Return the kinds that probe an outage, and the duration of the latest one."""
        now, found = self.clock.now(), dict[str, timedelta]()
        for id_, conditions in statuses.items():
            healthy = conditions[ConditionType.HEALTHY]
            if self.kinds[id_.kind].probes_outages and healthy.status is Truth.FALSE:
                lasted = now - healthy.last_transition
                found[id_.kind] = min(lasted, found.get(id_.kind, lasted))
        return found

    def _next_in(
        self,
        left: Plan,
        others: Plan,
        outcomes: Mapping[ResourceId, Outcome],
        statuses: Statuses,
        interval: timedelta,
    ) -> timedelta:
        """Return the time until the next pass."""
        waits = [interval]
        waits += [
            o.check_after
            for o in outcomes.values()
            if isinstance(o, Progressing | Waiting)
        ]
        if _under_way(left, others, statuses) or (left.actions and _moved(outcomes)):
            waits.append(WHILE_UNDER_WAY)
        retry_at = self.backoff.soonest()
        if left.actions and retry_at is not None:
            waits.append(max(retry_at - self.clock.now(), timedelta()))
        return min(waits)


def _under_way(left: Plan, others: Plan, statuses: Statuses) -> bool:
    """Return True if an operation is in progress, such as a rollout or a delivery."""
    if any(blocked.hold is Hold.ROLLOUT_IN_PROGRESS for blocked in left.blocked):
        return True
    touched = {verdict.target for verdict in (*left.verdicts, *others.verdicts)}
    return any(
        conditions[ConditionType.RECONCILING].status is Truth.TRUE
        for id_, conditions in statuses.items()
        if id_ not in touched
    )


def _unsettled(
    found: Plan, outcomes: Mapping[ResourceId, Outcome], statuses: Statuses
) -> frozenset[str]:
    """Return the kinds with verdicts, outcomes, operations or resources not ready."""
    ids = {verdict.target for verdict in found.verdicts} | outcomes.keys()
    ids |= {
        id_
        for id_, conditions in statuses.items()
        if conditions[ConditionType.READY].status is not Truth.TRUE
        or conditions[ConditionType.RECONCILING].status is Truth.TRUE
    }
    return frozenset(id_.kind for id_ in ids)


def _busy(
    found: Plan, outcomes: Mapping[ResourceId, Outcome], statuses: Statuses
) -> frozenset[str]:
    """Return the kinds with actions, outcomes or operations in progress."""
    ids = {action.target for action in found.actions} | outcomes.keys()
    ids |= {b.target for b in found.blocked if b.hold is Hold.ROLLOUT_IN_PROGRESS}
    ids |= {
        id_
        for id_, conditions in statuses.items()
        if conditions[ConditionType.RECONCILING].status is Truth.TRUE
    }
    return frozenset(id_.kind for id_ in ids)


def _moved(outcomes: Mapping[ResourceId, Outcome]) -> bool:
    """Return True if this pass changed something, so that more may be possible now."""
    return any(isinstance(outcome, Applied) for outcome in outcomes.values())


def _undeclared(
    desired: DesiredState, observed: ObservedState
) -> frozenset[ResourceId]:
    return frozenset(
        id_
        for id_, seen in observed.observations.items()
        if id_ not in desired
        and isinstance(seen, Present)
        and seen.ownership is Ownership.MANAGED
    )
