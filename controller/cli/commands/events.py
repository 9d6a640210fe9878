"""The ``events`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "List recorded events, newest last."
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``events``."""
    options.target(parser, optional=True)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)
    options.number(parser, 20, "events")


def run(args: argparse.Namespace) -> int:
    """Print the recorded events, newest last."""
    from dataclasses import replace

    from controller.app.remote_records import remembered
    from controller.app.session import address, read
    from controller.cli.next_command import with_options_in
    from controller.cli.terminal import out, tell
    from controller.cli.views.events import render_events

    context = read(args.file, args.environment, args.state)
    target = address(args.target, context.kinds) if args.target else None
    with remembered(context, args.server) as stored:
        found = stored.events(max(1, args.number), target)[::-1]
        now = stored.clock.now()
    found = tuple(
        replace(one, message=with_options_in(one.message, args)) for one in found
    )
    out(render_events(found, args.output, now))
    if not found:
        tell(f"No events are recorded for {target or 'any resource'}.")
    return exit_codes.Exit.OK
