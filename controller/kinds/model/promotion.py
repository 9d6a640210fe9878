"""Promotion: the versions that the declared aliases should point to.

A rollback holds an alias at a version until its entry in the document changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from controller.core.models.alias_record import AliasRecord, alias_records
from controller.core.models.gates import (
    APPROVAL,
    GateFacts,
    GateResult,
    MetricRange,
    PromotionGates,
    gate_results,
)
from controller.core.models.promotion import (
    PromotionDecision,
    RejectedVersion,
    promotion,
)
from controller.core.models.registration import ModelVersion, ready_originals
from controller.core.models.signature import UnreadableSignature
from controller.kinds.model.alias_policy import (
    AliasPolicy,
    choice_of,
    entry_hash,
)
from controller.kinds.model.spec import ModelSpec
from controller.kinds.model.state import ModelState
from controller.kinds.model.versions import measured, version_metrics

_NOT_READ = UnreadableSignature("not read yet")


@dataclass(frozen=True, slots=True)
class AliasDecision:
    """Decision on one declared alias.

    Attributes:
        alias: Alias.
        target: Version that it should point to; None if there is none.
        rejected: Versions newer than the target that fail a gate, newest first.
        unapproved: The target, if it was promoted and its approval is not stored.
        hold: Record of the rollback that holds the alias; None if none does.
    """

    alias: str
    target: int | None
    rejected: tuple[RejectedVersion, ...] = ()
    unapproved: RejectedVersion | None = None
    hold: AliasRecord | None = None


def alias_decisions(spec: ModelSpec, state: ModelState) -> tuple[AliasDecision, ...]:
    """Return the decision on each declared alias."""
    return tuple(alias_decision(spec, alias, state) for alias in spec.aliases)


def alias_decision(spec: ModelSpec, alias: str, state: ModelState) -> AliasDecision:
    """Return the version that ``alias`` should point to, and the versions rejected."""
    target = spec.aliases[alias]
    record = alias_records(state.tags).get(alias)
    if record is not None and record.held == entry_hash(target):
        exists = record.version in _numbers(state)
        number = record.version if exists else None
        return AliasDecision(alias, number, hold=record)
    gates = _gates(target)
    allowed = _allowed(spec, choice_of(target), state)
    if gates is None:
        newest = max((version.number for version in allowed), default=None)
        return AliasDecision(alias, newest)
    current = promoted_version(alias, state)
    decided = _decided(spec, gates, allowed, current, state)
    unapproved = _unapproved(spec, gates, decided, current, state)
    return AliasDecision(alias, decided.target, decided.rejected, unapproved)


def promoted_version(alias: str, state: ModelState) -> int | None:
    """Return the version that ``alias`` was set to last; None if it does not exist.

    Without a record, that is the version to which the alias points.
    """
    record = alias_records(state.tags).get(alias)
    number = state.aliases.get(alias) if record is None else record.version
    return number if number in _numbers(state) else None


def earlier_versions(spec: ModelSpec, alias: str, state: ModelState) -> tuple[int, ...]:
    """Return the versions to which ``alias`` can be rolled back, newest first.

    Of an alias with gates, the versions that were promoted before. Of another alias,
    the older versions that its entry allows, or all ready ones if it is a number.
    """
    target, now = spec.aliases[alias], state.aliases.get(alias)
    record = alias_records(state.tags).get(alias)
    if _gates(target) is not None:
        known = record.earlier if record is not None else ()
        return tuple(number for number in known if number in _numbers(state))
    choice = choice_of(target)
    allowed = _allowed(spec, "latest" if isinstance(choice, int) else choice, state)
    older = {v.number for v in allowed if now is None or v.number < now}
    return tuple(sorted(older, reverse=True))


def wanted_records(spec: ModelSpec, state: ModelState) -> dict[str, AliasRecord]:
    """Return the records of all aliases that a policy or a rollback sets."""
    known = alias_records(state.tags)
    wanted: dict[str, AliasRecord] = {}
    for decision in alias_decisions(spec, state):
        alias, record = decision.alias, known.get(decision.alias)
        if decision.hold is not None:
            wanted[alias] = decision.hold
        elif _gates(spec.aliases[alias]) and decision.target is not None:
            before = promoted_version(alias, state)
            first = AliasRecord(decision.target if before is None else before)
            wanted[alias] = (record or first).released().moved_to(decision.target)
    return wanted


def unread_signatures(spec: ModelSpec, state: ModelState) -> frozenset[int]:
    """Return the versions whose signatures decide about an alias and are not read.

    Those are versions that pass all other gates, approved or not, and the version that
    they would replace. An operator sees an incompatible signature before the approval.
    """
    return frozenset(
        number
        for alias, target in spec.aliases.items()
        if (gates := _gates(target)) and gates.has_compatible_signature
        for number in _compared(spec, alias, gates, state)
        if number not in state.signatures
    )


def _compared(
    spec: ModelSpec, alias: str, gates: PromotionGates, state: ModelState
) -> Iterator[int]:
    current = promoted_version(alias, state)
    record = alias_records(state.tags).get(alias)
    is_held = record is not None and record.held == entry_hash(spec.aliases[alias])
    if current is None or is_held:
        return
    others = replace(gates, has_compatible_signature=False, requires_approval=False)
    found = [
        version.number
        for version in _allowed(spec, choice_of(spec.aliases[alias]), state)
        if version.number > current
        and all(r.passes for r in _judged(spec, others, version, current, state))
    ]
    if found:
        yield from (current, *found)


def requires_approvals(spec: ModelSpec) -> bool:
    """Return True if an alias of ``spec`` requires approvals."""
    found = (_gates(target) for target in spec.aliases.values())
    return any(gates is not None and gates.requires_approval for gates in found)


def _gates(target: int | str | AliasPolicy) -> PromotionGates | None:
    """Return the gates of an alias target; None if it has none."""
    if not isinstance(target, AliasPolicy):
        return None
    gates = target.gates
    return PromotionGates(
        {name: MetricRange(one.min, one.max) for name, one in gates.metrics.items()},
        gates.tags,
        gates.signature is not None,
        timedelta(seconds=gates.minimum_age or 0),
        gates.approval is not None,
    )


def _allowed(
    spec: ModelSpec, choice: int | str, state: ModelState
) -> tuple[ModelVersion, ...]:
    """Return the versions that an alias target allows, before gates."""
    match choice:
        case int():
            return tuple(v for v in state.versions if v.number == choice)
        case "latest-passing":
            ready = ready_originals(state.versions)
            return tuple(v for v in ready if measured(spec, state, v).passes)
        case _:
            return ready_originals(state.versions)


def _decided(
    spec: ModelSpec,
    gates: PromotionGates,
    allowed: Sequence[ModelVersion],
    current: int | None,
    state: ModelState,
) -> PromotionDecision:
    return promotion(
        allowed, current, lambda one: _judged(spec, gates, one, current, state)
    )


def _judged(
    spec: ModelSpec,
    gates: PromotionGates,
    version: ModelVersion,
    current: int | None,
    state: ModelState,
) -> tuple[GateResult, ...]:
    """Return the results of ``gates`` for ``version``.

    A signature that was not read is not mentioned next to another failed gate.
    """
    signature = state.signatures.get(version.number)
    facts = GateFacts(
        version,
        version_metrics(spec, state, version),
        state.observed_at,
        state.approvals.get(version.number),
        None if current is None else signature or _NOT_READ,
        None if current is None else state.signatures.get(current, _NOT_READ),
    )
    others = gate_results(replace(gates, has_compatible_signature=False), facts)
    if signature is None and not all(result.passes for result in others):
        return others
    return gate_results(gates, facts)


def _unapproved(
    spec: ModelSpec,
    gates: PromotionGates,
    decided: PromotionDecision,
    current: int | None,
    state: ModelState,
) -> RejectedVersion | None:
    """Return the current version if it stays and its approval is not stored."""
    if not gates.requires_approval or decided.target != current:
        return None
    for version in state.versions:
        if version.number == current:
            results = _judged(spec, gates, version, current, state)
            lost = tuple(r for r in results if r.name == APPROVAL and not r.passes)
            return RejectedVersion(version.number, lost) if lost else None
    return None


def _numbers(state: ModelState) -> frozenset[int]:
    return frozenset(version.number for version in state.versions)
