"""``events``: what happened?"""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.events import render_events


def run(args: argparse.Namespace) -> int:
    """Print what is remembered of what happened, the latest last."""
    from controller.bootstrap.command import address, read
    from controller.bootstrap.remote import remembered

    context = read(args.file, args.environment, args.state)
    target = address(args.target, context.kinds) if args.target else None
    with remembered(context, args.server) as stored:
        found = stored.events(max(1, args.number), target)[::-1]
        now = stored.clock.now()
    out(render_events(found, args.output, now))
    if not found:
        tell(f"Nothing happened to {target or 'anything'} yet.")
    return Exit.OK
