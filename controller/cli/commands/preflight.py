"""``preflight``: is everything there that the resources rest on?"""

import argparse

from controller.cli.exit_codes import of_results
from controller.cli.terminal import out
from controller.cli.views.findings import render_results


def run(args: argparse.Namespace) -> int:
    """Make every check, and print all findings. Reads only, and no secret's value."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.look import looking

    context = read(args.file, args.environment, args.state)
    targets = chosen_targets(args.targets, context.document)
    declared = context.document.resources
    with looking(context, without_store=True) as (controller, _):
        asked = {id_: declared[id_] for id_ in targets or declared}
        results = controller.inspect(asked)
    out(render_results(results, args.output))
    return of_results(results)
