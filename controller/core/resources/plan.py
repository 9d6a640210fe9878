"""What to do about it: verdicts, in order, with the reason for each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from controller.core.document.resource import ResourceId
from controller.core.resources.request import OperationRequest
from controller.core.values.identity import content_hash


class Verb(StrEnum):
    """What an action does; completes "will ... service/api"."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    RESTART = "restart"
    ANNOUNCE = "announce"
    DELETE = "delete"
    ROLL_BACK = "roll back"
    RESUME = "resume"
    RETRY = "retry"


_DISRUPTIVE = frozenset(
    {Verb.REPLACE, Verb.RESTART, Verb.DELETE, Verb.ROLL_BACK, Verb.RETRY}
)
_PERMITTING = frozenset({Verb.RETRY})


class Reason(StrEnum):
    """Why, in one word a program can match.

    ``Drifted``: the world moved. ``Changed``: the document moved. ``Conflict``: both.
    ``UserRequested``: a person wants it, whatever the document says.
    """

    MISSING = "Missing"
    DRIFTED = "Drifted"
    CHANGED = "Changed"
    CONFLICT = "Conflict"
    ANNOUNCEMENT_PENDING = "AnnouncementPending"
    IMMUTABLE_FIELD_CHANGED = "ImmutableFieldChanged"
    NO_LONGER_DECLARED = "NoLongerDeclared"
    NOT_MANAGED = "NotManaged"
    PREFLIGHT_FAILED = "PreflightFailed"
    PREFLIGHT_WARNING = "PreflightWarning"
    TASKS_OUTDATED = "TasksOutdated"
    USER_REQUESTED = "UserRequested"


class Hold(StrEnum):
    """What holds a resource back, in one word a program can match."""

    UNKNOWN = "Unknown"
    OWNERSHIP_CONFLICT = "OwnershipConflict"
    DEPENDENCY_NOT_READY = "DependencyNotReady"
    NO_MATCHING_RUN = "NoMatchingRun"
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
    """What a change does to what runs; completes "changing it is ..."."""

    IN_PLACE = "in place"
    LATER = "in place, for tasks that start afterwards"
    RESTART = "restart"
    REPLACE = "replace"
    COSMETIC = "cosmetic"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs: ``before`` was seen, ``after`` is declared.

    Values are plain data and hold no secret: secrets are references everywhere.

    Attributes:
        path: Where it is, as in ``task.cpu``.
        before: What was seen.
        after: What is declared.
        effect: What changing it does to what runs.
        cause: Who moved it: drifted, changed or conflict; None if nobody knows.
    """

    path: str
    before: Any
    after: Any
    effect: Effect = Effect.IN_PLACE
    cause: Reason | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One step towards the declared state. Applying it twice is applying it once.

    Attributes:
        target: What it acts on.
        verb: What it does.
        reason: Why it was chosen.
        changes: The fields it settles; empty for a deletion of all there is, and of a
            creation what nobody declares word for word.
        desired: The declared spec; None for a deletion.
        observed: The state the decision rests on; None for a creation.
        generation: Of the declared spec.
        waits_for: Dependencies that were not ready when the plan was made.
        request: Who asked for it by hand; None if the document did.
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

    @property
    def permits(self) -> bool:
        """Whether it changes nothing that runs, and lets later passes do so."""
        return self.verb in _PERMITTING

    @property
    def disruptive(self) -> bool:
        """Whether something that runs is stopped or replaced."""
        return self.verb in _DISRUPTIVE or any(
            change.effect in {Effect.RESTART, Effect.REPLACE} for change in self.changes
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """A difference that only a person may settle, and the command that does."""

    target: ResourceId
    reason: Reason
    message: str
    changes: tuple[Change, ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A resource we must not touch in this pass, and why.

    Attributes:
        target: The resource.
        hold: Why, in one word.
        message: Why, in a sentence.
        changes: What would be settled.
        passing: Whether it could only not be seen just now.
    """

    target: ResourceId
    hold: Hold
    message: str
    changes: tuple[Change, ...] = ()
    passing: bool = False


Verdict: TypeAlias = Action | Advice | Blocked


@dataclass(frozen=True, slots=True)
class Plan:
    """The outcome of one comparison.

    Attributes:
        actions: What we will do, in the order it must happen.
        advice: What a person must do.
        blocked: What is left alone in this pass, and why.
    """

    actions: tuple[Action, ...] = ()
    advice: tuple[Advice, ...] = ()
    blocked: tuple[Blocked, ...] = ()

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All of it: what we do, what a person does, and what is left alone."""
        return (*self.actions, *self.advice, *self.blocked)

    @property
    def in_sync(self) -> bool:
        """Whether everything was seen, nothing differs and nothing is in flight."""
        return not self.verdicts

    @property
    def complete(self) -> bool:
        """Whether everything could be seen."""
        return all(b.hold is not Hold.UNKNOWN for b in self.blocked)

    @property
    def fingerprint(self) -> str:
        """A hash of what the actions would do, equal for equal plans."""
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
