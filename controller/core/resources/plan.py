"""Plan: ordered verdicts on resources, each with its reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.operation_request import OperationRequest
from controller.core.values.identity import content_hash


class Verb(StrEnum):
    """Operation of an action; completes "will ... service/api"."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    RESTART = "restart"
    ANNOUNCE = "announce"
    DELETE = "delete"
    ROLL_BACK = "roll back"
    RESUME = "resume"
    RETRY = "retry"
    APPROVE = "approve"


_DISRUPTIVE = frozenset(
    {Verb.REPLACE, Verb.RESTART, Verb.DELETE, Verb.ROLL_BACK, Verb.RETRY}
)
_PERMITTING = frozenset({Verb.RETRY, Verb.APPROVE})


class Reason(StrEnum):
    """Reason of an action or advice, as a CamelCase word that programs match.

    ``Drifted``: the live state changed. ``Changed``: the document changed.
    ``Conflict``: both changed. ``UserRequested``: an operator requested the operation;
    the document does not ask for it.
    """

    MISSING = "Missing"
    DRIFTED = "Drifted"
    CHANGED = "Changed"
    CONFLICT = "Conflict"
    ANNOUNCEMENT_PENDING = "AnnouncementPending"
    APPROVAL_REQUIRED = "ApprovalRequired"
    GATE_FAILED = "GateFailed"
    IMMUTABLE_FIELD_CHANGED = "ImmutableFieldChanged"
    NO_LONGER_DECLARED = "NoLongerDeclared"
    NOT_MANAGED = "NotManaged"
    PREFLIGHT_FAILED = "PreflightFailed"
    PREFLIGHT_WARNING = "PreflightWarning"
    ROLLED_BACK = "RolledBack"
    TASKS_OUTDATED = "TasksOutdated"
    USER_REQUESTED = "UserRequested"
    WRITE_CONFLICT = "WriteConflict"


class Hold(StrEnum):
    """Reason to hold a resource back, as a CamelCase word that programs match."""

    UNKNOWN = "Unknown"
    OWNERSHIP_CONFLICT = "OwnershipConflict"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    NO_MATCHING_RUN = "NoMatchingRun"
    GATE_FAILED = "GateFailed"
    APPROVAL_REQUIRED = "ApprovalRequired"
    ROLLOUT_IN_PROGRESS = "RolloutInProgress"
    ROLLOUT_STALLED = "RolloutStalled"
    REVISION_REJECTED = "RevisionRejected"
    RESOLUTION_FAILED = "ResolutionFailed"
    SUSPENDED = "Suspended"
    OBSERVE_ONLY = "ObserveOnly"
    DISRUPTION_BUDGET_EXCEEDED = "DisruptionBudgetExceeded"
    BACKLOG_LIMIT_EXCEEDED = "BacklogLimitExceeded"
    PRUNE_BLOCKED = "PruneBlocked"
    WRITE_CONFLICT = "WriteConflict"
    CHANGE_FREEZE = "ChangeFreeze"
    SELF_UPDATE_DEFERRED = "SelfUpdateDeferred"
    RESTARTED_RECENTLY = "RestartedRecently"
    PREFLIGHT_FAILED = "PreflightFailed"


class Effect(StrEnum):
    """Effect of a change on running tasks; completes "changing it is ..."."""

    IN_PLACE = "in place"
    LATER = "in place, for tasks that start afterwards"
    RESTART = "restart"
    REPLACE = "replace"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One field whose live value differs from the declared one.

    Values are plain data and hold no secret: secrets are references everywhere.

    Attributes:
        path: Path of the field, as in ``task.cpu``.
        before: Live value.
        after: Declared value.
        effect: Effect of the change on running tasks.
        cause: Origin of the difference: drifted, changed or conflict; None if it is
            not known.
    """

    path: str
    before: Any
    after: Any
    effect: Effect = Effect.IN_PLACE
    cause: Reason | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One step towards the declared state. Idempotent: repeating it changes nothing.

    Attributes:
        target: Resource that the action changes.
        verb: Operation.
        reason: Reason for the action.
        changes: Fields that the action sets. Empty for a complete deletion; for a
            creation, only values that the document does not contain literally.
        desired: Declared spec; None for a deletion.
        observed: State that the decision is based on; None for a creation.
        generation: Generation of the declared spec.
        waits_for: Dependencies that were not ready when the plan was made.
        request: Request of an operator; None if the document requires the action.
        creation: Id of the recorded creation that the action begins or repeats, equal
            in all its attempts; empty without a store. Set by the executor.
    """

    target: ResourceId
    verb: Verb
    reason: Reason
    changes: tuple[Change, ...] = ()
    desired: Any = None
    observed: Any = None
    generation: str = ""
    waits_for: tuple[ResourceId, ...] = ()
    request: OperationRequest | None = None
    creation: str = ""

    @property
    def permits(self) -> bool:
        """True if the action changes nothing itself but lets later passes act."""
        return self.verb in _PERMITTING

    @property
    def disruptive(self) -> bool:
        """True if the action stops or replaces something that runs."""
        return self.verb in _DISRUPTIVE or any(
            change.effect in {Effect.RESTART, Effect.REPLACE} for change in self.changes
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """A difference that needs manual action, with the command to run."""

    target: ResourceId
    reason: Reason
    message: str
    changes: tuple[Change, ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A resource that must not be changed in this pass, and the reason.

    Attributes:
        target: The resource.
        hold: Reason as one word.
        message: Reason as a sentence.
        changes: Changes that are held back.
        temporary: True if the only obstacle is an observation that may succeed soon.
    """

    target: ResourceId
    hold: Hold
    message: str
    changes: tuple[Change, ...] = ()
    temporary: bool = False


Verdict: TypeAlias = Action | Advice | Blocked


@dataclass(frozen=True, slots=True)
class Plan:
    """Result of one comparison of declared and observed state.

    Attributes:
        actions: Actions of the controller, in the order of execution.
        advice: Differences that need manual action.
        blocked: Resources that are held back in this pass.
    """

    actions: tuple[Action, ...] = ()
    advice: tuple[Advice, ...] = ()
    blocked: tuple[Blocked, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All actions, advice and holds."""
        return (*self.actions, *self.advice, *self.blocked)

    @property
    def in_sync(self) -> bool:
        """True if everything was observed, nothing differs and nothing is in flight."""
        return not self.verdicts

    @property
    def complete(self) -> bool:
        """True if every resource could be observed."""
        return all(b.hold is not Hold.UNKNOWN for b in self.blocked)

    @property
    def fingerprint(self) -> str:
        """Hash of the actions; equal plans have equal fingerprints."""
        return content_hash(
            [
                [
                    str(action.target),
                    action.verb,
                    action.generation,
                    [[c.path, c.before, c.after] for c in action.changes],
                ]
                for action in self.actions
            ]
        )
