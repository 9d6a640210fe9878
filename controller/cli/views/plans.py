"""Plans, for people and for programs."""

import json
import re
from collections.abc import Iterator
from typing import Any, assert_never

from controller.cli.views.data import as_json, as_yaml, plan_data
from controller.core.cost import Cost, Costs
from controller.core.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Plan,
    Verb,
    Verdict,
)

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
# Of these, what is left of a long word before the cut.
_HEAD = 12
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def render_plan(
    plan: Plan, output: str, looked_at: int, costs: Costs | None = None
) -> str:
    """Return ``plan`` in the format ``output``.

    Args:
        plan: What to show.
        output: One of table, json, yaml and markdown.
        looked_at: How many resources the plan speaks of, silent ones too.
        costs: What it takes, if that is to be told.
    """
    told = [cost_told(costs.total)] if costs and plan.actions else []
    match output:
        case "json":
            return as_json(plan_data(plan, costs))
        case "yaml":
            return as_yaml(plan_data(plan, costs))
        case "markdown":
            return "\n".join((*_markdown(plan, looked_at), *([""] * bool(told)), *told))
        case _:
            return "\n".join((*_table(plan, looked_at), *told))


def cost_told(cost: Cost) -> str:
    """Return in one sentence what something takes."""
    calls, restarts = counted(cost.calls, "call"), counted(cost.restarts, "restart")
    return f"It takes about {calls} to change something, {restarts}, {cost.seconds} s."


def counted(number: int, what: str) -> str:
    """Return a number of things, as in ``1 call`` and ``2 calls``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def summary(plan: Plan, looked_at: int) -> str:
    """Return one line that counts what is to be done and what is not."""
    counts = dict.fromkeys(Verb, 0)
    for action in plan.actions:
        counts[action.verb] += 1
    parts = [f"{count} to {verb}" for verb, count in counts.items() if count]
    parts += [f"{len(plan.advice)} for a person"] if plan.advice else []
    parts += [f"{len(plan.blocked)} held back"] if plan.blocked else []
    touched = {verdict.target for verdict in plan.verdicts}
    parts.append(f"{max(0, looked_at - len(touched))} unchanged")
    return ", ".join(parts) + "."


def _table(plan: Plan, looked_at: int) -> Iterator[str]:
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
    yield summary(plan, looked_at)


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
    """Return a value on one line, cut where it would run off the screen.

    What is one word, as an ARN or an image, differs from another at its end mostly:
    it is cut in the middle, and a digest is as long as people compare it.
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


def _markdown(plan: Plan, looked_at: int) -> Iterator[str]:
    yield f"**{summary(plan, looked_at)}**"
    everything = plan.verdicts
    if not everything:
        return
    yield ""
    yield "| | resource | what | why | field | from | to |"
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
            return ("!", f"`{verdict.target}`", "for a person", verdict.message)
        case Blocked():
            return ("?", f"`{verdict.target}`", verdict.hold, verdict.message)
        case _:
            assert_never(verdict)
