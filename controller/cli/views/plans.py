"""Plans."""

import json
import re
from collections.abc import Iterator
from typing import Any, assert_never

from controller.cli.views.data import as_json, as_yaml, plan_data
from controller.core.resources.cost import Cost, Costs
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Plan,
    Verb,
    Verdict,
)
from controller.core.values.counts import counted

MARK = {
    Verb.CREATE: "+",
    Verb.UPDATE: "~",
    Verb.REPLACE: "±",
    Verb.RESTART: "↻",
    Verb.ANNOUNCE: ">",
    Verb.DELETE: "-",
    Verb.ROLL_BACK: "<",
    Verb.RESUME: ">",
    Verb.RETRY: "↻",
}
_LONGEST = 60
# Length of the part before the ellipsis in a long word.
_HEAD = 12
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def render_plan(
    plan: Plan, output: str, selected: int, costs: Costs | None = None
) -> str:
    """Return ``plan`` in the format ``output``.

    Args:
        plan: The plan.
        output: One of table, json, yaml and markdown.
        selected: Number of resources that were compared, unchanged ones included.
        costs: The estimated costs, if they are to be shown.
    """
    estimate = [cost_estimate(costs.total)] if costs and plan.actions else []
    match output:
        case "json":
            return as_json(plan_data(plan, costs))
        case "yaml":
            return as_yaml(plan_data(plan, costs))
        case "markdown":
            return "\n".join(
                (*_markdown(plan, selected), *([""] * bool(estimate)), *estimate)
            )
        case _:
            return "\n".join((*_table(plan, selected), *estimate))


def cost_estimate(cost: Cost) -> str:
    """Return the estimated cost of a plan in one sentence."""
    calls = counted(cost.calls, "write call")
    restarts = counted(cost.restarts, "restart")
    return f"Estimated: {calls}, {restarts}, {cost.seconds} s."


def summary(plan: Plan, selected: int) -> str:
    """Return one line with the number of actions, manual actions and the rest."""
    counts = dict.fromkeys(Verb, 0)
    for action in plan.actions:
        counts[action.verb] += 1
    parts = [f"{count} to {verb}" for verb, count in counts.items() if count]
    parts += [_manual(len(plan.advice))] if plan.advice else []
    parts += [f"{len(plan.blocked)} held back"] if plan.blocked else []
    touched = {verdict.target for verdict in plan.verdicts}
    parts.append(f"{max(0, selected - len(touched))} unchanged")
    return ", ".join(parts) + "."


def _manual(number: int) -> str:
    return f"{number} {'needs' if number == 1 else 'need'} manual action"


def _table(plan: Plan, selected: int) -> Iterator[str]:
    for action in plan.actions:
        yield _headline(action)
        yield from _change_lines(action.changes)
    for advice in plan.advice:
        yield f"! {advice.target}  {advice.reason}: {advice.message}"
        yield from _change_lines(advice.changes)
        yield from (f"    run: {line}" for line in advice.command.splitlines())
    for blocked in plan.blocked:
        yield f"? {blocked.target}  {blocked.hold}: {blocked.message}"
        yield from _change_lines(blocked.changes)
    yield summary(plan, selected)


def _headline(action: Action) -> str:
    waits = ", ".join(map(str, action.waits_for))
    after = f", after {waits}" if waits else ""
    return f"{MARK[action.verb]} {action.target}  {action.verb}: {action.reason}{after}"


def _change_lines(changes: tuple[Change, ...]) -> Iterator[str]:
    for change in changes:
        before, after = shown(change.before), shown(change.after)
        cause = f", {change.cause.lower()}" if change.cause else ""
        yield f"    {change.path}: {before} -> {after}  ({change.effect}{cause})"


def shown(value: Any) -> str:
    """Return a value on one line, shortened to the width of a column.

    A single word, such as an ARN or an image, is shortened in the middle, since most
    of them differ at the end. A digest keeps 12 digits.
    """
    match value:
        case None:
            return "(none)"
        case str():
            text = value
        case _:
            text = json.dumps(value, ensure_ascii=False, default=str)
    text = _DIGEST.sub(r"\1…", text)
    if len(text) <= _LONGEST:
        return text
    if " " in text:
        return f"{text[: _LONGEST - 1]}…"
    return f"{text[:_HEAD]}…{text[_HEAD + 1 - _LONGEST :]}"


def _markdown(plan: Plan, selected: int) -> Iterator[str]:
    yield f"**{summary(plan, selected)}**"
    everything = plan.verdicts
    if not everything:
        return
    yield ""
    yield "| | resource | action | reason | field | from | to |"
    yield "|---|---|---|---|---|---|---|"
    for verdict in everything:
        start = " | ".join(_cells(verdict))
        rows = [
            f"`{c.path}` | `{shown(c.before)}` | `{shown(c.after)}`"
            for c in verdict.changes
        ] or [" | | "]
        for row in rows:
            yield f"| {start} | {row} |"


def _cells(verdict: Verdict) -> tuple[str, str, str, str]:
    match verdict:
        case Action():
            return (
                MARK[verdict.verb],
                f"`{verdict.target}`",
                verdict.verb,
                verdict.reason,
            )
        case Advice():
            return ("!", f"`{verdict.target}`", "manual action", verdict.message)
        case Blocked():
            return ("?", f"`{verdict.target}`", verdict.hold, verdict.message)
        case _:
            assert_never(verdict)


def cancellation_notice(target: str, count: int) -> str:
    """Return a sentence about pending deliveries whose target left the document."""
    deliveries = counted(count, "pending delivery", "pending deliveries")
    return (
        f"webhook/{target} is not declared any more: the next pass of `hokusai run` "
        f"cancels its {deliveries}."
    )
