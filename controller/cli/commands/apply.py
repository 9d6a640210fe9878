"""``apply``: make it so, once, and wait until it is."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controller.cli.exit_codes import Exit
from controller.cli.next_command import again
from controller.cli.terminal import confirmed, interactive, out, tell
from controller.cli.views.plans import render_plan, summary
from controller.cli.views.progress import Progress, compared
from controller.cli.views.statuses import Report, render_report
from controller.core.cost import Bill
from controller.core.errors import RefusedError
from controller.core.scope import Scope

if TYPE_CHECKING:
    from controller.bootstrap.applying import Applying
    from controller.bootstrap.command import Context
    from controller.bootstrap.planned import Planned
    from controller.core.cost import Cost
    from controller.core.plan import Plan
    from controller.core.planner import DesiredState
    from controller.core.resource import ResourceId
    from controller.engine.reconciler import PassResult

_NO_LIMIT = 1_000_000_000


def run(args: argparse.Namespace) -> int:
    """Plan, ask, act, and follow what was begun to its end."""
    from controller.bootstrap.applying import applying
    from controller.kinds.webhook.state import LARGEST_BACKLOG

    if not args.yes and not interactive():
        msg = "nobody can be asked here: pass --yes to apply without asking"
        raise RefusedError(msg)
    if args.server:
        return _ask(args)
    task = _planned(args) if args.plan else _chosen(args)
    backlog = _NO_LIMIT if args.allow_backlog else LARGEST_BACKLOG
    with applying(task.context, largest_backlog=backlog) as work:
        desired = work.controller.desired(task.targets)
        plan = work.controller.plan(desired, Scope(task.scope.targets))
        if task.planned is not None:
            task.planned.check(plan)
            plan = task.scope.inside(plan)
        costs = work.controller.costs(plan)
        if plan.actions and not args.yes:
            tell(render_plan(plan, "table", task.size(desired), costs))
            if not confirmed("Apply this?"):
                tell("Nothing was done.")
                return Exit.FAILED
        result = _follow(args, work, desired, task)
        _report(args, work, plan, result, costs.total)
    tell(summary(result.left, task.size(desired)))
    return Exit.OK if result.converged else Exit.DIFFERENT


def _ask(args: argparse.Namespace) -> int:
    """Let whoever holds the lease apply what it has, and follow it to its end."""
    from controller.cli.apply_remote import run as run_there

    return run_there(args)


@dataclass(frozen=True)
class _Task:
    """What is asked for.

    Attributes:
        context: What the command works with.
        targets: What to look at, with what it depends on; empty for everything.
        scope: What may be done.
        planned: The saved plan, if it is one that is carried out.
    """

    context: Context
    targets: frozenset[ResourceId]
    scope: Scope
    planned: Planned | None = None

    def size(self, desired: DesiredState) -> int:
        """Return how many resources this is about."""
        return len(desired if self.scope.targets is None else self.scope.targets)


def _chosen(args: argparse.Namespace) -> _Task:
    from controller.bootstrap.command import chosen_targets, read

    context = read(args.file, args.environment, args.state)
    targets = chosen_targets(args.targets, context.document)
    return _Task(context, targets, Scope(targets or None))


def _planned(args: argparse.Namespace) -> _Task:
    from controller.bootstrap.command import read
    from controller.bootstrap.plan_files import origin_of, read_plan
    from controller.bootstrap.planned import Planned
    from controller.cli.schemas import plan_schema

    if args.targets:
        msg = "a saved plan says what it acts on: leave out --plan, or the targets"
        raise RefusedError(msg)
    plan = read_plan(args.plan, plan_schema())
    context = read(args.file, args.environment or plan.origin.environment, args.state)
    planned = Planned(plan, context.kinds)
    asked = frozenset(plan.origin.targets)
    planned.check_origin(origin_of(context, asked, plan.origin.created_at))
    return _Task(context, asked, planned.scope, planned)


def _follow(
    args: argparse.Namespace, work: Applying, desired: DesiredState, task: _Task
) -> PassResult:
    """Return the last pass; at Ctrl-C, begin nothing further and say how to go on."""
    progress = Progress()

    def told(result: PassResult, elapsed: float) -> None:
        if task.planned is not None:
            task.planned.note(result)
        progress.show(result, elapsed)

    try:
        return work.until_settled(desired, task.scope, args.timeout, told)
    except KeyboardInterrupt:
        work.stop()
        command = again(args, " ".join(("apply", *args.targets)))
        tell(
            "Interrupted. Nothing further is begun, and what was begun goes on by "
            f"itself; go on with: {command}"
        )
        raise


def _report(
    args: argparse.Namespace,
    work: Applying,
    plan: Plan,
    result: PassResult,
    foretold: Cost,
) -> None:
    now = work.controller.clock.now()
    bill = Bill(foretold, work.tally.cost, work.tally.looks) if plan.actions else None
    out(render_report(Report(result.statuses, now, bill=bill), args.output))
    if bill is not None:
        tell(compared(bill))
