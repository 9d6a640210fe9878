"""``status``: how does everything do?"""

import argparse

from controller.cli.exits import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.statuses import render_statuses


def run(args: argparse.Namespace) -> int:
    """Print what the last pass concluded; asks nothing but the store."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.stored import open_store
    from controller.clients.clock import SystemClock
    from controller.core.conditions import ConditionType, Truth

    context = read(args.file, args.environment)
    targets = chosen_targets(args.targets, context.document)
    clock = SystemClock()
    stored = open_store(context.settings, clock, upgrade=False)
    try:
        statuses = {
            id_: conditions
            for id_, conditions in stored.memory.statuses().items()
            if not targets or id_ in targets
        }
    finally:
        stored.database.close()
    out(render_statuses(statuses, args.output, clock.now()))
    if not statuses:
        tell(
            "No pass was recorded yet: start one with `hokusai run` or `hokusai apply`."
        )
        return Exit.FAILED
    ready = (
        conditions[ConditionType.READY].status is Truth.TRUE
        for conditions in statuses.values()
    )
    return Exit.OK if all(ready) else Exit.DIFFERENT
