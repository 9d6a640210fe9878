"""Audit rows of executed actions, each written with the outcome of its intent."""

from collections.abc import Callable, Mapping
from typing import Any

from controller.core.audit.entry import AuditDraft, AuditSource
from controller.core.document.resource import ResourceId
from controller.core.resources.driver import Waiting
from controller.core.resources.plan import Action, Change
from controller.core.values.identity import canonical_json
from controller.store.audit_log import AuditLog
from controller.store.database import Database
from controller.store.journal import Intent

# Key of the draft of the audit row, in the details of an intent.
_DRAFT = "audit"


class AuditTrail:
    """Writer of the audit rows of one process.

    Attributes:
        source: Returns the author of actions and the current document.
    """

    def __init__(self, database: Database) -> None:
        self.source: Callable[[], AuditSource] = AuditSource
        self._log = AuditLog(database)
        self._waiting: dict[ResourceId, str] = {}

    def draft(self, action: Action) -> Mapping[str, Any]:
        """Return the details of the intent from which ``close`` makes a row."""
        return {_DRAFT: AuditDraft.of(action, self.source()).record()}

    def record(
        self,
        number: int,
        action: Action,
        result: tuple[str, str],
        further: tuple[Change, ...] = (),
    ) -> None:
        """Append the row of a finished action.

        An action that waits for the same step in each pass has one row, not one for
        each pass.

        Args:
            number: Number of the intent.
            action: Action.
            result: Outcome and its message.
            further: Changes that were made in addition to the planned ones.
        """
        outcome, message = result
        waits = message if outcome == Waiting.__name__ else None
        before = self._waiting.pop(action.target, None)
        if waits is not None:
            self._waiting[action.target] = waits
            if waits == before:
                return
        draft = AuditDraft.of(action, self.source())
        target = (action.target.kind, action.target.name)
        self._log.append(
            draft.entry(number, action.verb.value, target, result, further)
        )

    def close(self, intent: Intent, outcome: str, message: str) -> None:
        """Append the row of an action whose process ended before the outcome."""
        found = intent.details.get(_DRAFT)
        draft = (
            AuditDraft(AuditSource(), "", {})
            if found is None
            else AuditDraft.of_record(found)
        )
        target = (intent.target.kind, intent.target.name)
        self._log.append(
            draft.entry(intent.id, intent.verb.value, target, (outcome, message))
        )


def values_before(details: Mapping[str, Any]) -> dict[str, str]:
    """Return the values in an intent's draft before its action, as JSON, by path."""
    draft = details.get(_DRAFT, {})
    changes = draft.get("details", {}).get("changes", ())
    return {change["path"]: canonical_json(change["before"]) for change in changes}
