"""The ``diff`` command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.core.document.resource import ResourceId
    from controller.core.resources.cost import Costs
    from controller.core.resources.plan import Plan

SUMMARY = "Show the changes that `apply` would make. Read-only."
GROUP = Group.DEPLOY
EXIT_CODES = {
    0: "in sync: everything was read, and `apply` would change nothing",
    1: "not in sync: there are changes, held-back changes or manual actions",
    2: "something could not be read, or no plan is possible (takes precedence over 1)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``diff``."""
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    parser.add_argument(
        "--without-store",
        action="store_true",
        help="do not open the database; resources that need it are left out and named "
        "on stderr",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--explain",
        metavar="PATH",
        help="compare the values at this path (for example task.cpu) one by one, with "
        "the rule that makes two values equal or ignores a difference; '' selects "
        "every path",
    )
    either.add_argument(
        "--out",
        type=Path,
        metavar=options.FILE,
        help="also save the plan, for `apply --plan FILE`",
    )


def run(args: argparse.Namespace) -> int:
    """Compare the document with the observed state and print the plan."""
    from controller.app.read_only import deliveries_to_cancel, looking
    from controller.app.session import chosen_targets, read
    from controller.cli.next_command import with_platform_options
    from controller.cli.terminal import out, tell, tell_warnings
    from controller.cli.views.explanations import render_explanations
    from controller.cli.views.plans import cancellation_notice, render_plan
    from controller.core.planning.scope import Scope
    from controller.core.values.redact import redact

    context = read(args.file, args.environment, args.state)
    tell_warnings(context.document.warnings)
    for fill in context.document.fills:
        if not fill.variable.startswith("-"):
            value = redact(fill.value, ())
            tell(f"{fill.path} is set by the variable {fill.variable}: {value}")
    targets = chosen_targets(args.targets, context.document)
    with looking(context, without_store=args.without_store) as (controller, left_out):
        desired = {
            id_: resource
            for id_, resource in controller.desired(targets).items()
            if id_.kind not in left_out
        }
        if args.explain is not None:
            wanted = {
                id_: r for id_, r in desired.items() if id_ in targets or not targets
            }
            told = controller.explain(wanted, args.explain)
            out(render_explanations(told, args.explain, args.output))
            return exit_codes.of_explanations(told)
        plan = controller.plan(desired, Scope(targets or None))
        costs = controller.costs(plan)
    if not (targets or args.without_store):
        for name, count in sorted(deliveries_to_cancel(context).items()):
            tell(cancellation_notice(name, count))
    for kind in sorted(left_out):
        tell(f"Left out: every {kind}; its state is in the database only.")
    shown = with_platform_options(plan, args)
    out(render_plan(shown, args.output, len(targets or desired), costs))
    if args.out is not None:
        _save(args, context, targets, plan, costs)
    return exit_codes.of_plan(plan)


def _save(
    args: argparse.Namespace,
    context: Session,
    targets: frozenset[ResourceId],
    plan: Plan,
    costs: Costs,
) -> None:
    from controller.app.plan_files import binding_data, origin_of, write_plan
    from controller.cli.terminal import tell
    from controller.cli.views.data import plan_data
    from controller.clients.clock import SystemClock
    from controller.core.planning.plan_file import saved_plan

    origin = origin_of(context, targets, SystemClock().now())
    binding = binding_data(saved_plan(plan, origin), context.kinds)
    write_plan(args.out, {**plan_data(plan, costs), "binding": binding})
    tell(f"Saved to {args.out}; apply it with `hokusai apply --plan {args.out}`.")
