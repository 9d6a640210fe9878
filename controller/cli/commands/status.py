"""``status``: how does everything do?"""

import argparse

from controller.cli.exits import Exit
from controller.cli.terminal import out
from controller.cli.views.statuses import render_statuses


def run(args: argparse.Namespace) -> int:
    """Print what the last pass concluded; asks nothing but the store."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.records import records
    from controller.core.story import is_ready

    context = read(args.file, args.environment)
    targets = chosen_targets(args.targets, context.document)
    with records(context) as stored:
        statuses = {
            id_: conditions
            for id_, conditions in stored.statuses().items()
            if not targets or id_ in targets
        }
        now = stored.clock.now()
    out(render_statuses(statuses, args.output, now))
    ready = map(is_ready, statuses.values())
    return Exit.OK if all(ready) else Exit.DIFFERENT
