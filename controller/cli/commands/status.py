"""The ``status`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from controller.app.records import StoreRecords
    from controller.app.remote_records import RemoteRecords
    from controller.cli.views.statuses import Statuses
    from controller.core.document.resource import ResourceId

SUMMARY = "Show the status of every resource, or the details of one."
DETAILS = (
    "The status is the one that the last pass recorded. With exactly one KIND/NAME, "
    "live details are read from AWS."
)
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.READY
_REFRESH_SECONDS = 1.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``status``."""
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)
    parser.add_argument(
        "--watch", action="store_true", help="show every change until Ctrl-C"
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="also show the time of the last pass, and the number of API calls that "
        "one observation takes",
    )


def run(args: argparse.Namespace) -> int:
    """Print the recorded status, and the details if one resource is selected."""
    from controller.app.remote_records import remembered
    from controller.app.session import chosen_targets, read
    from controller.app.status_details import look_closer, look_closer_there
    from controller.cli.terminal import out, terminal_width
    from controller.cli.views.statuses import StatusOutput, render_report

    context = read(args.file, args.environment, args.state)
    targets = chosen_targets(args.targets, context.document)
    with remembered(context, args.server) as stored:
        if args.watch:
            return _watch(args, stored, targets)
        statuses = _shown(args, stored.statuses(), targets)
        one = next(iter(targets)) if len(targets) == 1 else None
        # With a server, the details come from there: no AWS credentials are needed.
        closer = (
            look_closer_there(context, one, args.server)
            if args.server
            else look_closer(context, one, everything=args.verbose)
        )
        report = StatusOutput(
            statuses,
            stored.clock.now(),
            closer.details,
            stored.last_pass() if args.verbose else None,
            closer.spent,
        )
    out(render_report(report, args.output, terminal_width()))
    return _exit_code(statuses)


def _watch(
    args: argparse.Namespace,
    stored: StoreRecords | RemoteRecords,
    targets: Iterable[ResourceId],
) -> int:
    """Show every change until Ctrl-C."""
    from controller.cli.terminal import reader_is_gone
    from controller.cli.views.watch import StatusWatch

    statuses: Statuses = {}
    with StatusWatch(args.output) as watch:
        try:
            while not reader_is_gone():
                statuses = _shown(args, stored.statuses(), targets)
                watch.show(statuses, stored.clock.now())
                stored.clock.sleep(_REFRESH_SECONDS)
        except KeyboardInterrupt:
            pass
    return _exit_code(statuses)


def _shown(
    args: argparse.Namespace, statuses: Statuses, targets: Iterable[ResourceId]
) -> Statuses:
    """Return the selected statuses, with commands for the platform of ``args``."""
    from controller.cli.next_command import with_options_in_statuses

    wanted = frozenset(targets)
    chosen = {id_: c for id_, c in statuses.items() if not wanted or id_ in wanted}
    return with_options_in_statuses(chosen, args)


def _exit_code(statuses: Statuses) -> int:
    from controller.core.status.cause import is_ready

    ready = all(map(is_ready, statuses.values()))
    return exit_codes.Exit.OK if ready else exit_codes.Exit.DIFFERENT
