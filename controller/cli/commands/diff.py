"""``diff``: what would apply do?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli.exit_codes import of_explanations, of_plan
from controller.cli.terminal import out, tell
from controller.cli.views.data import plan_data
from controller.cli.views.explanations import render_explanations
from controller.cli.views.plans import render_plan
from controller.core.redact import redact

if TYPE_CHECKING:
    from controller.bootstrap.command import Context
    from controller.core.cost import Costs
    from controller.core.plan import Plan
    from controller.core.resource import ResourceId


def run(args: argparse.Namespace) -> int:
    """Look at the world and print the difference. Writes nothing anywhere."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.look import looking
    from controller.core.scope import Scope

    context = read(args.file, args.environment, args.state)
    for fill in context.document.fills:
        if not fill.variable.startswith("-"):
            value = redact(fill.value, ())
            tell(f"{fill.path} is filled in by {fill.variable}: {value}")
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
            return of_explanations(told)
        plan = controller.plan(desired, Scope(targets or None))
        costs = controller.costs(plan)
    for kind in sorted(left_out):
        tell(f"Left out: every {kind}; only the store knows what was announced.")
    out(render_plan(plan, args.output, len(targets or desired), costs))
    if args.out is not None:
        _save(args, context, targets, plan, costs)
    return of_plan(plan)


def _save(
    args: argparse.Namespace,
    context: Context,
    targets: frozenset[ResourceId],
    plan: Plan,
    costs: Costs,
) -> None:
    from controller.bootstrap.plan_files import binding_data, origin_of, write_plan
    from controller.clients.clock import SystemClock
    from controller.core.plan_file import saved

    origin = origin_of(context, targets, SystemClock().now())
    binding = binding_data(saved(plan, origin), context.kinds)
    write_plan(args.out, {**plan_data(plan, costs), "binding": binding})
    tell(f"Saved to {args.out}; carry it out with `hokusai apply --plan {args.out}`.")
