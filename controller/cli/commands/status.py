"""``status``: how does everything do?"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, reader_is_gone
from controller.cli.views.statuses import Report, Statuses, render_report
from controller.cli.views.watch import Watched

if TYPE_CHECKING:
    from controller.bootstrap.records import Records
    from controller.bootstrap.remote import RemoteRecords
    from controller.core.resource import ResourceId

_LOOK_SECONDS = 1.0


def run(args: argparse.Namespace) -> int:
    """Print what the last pass concluded, and of one resource all there is to see."""
    from controller.bootstrap.closer import look_closer, look_closer_there
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.remote import remembered

    context = read(args.file, args.environment, args.state)
    targets = chosen_targets(args.targets, context.document)
    with remembered(context, args.server) as stored:
        if args.watch:
            return _watch(stored, targets, args.output)
        statuses = _asked_for(stored.statuses(), targets)
        one = next(iter(targets)) if len(targets) == 1 else None
        # Whoever has a server looks through its eyes: ours may see nothing.
        closer = (
            look_closer_there(context, one, args.server)
            if args.server
            else look_closer(context, one, everything=args.verbose)
        )
        report = Report(
            statuses,
            stored.clock.now(),
            closer.details,
            stored.last_pass() if args.verbose else None,
            closer.spent,
        )
    out(render_report(report, args.output))
    return _verdict(statuses)


def _watch(
    stored: Records | RemoteRecords, targets: Iterable[ResourceId], output: str
) -> int:
    """Show every change until Ctrl-C."""
    statuses: Statuses = {}
    with Watched(output) as watched:
        try:
            while not reader_is_gone():
                statuses = _asked_for(stored.statuses(), targets)
                watched.show(statuses, stored.clock.now())
                stored.clock.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            pass
    return _verdict(statuses)


def _asked_for(statuses: Statuses, targets: Iterable[ResourceId]) -> Statuses:
    wanted = frozenset(targets)
    return {id_: c for id_, c in statuses.items() if not wanted or id_ in wanted}


def _verdict(statuses: Statuses) -> int:
    from controller.core.story import is_ready

    ready = all(map(is_ready, statuses.values()))
    return Exit.OK if ready else Exit.DIFFERENT
