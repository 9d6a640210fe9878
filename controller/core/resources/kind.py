"""Kind: the pure functions and properties that the planner needs of a resource kind."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from controller.core.document.platform import Platform
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import UndatedCondition
from controller.core.resources.cost import Cost, one_call_each
from controller.core.resources.details import DetailSection
from controller.core.resources.explanation import Explanation
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Change, Hold, Reason, Verb

SpecT = TypeVar("SpecT")
StateT = TypeVar("StateT")


class HealthLevel(StrEnum):
    """Level of health; completes "it is ..."."""

    HEALTHY = "healthy"
    PROGRESSING = "progressing"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Health:
    """Health of a resource, independent of its configuration.

    Attributes:
        level: Level of health.
        reason: One CamelCase word that a program can match.
        message: One sentence for people.
        needs_user: True if it stays so until a user acts.
    """

    level: HealthLevel
    reason: str
    message: str
    needs_user: bool = False


# Start of the part of a message about the current state. The rest of the message about
# a failure stays when backends forget its cause; this part is renewed.
MEANWHILE = " Meanwhile: "


@dataclass(frozen=True, slots=True)
class HoldReason:
    """A reason, found in the observed state, not to act on a resource now."""

    hold: Hold
    message: str


@dataclass(frozen=True, slots=True)
class DocumentConflict:
    """Two places in the document that contradict each other.

    Attributes:
        target: Resource and path at which the conflict is reported.
        other: Resource and path that was declared first.
        problem: Description; the place of ``other`` follows it.
        hint: Suggested fix.
    """

    target: tuple[ResourceId, tuple[str | int, ...]]
    other: tuple[ResourceId, tuple[str | int, ...]]
    problem: str
    hint: str


@dataclass(frozen=True, slots=True)
class DocumentWarning:
    """A declaration that is valid and probably a mistake.

    Attributes:
        target: Resource that it concerns.
        path: Path below the resource.
        problem: Predicate that follows the path.
        hint: Suggested fix.
    """

    target: ResourceId
    path: tuple[str | int, ...]
    problem: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem in the observed state that needs manual action.

    Attributes:
        path: Field that it concerns; it can be ignored like any other field.
        reason: Reason as one word.
        message: Problem and its consequence.
        command: Command that fixes it.
    """

    path: str
    reason: Reason
    message: str
    command: str = ""


HEALTHY = Health(HealthLevel.HEALTHY, "Healthy", "In sync.")


def no_further_conditions(_spec: Any, _state: Any) -> tuple[UndatedCondition, ...]:
    """Return no conditions: the kind has only the common ones."""
    return ()


def always_healthy(_spec: Any, _state: Any) -> Health:
    """Return healthy: a resource of this kind works as soon as it exists."""
    return HEALTHY


def no_hold(_spec: Any, _state: Any, _changes: tuple[Change, ...]) -> HoldReason | None:
    """Return None: no state of this kind forbids an action."""
    return None


def no_findings(_spec: Any, _state: Any) -> tuple[Finding, ...]:
    """Return no findings: only the advice-only fields of the kind need manual action."""
    return ()


def no_earlier_result(
    _verb: Verb, _request: OperationRequest, _spec: Any, _state: Any
) -> str:
    """Return nothing: every request to a resource of this kind is carried out."""
    return ""


def no_conflicts(_specs: Mapping[ResourceId, Any]) -> tuple[DocumentConflict, ...]:
    """Return no conflicts: resources of this kind are independent of each other."""
    return ()


def no_warnings(_specs: Mapping[ResourceId, Any]) -> tuple[DocumentWarning, ...]:
    """Return no warnings: every valid declaration of this kind is meant as it is."""
    return ()


def no_hosts(_spec: Any) -> frozenset[str]:
    """Return no hosts: a spec of this kind needs none, or serves none."""
    return frozenset()


def no_parameters(_spec: Any) -> frozenset[str]:
    """Return no SSM parameters: a spec of this kind publishes or reads none."""
    return frozenset()


def no_references(_spec: Any) -> frozenset[ResourceId]:
    """Return no references: a spec of this kind names no other resource."""
    return frozenset()


def unknown_writer(_state: Any) -> str:
    """Return no writer: the backend of the kind does not record it."""
    return ""


def no_details(_spec: Any, _state: Any) -> tuple[DetailSection, ...]:
    """Return no details beyond the conditions."""
    return ()


def always_an_edit(_change: Change) -> bool:
    """Return False: every difference is an edit."""
    return False


def no_positions(_spec: Any, _state: Any) -> Mapping[str, str]:
    """Return no aliases."""
    return {}


def no_deletion_changes(_state: Any) -> tuple[Change, ...]:
    """Return no changes: a deletion of this kind is complete."""
    return ()


def reject_request(
    verb: Verb, _request: OperationRequest, _spec: Any, _state: Any, _now: datetime
) -> str:
    """Return a refusal: no operation of this kind can be requested."""
    return f"its kind does not support `{verb}`"


def unchanged_request(
    _verb: Verb, request: OperationRequest, _spec: Any, _state: Any
) -> OperationRequest:
    """Return ``request``: its argument needs no observed state."""
    return request


def unchanged_spec(_name: str, spec: Any, _platform: Platform) -> Any:
    """Return ``spec``: the kind derives nothing from its name or the platform."""
    return spec


@dataclass(frozen=True, slots=True)
class Kind(Generic[SpecT, StateT]):
    """The pure half of a kind. The other half is its ``driver`` module.

    Attributes:
        name: Singular, as in ``endpoint/api``.
        spec: Model that validates one entry of the section.
        compare: Returns the fields in which a state differs from a spec.
        section: Plural, the key in ``hokusai.yaml``; empty for a kind with a
            ``platform_path``.
        platform_path: Path below ``platform`` of the only declaration of the kind,
            whose resource is named by the first part; empty for a kind with a section.
        health: Returns the health of a state.
        hold_reason: Returns the reason to hold back the changes, or None.
        conditions: Returns the conditions of types that only this kind has.
        findings: Returns problems that need manual action.
        conflicts: Returns contradictions among all specs of this kind.
        warnings: Returns valid declarations that are probably mistakes.
        public_hosts: Returns the public hosts that a spec expects the routes of the
            document to serve.
        served_hosts: Returns the hosts that the routes of a spec serve, with the
            wildcards * and ?.
        published_parameters: Returns the SSM parameters that a spec publishes addresses
            to.
        read_parameters: Returns the SSM parameters that the tasks of a spec read.
        references: Returns the resources that a spec names; with a ``platform_path``,
            those that need not be declared.
        mentions: Returns the resources that a spec names without waiting for them.
        complete: Returns a spec with the values derived from its key and the platform.
        check_request: Returns the reason to refuse a requested operation; empty to
            accept it.
        resolve_request: Returns a request with its argument resolved against the
            observed state; raises RefusedError.
        result_so_far: Returns a sentence if a request was fulfilled earlier, so that it
            is neither carried out nor recorded; empty to carry it out.
        allowed_when_absent: Operations that may be requested of a resource that does
            not exist; they are not refused, but may fail.
        writer: Returns the last writer, if the backend records it.
        explain: Returns an explanation for each value at a path, for a kind whose
            comparison has rules; see ``core.resources.explanation``.
        details: Returns details of a state for people.
        cost: Returns the estimated cost of an action.
        call_budget: Number of calls for one observation of all resources of the kind.
        volatile_paths: Paths whose values may change between plan and apply: counts
            that autoscaling sets, and addresses.
        unedited: Returns True for a difference that arises without an edit by others,
            such as a version to register.
        positions: Returns the version numbers of the declared aliases that exist.
        probes_outages: True to observe resources that are not healthy again within
            seconds; see ``core.rates.outage_probes``.
        repair: Verb that makes changes in place.
        immutable: Paths that no update can change; they force a replacement.
        advice_only: Paths that only a user may change; they become advice.
        prune: True if resources that are no longer declared may be deleted.
        disposable: True if a resource holds only what its declaration contains, so that
            it is deleted without ``platform.prune``.
        deletion_changes: Returns the changes of a partial deletion; none if the
            deletion is complete.
    """

    name: str
    spec: type[SpecT]
    compare: Callable[[SpecT, StateT], tuple[Change, ...]]
    section: str = ""
    platform_path: tuple[str, ...] = ()
    health: Callable[[SpecT, StateT], Health] = always_healthy
    hold_reason: Callable[[SpecT, StateT, tuple[Change, ...]], HoldReason | None] = (
        no_hold
    )
    conditions: Callable[[SpecT, StateT], tuple[UndatedCondition, ...]] = (
        no_further_conditions
    )
    findings: Callable[[SpecT, StateT], tuple[Finding, ...]] = no_findings
    conflicts: Callable[[Mapping[ResourceId, SpecT]], tuple[DocumentConflict, ...]] = (
        no_conflicts
    )
    warnings: Callable[[Mapping[ResourceId, SpecT]], Iterable[DocumentWarning]] = (
        no_warnings
    )
    public_hosts: Callable[[SpecT], frozenset[str]] = no_hosts
    served_hosts: Callable[[SpecT], frozenset[str]] = no_hosts
    published_parameters: Callable[[SpecT], frozenset[str]] = no_parameters
    read_parameters: Callable[[SpecT], frozenset[str]] = no_parameters
    references: Callable[[SpecT], frozenset[ResourceId]] = no_references
    mentions: Callable[[SpecT], frozenset[ResourceId]] = no_references
    complete: Callable[[str, SpecT, Platform], SpecT] = unchanged_spec
    check_request: Callable[[Verb, OperationRequest, SpecT, StateT, datetime], str] = (
        reject_request
    )
    resolve_request: Callable[
        [Verb, OperationRequest, SpecT, StateT], OperationRequest
    ] = unchanged_request
    result_so_far: Callable[[Verb, OperationRequest, SpecT, StateT], str] = (
        no_earlier_result
    )
    allowed_when_absent: frozenset[Verb] = frozenset()
    writer: Callable[[StateT], str] = unknown_writer
    details: Callable[[SpecT, StateT], tuple[DetailSection, ...]] = no_details
    explain: Callable[[SpecT, StateT, str], tuple[Explanation, ...]] | None = None
    cost: Callable[[Action], Cost] = one_call_each
    call_budget: str = ""
    volatile_paths: frozenset[str] = frozenset()
    unedited: Callable[[Change], bool] = always_an_edit
    positions: Callable[[SpecT, StateT], Mapping[str, str]] = no_positions
    probes_outages: bool = False
    repair: Verb = Verb.UPDATE
    immutable: frozenset[str] = frozenset()
    advice_only: frozenset[str] = frozenset()
    prune: bool = False
    disposable: bool = False
    deletion_changes: Callable[[StateT], tuple[Change, ...]] = no_deletion_changes
