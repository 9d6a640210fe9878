"""Conditions and details of resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from controller.cli.terminal import UNLIMITED_WIDTH
from controller.cli.views.data import (
    as_json,
    as_yaml,
    cost_data,
    moment,
    status_data,
)
from controller.cli.views.tables import fitted, markdown, one_line
from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions, ConditionType, Truth
from controller.core.resources.cost import CostTotal
from controller.core.resources.details import Cell, DetailSection
from controller.core.values.counts import counted

if TYPE_CHECKING:
    from controller.bootstrap.call_count import CallsSpent
    from controller.store.heartbeat import Heartbeat

_CONDITION = ("condition", "status", "reason", "since", "message")
_HEAD = ("resource", "status", "since", "message")
Statuses = Mapping[ResourceId, Conditions]
Table = Callable[[Sequence[str], Sequence[Sequence[str]]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class StatusOutput:
    """Everything that ``status`` and ``apply`` print about resources.

    Attributes:
        statuses: The conditions of each resource.
        now: The current time.
        details: The details of one resource, if it was selected.
        last_pass: The last completed pass and its controller, with ``--verbose``.
        spent: The API calls of one observation, with ``--verbose``.
        bill: The estimated and the actual cost, if something was applied.
    """

    statuses: Statuses
    now: datetime
    details: Mapping[ResourceId, Sequence[DetailSection]] = field(default_factory=dict)
    last_pass: Heartbeat | None = None
    spent: CallsSpent | None = None
    bill: CostTotal | None = None


def render_report(
    report: StatusOutput, output: str, width: int = UNLIMITED_WIDTH
) -> str:
    """Return the report in the format ``output``; a table fits into ``width``."""
    match output:
        case "json":
            return as_json(report_data(report))
        case "yaml":
            return as_yaml(report_data(report))
        case "markdown":
            return "\n".join(_parts(report, markdown, "### "))
        case _:
            return "\n".join(_parts(report, partial(fitted, width=width), ""))


def render_statuses(
    statuses: Statuses, output: str, now: datetime, width: int = UNLIMITED_WIDTH
) -> str:
    """Return the conditions in the format ``output``; a table fits into ``width``."""
    return render_report(StatusOutput(statuses, now), output, width)


def report_data(report: StatusOutput) -> dict[str, Any]:
    """Return the report as plain data."""
    data = status_data(report.statuses)
    for resource in data["resources"]:
        for id_, sections in report.details.items():
            if str(id_) == resource["resource"]:
                resource["details"] = [_section_data(s) for s in sections]
    if report.last_pass is not None:
        beat = report.last_pass
        data["lastPass"] = {"at": moment(beat.beat), "by": beat.holder}
    if report.spent is not None:
        data["spent"] = _spent_data(report.spent)
    if report.bill is not None:
        data["cost"] = {
            "estimated": cost_data(report.bill.estimated),
            "actual": cost_data(report.bill.actual),
            "reads": report.bill.looks,
        }
    return data


def _section_data(section: DetailSection) -> dict[str, Any]:
    rows = [dict(zip(section.columns, row, strict=True)) for row in section.rows]
    return {"title": section.title, "rows": rows, "problem": section.problem}


def _spent_data(spent: CallsSpent) -> dict[str, Any]:
    return {
        "calls": [
            {"call": c.name, "times": c.times, "writes": c.writes} for c in spent.calls
        ],
        "rules": [{"kind": k, "rule": rule} for k, rule in spent.rules.items()],
    }


def rows(statuses: Statuses, now: datetime) -> Iterator[tuple[str, str, str, str]]:
    """Yield resource, status, age and message of every resource."""
    for id_, conditions in sorted(statuses.items()):
        ready = conditions[ConditionType.READY]
        since = age(now - ready.last_transition)
        yield str(id_), word(conditions), since, one_line(ready.message)


def word(conditions: Conditions) -> str:
    """Return the status of a resource in one word."""
    if conditions[ConditionType.SUSPENDED].status is Truth.TRUE:
        return "Suspended"
    ready = conditions[ConditionType.READY]
    if ready.status is Truth.TRUE:
        return "Ready"
    if conditions[ConditionType.STALLED].status is Truth.TRUE:
        return "Stalled"
    return "Unknown" if ready.status is Truth.UNKNOWN else ready.reason


def age(span: timedelta) -> str:
    """Return a duration in its largest unit, as in ``5m``."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _parts(report: StatusOutput, table: Table, mark: str) -> Iterator[str]:
    """Yield the lines of the report: tables with titles."""
    yield from table(_HEAD, list(rows(report.statuses, report.now)))
    for id_, sections in report.details.items():
        conditions = report.statuses.get(id_, {})
        yield from ("", f"{mark}conditions", *([""] * bool(mark)))
        yield from table(_CONDITION, list(_conditions(conditions, report.now)))
        for section in sections:
            yield from ("", f"{mark}{section.title}", *([""] * bool(mark)))
            yield from _section(section, table)
    yield from _spent(report, table, mark)


def _conditions(
    conditions: Conditions, now: datetime
) -> Iterator[tuple[str, str, str, str, str]]:
    for type_, found in conditions.items():
        since = age(now - found.last_transition)
        yield type_, found.status, found.reason, since, one_line(found.message)


def _section(section: DetailSection, table: Table) -> Iterator[str]:
    if section.problem:
        yield f"(could not be read: {section.problem})"
    elif section.rows:
        lines = [[_cell(cell) for cell in row] for row in section.rows]
        yield from table(section.columns, lines)
    else:
        yield "(none)"


def _spent(report: StatusOutput, table: Table, mark: str) -> Iterator[str]:
    if report.last_pass is not None:
        ago = age(report.now - report.last_pass.beat)
        yield from ("", f"Last pass: {ago} ago, by {report.last_pass.holder}.")
    if report.spent is None:
        return
    spent = report.spent
    calls = f"{counted(spent.times, 'call')}, {counted(spent.writes, 'write')}"
    yield from (
        "",
        f"{mark}API calls of one observation: {calls}",
        *([""] * bool(mark)),
    )
    lines = [[c.name, str(c.times), str(c.writes)] for c in spent.calls]
    yield from table(("call", "times", "writes"), lines)
    yield from ("", f"{mark}rules", *([""] * bool(mark)))
    yield from table(("kind", "calls per observation"), list(spent.rules.items()))


def _cell(cell: Cell) -> str:
    return "" if cell is None else one_line(str(cell))
