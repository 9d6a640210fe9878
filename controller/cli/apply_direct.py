"""``apply`` without ``--server``: this process takes the lease and applies."""

import argparse
from dataclasses import dataclass

from controller.app.apply import ApplySession, applying
from controller.app.plan_files import origin_of, read_plan
from controller.app.read_only import deliveries_to_cancel
from controller.app.saved_plan import SavedPlanRun
from controller.app.session import Session, chosen_targets, read
from controller.cli.exit_codes import Exit
from controller.cli.next_command import (
    next_command,
    with_options_in_statuses,
    with_platform_options,
)
from controller.cli.terminal import confirmed, out, tell, terminal_width
from controller.cli.views.plans import cancellation_notice, render_plan, summary
from controller.cli.views.progress import ApplyProgress, cost_comparison
from controller.cli.views.statuses import StatusOutput, render_report
from controller.core.document.resource import ResourceId
from controller.core.errors import DriverError, RefusedError
from controller.core.planning.planner import DesiredState
from controller.core.planning.scope import Scope
from controller.core.resources.cost import Cost, CostTotal
from controller.core.resources.plan import Plan
from controller.engine.reconciler import PassResult
from controller.kinds.webhook.state import LARGEST_BACKLOG

_NO_LIMIT = 1_000_000_000


def apply_direct(args: argparse.Namespace) -> int:
    """Plan, confirm, apply, and follow the changes until they have converged."""
    task = _saved_plan(args) if args.plan else _selected(args)
    backlog = _NO_LIMIT if args.allow_backlog else LARGEST_BACKLOG
    with applying(task.context, largest_backlog=backlog) as work:
        desired = work.controller.desired(task.targets)
        plan = work.controller.plan(desired, Scope(task.scope.targets))
        if task.planned is not None:
            task.planned.check(plan)
            plan = task.scope.included(plan)
        costs = work.controller.costs(plan)
        if not task.targets:
            for name, count in sorted(deliveries_to_cancel(task.context).items()):
                tell(cancellation_notice(name, count))
        if plan.actions and not args.yes:
            shown = with_platform_options(plan, args)
            tell(render_plan(shown, "table", task.size(desired), costs))
            if not confirmed("Apply these changes?"):
                tell("Not confirmed; nothing was changed.")
                return Exit.FAILED
        result = _follow(args, work, desired, task)
        _record_end(work, task, "Converged" if result.converged else "NotConverged")
        _report(args, work, plan, result, costs.total)
    tell(summary(result.left, task.size(desired)))
    return Exit.OK if result.converged else Exit.DIFFERENT


@dataclass(frozen=True)
class _Task:
    """The selected part of the document.

    Attributes:
        context: The context of the command.
        targets: The resources to observe, with their dependencies; empty for all.
        scope: The resources and actions that are allowed.
        planned: The saved plan, with ``--plan``.
    """

    context: Session
    targets: frozenset[ResourceId]
    scope: Scope
    planned: SavedPlanRun | None = None

    def size(self, desired: DesiredState) -> int:
        """Return the number of resources in scope."""
        return len(desired if self.scope.targets is None else self.scope.targets)


def _selected(args: argparse.Namespace) -> _Task:
    context = read(args.file, args.environment, args.state)
    targets = chosen_targets(args.targets, context.document)
    return _Task(context, targets, Scope(targets or None))


def _saved_plan(args: argparse.Namespace) -> _Task:
    from controller.cli.schemas import plan_schema

    if args.targets:
        msg = (
            "--plan takes its resources from the saved plan: leave out --plan or "
            "KIND/NAME"
        )
        raise RefusedError(msg)
    plan = read_plan(args.plan, plan_schema())
    context = read(args.file, args.environment or plan.origin.environment, args.state)
    planned = SavedPlanRun(plan, context.kinds)
    targets = frozenset(plan.origin.targets)
    planned.check_origin(origin_of(context, targets, plan.origin.created_at))
    return _Task(context, targets, planned.scope, planned)


def _follow(
    args: argparse.Namespace, work: ApplySession, desired: DesiredState, task: _Task
) -> PassResult:
    """Return the last pass; on Ctrl-C, start no further change."""
    progress = ApplyProgress()

    def show(result: PassResult, elapsed: float) -> None:
        if task.planned is not None:
            task.planned.note(result)
        progress.show(result, elapsed)

    try:
        return work.until_settled(desired, task.scope, args.timeout, show)
    except KeyboardInterrupt:
        work.stop()
        _record_end(work, task, "Interrupted")
        command = next_command(args, " ".join(("apply", *args.targets)))
        tell(
            "Interrupted: no further change is started, and AWS completes those that "
            f"were started. To continue, run: {command}"
        )
        raise


def _record_end(work: ApplySession, task: _Task, outcome: str) -> None:
    """Record the end in the audit log; a failure does not change the result."""
    try:
        work.record_end(task.scope.targets or (), outcome)
    except DriverError as error:
        tell(f"The end of this command is not in the audit log: {error}")


def _report(
    args: argparse.Namespace,
    work: ApplySession,
    plan: Plan,
    result: PassResult,
    estimate: Cost,
) -> None:
    now = work.controller.clock.now()
    bill = (
        CostTotal(estimate, work.tally.cost, work.tally.looks) if plan.actions else None
    )
    statuses = with_options_in_statuses(result.statuses, args)
    out(
        render_report(
            StatusOutput(statuses, now, bill=bill), args.output, terminal_width()
        )
    )
    if bill is not None:
        tell(cost_comparison(bill))
