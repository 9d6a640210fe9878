"""Rows of the audit log, and the result of a verification."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml
from controller.cli.views.plans import shown
from controller.cli.views.tables import fitted, markdown, one_line
from controller.core.audit.chain import AuditRecord, ChainReport
from controller.core.values.counts import counted

_HEAD = ("row", "time", "resource", "action", "outcome", "by", "reason", "changes")


def render_audit(records: Sequence[AuditRecord], output: str, width: int) -> str:
    """Return the rows in the format ``output``, in the order given."""
    match output:
        case "json":
            return as_json(_data(records))
        case "yaml":
            return as_yaml(_data(records))
        case "markdown":
            return "\n".join(markdown(_HEAD, [*map(_line, records)]))
        case _:
            return "\n".join(fitted(_HEAD, [*map(_line, records)], width))


def render_verification(report: ChainReport, output: str) -> str:
    """Return the result of a verification in the format ``output``."""
    match output:
        case "json":
            return as_json(_report_data(report))
        case "yaml":
            return as_yaml(_report_data(report))
        case _:
            return "\n".join(_report_lines(report))


def _line(record: AuditRecord) -> tuple[str, ...]:
    entry = record.entry
    details = _details(record)
    message = str(details.get("message", ""))
    changes = "; ".join((*_changes(details), *([message] if message else [])))
    return (
        str(record.id),
        record.time[:19].replace("T", " "),
        f"{entry.kind}/{entry.name}" if entry.kind else "",
        entry.action,
        entry.outcome,
        entry.actor,
        one_line(entry.reason),
        one_line(changes),
    )


def _changes(details: Mapping[str, Any]) -> Iterator[str]:
    changes = details.get("changes")
    for change in changes if isinstance(changes, list) else ():
        if not isinstance(change, dict):
            continue
        before, after = shown(change.get("before")), shown(change.get("after"))
        yield f"{change.get('path')}: {before} -> {after}"


def _details(record: AuditRecord) -> Mapping[str, Any]:
    """Return the details of a row; none if they were forged to be no JSON object."""
    try:
        found = json.loads(record.entry.details)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _data(records: Sequence[AuditRecord]) -> dict[str, Any]:
    return {
        "kind": "AuditLog",
        "formatVersion": FORMAT_VERSION,
        "rows": [
            {
                "id": record.id,
                "time": record.time,
                "actor": record.entry.actor,
                "via": record.entry.via,
                "action": record.entry.action,
                "kind": record.entry.kind,
                "name": record.entry.name,
                "outcome": record.entry.outcome,
                "reason": record.entry.reason,
                "details": _details(record),
                "documentDigest": record.entry.document_digest,
                "sourceCommit": record.entry.source_commit,
                "previous": record.previous,
                "hash": record.hash,
            }
            for record in records
        ],
    }


def _report_data(report: ChainReport) -> dict[str, Any]:
    broken = report.broken
    return {
        "kind": "AuditVerification",
        "formatVersion": FORMAT_VERSION,
        "unbroken": broken is None,
        "rows": report.count,
        "head": report.head,
        "broken": broken
        and {"id": broken.id, "cause": broken.cause.word, "message": broken.cause},
    }


def _report_lines(report: ChainReport) -> Iterator[str]:
    if report.broken is not None:
        yield f"Row {report.broken.id} is broken: {report.broken.cause}."
        yield f"Verified before it: {counted(report.count, 'row')}."
    else:
        yield f"The audit log is unbroken: {counted(report.count, 'row')}."
    yield f"head: {report.head or '(none)'}"
