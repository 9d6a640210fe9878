"""Hash chain of the audit log: each row contains the hash of the row before.

A row that is changed, removed or inserted later breaks the chain. Rows that are removed
at the end leave a valid, shorter chain: compare the number of rows and the hash of the
last one with values that were noted elsewhere.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from hashlib import sha256

from controller.core.audit.entry import AuditEntry
from controller.core.values.identity import HASH_VERSION, canonical_json
from controller.core.values.stored_text import storable

# The hash before the first row.
START = ""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of the audit log.

    Attributes:
        id: Number of the row; the first is 1, and there is no gap.
        time: Time of the row, in UTC, as text in RFC 3339.
        entry: Content.
        previous: Hash of the row before; empty for the first.
        hash: Hash of all other columns.
    """

    id: int
    time: str
    entry: AuditEntry
    previous: str
    hash: str


class BreakCause(StrEnum):
    """Reason why a row does not fit; completes "row 7: ..."."""

    GAP = "a row before it is missing"
    LINK = "it does not contain the hash of the row before"
    CONTENT = "its content does not match its hash"

    @property
    def word(self) -> str:
        """CamelCase word for programs."""
        return self.name.capitalize()


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """First row that does not fit."""

    id: int
    cause: BreakCause


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Result of a verification.

    Attributes:
        count: Number of rows that were verified, up to the first broken one.
        head: Hash of the last of them; empty if there is none.
        broken: First broken row; None if the chain is unbroken.
    """

    count: int
    head: str
    broken: ChainBreak | None = None


def record_hash(id_: int, time: str, entry: AuditEntry, previous: str) -> str:
    """Return ``v1:`` and the SHA-256 of the canonical JSON of all columns."""
    content = {"id": id_, "time": time, **asdict(entry), "previous": previous}
    encoded = canonical_json(content).encode(errors="backslashreplace")
    return f"{HASH_VERSION}:{sha256(encoded).hexdigest()}"


def appended(last: tuple[int, str] | None, entry: AuditEntry, time: str) -> AuditRecord:
    """Return the row for ``entry`` that follows the row with id and hash ``last``."""
    before, previous = last or (0, START)
    entry = _storable(entry)
    id_ = before + 1
    return AuditRecord(
        id_, time, entry, previous, record_hash(id_, time, entry, previous)
    )


def verified(records: Iterable[AuditRecord]) -> ChainReport:
    """Return the result for ``records``, all rows in the order of their ids."""
    count, head = 0, START
    for record in records:
        cause = _cause(record, count, head)
        if cause is not None:
            return ChainReport(count, head, ChainBreak(record.id, cause))
        count, head = record.id, record.hash
    return ChainReport(count, head)


def _cause(record: AuditRecord, count: int, head: str) -> BreakCause | None:
    if record.id != count + 1:
        return BreakCause.GAP
    if record.previous != head:
        return BreakCause.LINK
    expected = record_hash(record.id, record.time, record.entry, record.previous)
    return None if record.hash == expected else BreakCause.CONTENT


def _storable(entry: AuditEntry) -> AuditEntry:
    """Return ``entry`` as a database stores it, since the hash covers the stored text."""
    texts = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return replace(entry, **{name: storable(text) for name, text in texts.items()})
