"""``logs``: what did the tasks write?"""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, reader_is_gone, tell
from controller.cli.views.logs import json_line, plain_line, render_lines
from controller.core.errors import RefusedError

_A_LINE_EACH = {"table": plain_line, "json": json_line}


def run(args: argparse.Namespace) -> int:
    """Print what the tasks of a service wrote, and go on if that is asked for."""
    from controller.bootstrap.command import read
    from controller.bootstrap.logs import Reader
    from controller.bootstrap.sight import aimed, sight
    from controller.clients.clock import SystemClock

    if args.follow and args.output not in _A_LINE_EACH:
        msg = f"--follow ends never, and {args.output} is written as a whole: use json"
        raise RefusedError(msg)
    context = read(args.file, args.environment, args.state)
    target = aimed(args.target, context, args.server)
    with sight(context, args.server) as seen:
        reader = Reader(seen.pages(target, args.task), SystemClock())
        found = reader.last(args.since, max(1, args.number))
        if not args.follow:
            out(render_lines(target, found, args.output))
            if not found:
                tell(f"{target} wrote nothing in that time.")
            return Exit.OK
        show = _A_LINE_EACH[args.output]
        for line in found:
            out(show(line))
        for line in reader.following(reader_is_gone):
            out(show(line))
    return Exit.OK
