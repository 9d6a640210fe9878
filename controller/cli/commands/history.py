"""The ``history`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "List the rollouts of a service, or the history of a model, newest first."
DETAILS = (
    "The history of a model has the registrations of its versions, and the promotions "
    "and rollbacks in the audit log."
)
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``history``."""
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.observes_from_server(parser)
    options.number(parser, 20, "rollouts or events")


def run(args: argparse.Namespace) -> int:
    """Print the rollouts of a service, or the events of a model, newest first."""
    from controller.app.session import read
    from controller.app.views.view import aimed, sight
    from controller.cli.terminal import out, tell, terminal_width
    from controller.cli.views.model_history import render_model_history
    from controller.cli.views.rollouts import render_history

    context = read(args.file, args.environment, args.state)
    target, most = aimed(args.target, context, args.server), max(1, args.number)
    with sight(context, args.server) as seen:
        if target.kind == "model":
            events = seen.model_history(target)
            width = terminal_width()
            out(render_model_history(target, events[:most], args.output, width))
            if not events:
                tell(f"{target} has no versions and no recorded promotions.")
            return exit_codes.Exit.OK
        found = seen.rollouts(target)
    out(render_history(target, found[:most], args.output))
    if not found:
        tell(f"ECS has no rollouts of {target}; it keeps them for 90 days.")
    return exit_codes.Exit.OK
