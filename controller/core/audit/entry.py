"""Entry of the audit log: one executed action, its author and its outcome."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from controller.core.document.resource import ResourceId
from controller.core.resources.plan import Action, Change
from controller.core.values.identity import canonical_json
from controller.core.values.plain_data import plain
from controller.core.values.redact import masked, redact


class Via(StrEnum):
    """Origin of an action: a pass of the controller, or a command of a user."""

    PASS = "pass"  # noqa: S105 - a pass of the loop, no password
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class AuditSource:
    """Author of actions, and the document that they come from.

    Attributes:
        actor: Id of the controller process, or the user of a command.
        via: ``pass`` or ``command``.
        document_digest: Digest of the document.
        source_commit: Git commit of the folder of the document; empty if unknown.
    """

    actor: str = ""
    via: str = Via.PASS.value
    document_digest: str = ""
    source_commit: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Content of one row of the audit log, without its place in the chain.

    All values are text, exactly as they are stored and hashed.

    Attributes:
        actor: Id of the controller process, or the user of a command.
        via: ``pass`` or ``command``.
        action: Operation, as in ``update``.
        kind: Kind of the resource; empty for an operation on the whole document.
        name: Name of the resource.
        outcome: Result, observed after the action; ``Unknown`` if the process ended
            before it was known.
        reason: Reason of the user for a command, else the reason of the plan.
        details: Canonical JSON: changed fields with their values before and after,
            masked; the message of the outcome; the number of the intent.
        document_digest: Digest of the document.
        source_commit: Git commit of the folder of the document; empty if unknown.
    """

    actor: str
    via: str
    action: str
    kind: str
    name: str
    outcome: str
    reason: str
    details: str
    document_digest: str = ""
    source_commit: str = ""


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """Part of an entry that is known before the action.

    It is recorded with the intent, so that the entry can be completed after a crash.
    """

    source: AuditSource
    reason: str
    details: Mapping[str, Any]

    @classmethod
    def of(cls, action: Action, source: AuditSource) -> Self:
        """Return the draft for ``action``; the author of a request is its user."""
        details: dict[str, Any] = {"changes": change_details(action.changes)}
        request = action.request
        if request is None:
            return cls(source, str(action.reason), details)
        if request.wanted:
            details["wanted"] = request.wanted
        by = AuditSource(
            request.by, Via.COMMAND.value, source.document_digest, source.source_commit
        )
        return cls(by, request.reason, details)

    @classmethod
    def of_record(cls, found: Mapping[str, Any]) -> Self:
        """Return the draft that ``record`` returned."""
        return cls(AuditSource(**found["source"]), found["reason"], found["details"])

    def record(self) -> dict[str, Any]:
        """Return the draft as plain data, for the details of an intent."""
        return {
            "source": asdict(self.source),
            "reason": self.reason,
            "details": dict(self.details),
        }

    def entry(
        self,
        intent: int,
        action: str,
        target: tuple[str, str],
        result: tuple[str, str],
        further: tuple[Change, ...] = (),
    ) -> AuditEntry:
        """Return the complete entry.

        Args:
            intent: Number of the intent.
            action: Operation.
            target: Kind and name of the resource.
            result: Outcome and its message.
            further: Changes that were made in addition to the planned ones.
        """
        outcome, message = result
        said = {"message": redact(message, ())} if message else {}
        changes = [*self.details.get("changes", ()), *change_details(further)]
        details = {**self.details, "changes": changes, **said, "intent": intent}
        source = self.source
        return AuditEntry(
            source.actor,
            source.via,
            action,
            *target,
            outcome,
            self.reason,
            canonical_json(details),
            source.document_digest,
            source.source_commit,
        )


def command_entry(
    source: AuditSource, command: str, targets: Iterable[ResourceId], outcome: str
) -> AuditEntry:
    """Return the entry for the end of a command on several resources.

    Args:
        source: Author and document.
        command: Word of the command.
        targets: Selected resources; none for the whole document.
        outcome: Result of the command.
    """
    details = canonical_json({"targets": sorted(map(str, targets))})
    return AuditEntry(
        source.actor,
        source.via,
        command,
        "",
        "",
        outcome,
        "",
        details,
        source.document_digest,
        source.source_commit,
    )


def delivery_entry(
    source: AuditSource,
    operation: str,
    target: str,
    reason: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Return the entry for an operation of a user on deliveries to ``target``.

    Args:
        source: Author and document.
        operation: Operation on the deliveries.
        target: Name of the webhook target.
        reason: Reason of the user.
        details: Selection and numbers, as plain data.
    """
    return AuditEntry(
        source.actor,
        source.via,
        f"{operation} deliveries",
        "webhook",
        target,
        "Applied",
        reason,
        canonical_json(details),
        source.document_digest,
        source.source_commit,
    )


def rotation_entry(
    source: AuditSource,
    target: str,
    outcome: str,
    reason: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Return the entry for a stage of a rotation of the secret of ``target``.

    Args:
        source: Author and document.
        target: Name of the webhook target.
        outcome: ``Applied``, or ``Failed`` if the stage was not reached.
        reason: Reason of the user.
        details: Stages and ids of versions, as plain data.
    """
    return AuditEntry(
        source.actor,
        source.via,
        "rotate secret",
        "webhook",
        target,
        outcome,
        reason,
        canonical_json({k: v for k, v in details.items() if v is not None}),
        source.document_digest,
        source.source_commit,
    )


def pin_entry(
    source: AuditSource,
    operation: str,
    host: str,
    reason: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Return the entry for an operation of a user on the addresses of ``host``.

    Args:
        source: Author and document.
        operation: ``pin``, ``unpin`` or ``flush``.
        host: Name of the host; empty for all hosts.
        reason: Reason of the user.
        details: Change of the addresses, as plain data.
    """
    return AuditEntry(
        source.actor,
        source.via,
        f"{operation} addresses",
        "",
        host,
        "Applied",
        reason,
        canonical_json(details),
        source.document_digest,
        source.source_commit,
    )


def key_entry(
    source: AuditSource,
    operation: str,
    key: str,
    reason: str,
    details: Mapping[str, Any],
) -> AuditEntry:
    """Return the entry for an operation of a user on an API key.

    Args:
        source: Author and document.
        operation: ``create``, ``rotate`` or ``revoke``.
        key: Id of the key, never the key.
        reason: Reason of the user.
        details: Name, scopes and times, as plain data.
    """
    return AuditEntry(
        source.actor,
        source.via,
        f"{operation} key",
        "",
        key,
        "Applied",
        reason,
        canonical_json(details),
        source.document_digest,
        source.source_commit,
    )


def change_details(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Return the changes as plain data, with apparent secrets masked."""
    return [
        {
            "path": change.path,
            "before": plain(masked(change.path, change.before)),
            "after": plain(masked(change.path, change.after)),
        }
        for change in changes
    ]
