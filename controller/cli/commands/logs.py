"""The ``logs`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Show the logs of the tasks of a service, newest last."
GROUP = Group.INSPECT
EXIT_CODES = {
    0: "every line of the selected time was read; there may be none",
    2: "failed; the message on stderr gives the reason",
    130: "interrupted, the usual end of --follow",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``logs``."""
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.observes_from_server(parser)
    parser.add_argument(
        "--since",
        type=options.span,
        default="10m",
        metavar="SPAN",
        help="start this long ago, for example 30s, 10m, 2h or 7d (default: "
        "%(default)s)",
    )
    options.number(parser, 100, "lines")
    parser.add_argument(
        "--task",
        default="",
        metavar="ID",
        help="only the task with this id; a prefix of the id is enough",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="stream new lines until Ctrl-C; needs -o table, or -o json for one object "
        "per line",
    )


def run(args: argparse.Namespace) -> int:
    """Print the lines that tasks wrote, and stream new ones with ``--follow``."""
    from controller.app.logs import LogReader
    from controller.app.session import read
    from controller.app.views.view import aimed, sight
    from controller.cli.terminal import out, reader_is_gone, tell
    from controller.cli.views.logs import LINE_FORMATS, render_lines
    from controller.clients.clock import SystemClock
    from controller.core.errors import RefusedError

    if args.follow and args.output not in LINE_FORMATS:
        msg = (
            f"--follow does not support -o {args.output}, which prints a complete "
            "document: use -o table or -o json"
        )
        raise RefusedError(msg)
    context = read(args.file, args.environment, args.state)
    target = aimed(args.target, context, args.server)
    with sight(context, args.server) as seen:
        reader = LogReader(seen.pages(target, args.task), SystemClock())
        found = reader.last(args.since, max(1, args.number))
        if not args.follow:
            out(render_lines(target, found, args.output))
            if not found:
                tell(f"{target} wrote no log lines in that time.")
            return exit_codes.Exit.OK
        show = LINE_FORMATS[args.output]
        for line in found:
            out(show(line))
        for line in reader.following(reader_is_gone):
            out(show(line))
    return exit_codes.Exit.OK
