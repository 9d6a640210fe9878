"""``history``: what became of each rollout?"""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.rollouts import render_history


def run(args: argparse.Namespace) -> int:
    """Print the rollouts of a service, the newest first."""
    from controller.bootstrap.command import read
    from controller.bootstrap.sight import aimed, sight

    context = read(args.file, args.environment, args.state)
    target = aimed(args.target, context, args.server)
    with sight(context, args.server) as seen:
        found = seen.rollouts(target)
    out(render_history(target, found[: max(1, args.number)], args.output))
    if not found:
        tell(f"{target} was never rolled out, as far as ECS remembers: 90 days.")
    return Exit.OK
