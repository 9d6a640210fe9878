"""The ``history`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "List the rollouts of a service with their results, newest first."
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``history``."""
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.observes_from_server(parser)
    options.number(parser, 20, "rollouts")


def run(args: argparse.Namespace) -> int:
    """Print the rollouts of a service, newest first."""
    from controller.app.session import read
    from controller.app.views.view import aimed, sight
    from controller.cli.terminal import out, tell
    from controller.cli.views.rollouts import render_history

    context = read(args.file, args.environment, args.state)
    target = aimed(args.target, context, args.server)
    with sight(context, args.server) as seen:
        found = seen.rollouts(target)
    out(render_history(target, found[: max(1, args.number)], args.output))
    if not found:
        tell(f"ECS has no rollouts of {target}; it keeps them for 90 days.")
    return exit_codes.Exit.OK
