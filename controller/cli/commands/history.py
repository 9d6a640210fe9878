"""``history``: what became of each rollout?"""

import argparse

from controller.cli.exits import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.rollouts import render_history


def run(args: argparse.Namespace) -> int:
    """Print the rollouts of a service, the newest first."""
    from controller.bootstrap.by_hand import rollouts_of
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.look import looking

    context = read(args.file, args.environment)
    (target,) = chosen_targets([args.target], context.document)
    with looking(context, without_store=True) as (controller, _):
        found = rollouts_of(controller, target)
    out(render_history(target, found[: max(1, args.number)], args.output))
    if not found:
        tell(f"{target} was never rolled out, as far as ECS remembers: 90 days.")
    return Exit.OK
