"""``diff``: what would apply do?"""

import argparse

from controller.cli.exits import of_plan
from controller.cli.terminal import out, tell
from controller.cli.views.plans import render_plan


def run(args: argparse.Namespace) -> int:
    """Look at the world and print the difference. Writes nothing anywhere."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.look import looking

    context = read(args.file, args.environment)
    for fill in context.document.fills:
        if not fill.variable.startswith("-"):
            tell(f"{fill.path} is filled in by {fill.variable}.")
    targets = chosen_targets(args.targets, context.document)
    with looking(context, without_store=args.without_store) as (controller, left_out):
        desired = {
            id_: resource
            for id_, resource in controller.desired(targets).items()
            if id_.kind not in left_out
        }
        plan = controller.plan(desired)
    for kind in sorted(left_out):
        tell(f"Left out: every {kind}; only the store knows what was announced.")
    out(render_plan(plan, args.output, len(desired)))
    return of_plan(plan)
