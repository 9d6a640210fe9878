"""``apply --server``: let the controller on another host make it so."""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.progress import Progress
from controller.cli.views.statuses import Report, render_report
from controller.core.errors import RefusedError


def run(args: argparse.Namespace) -> int:
    """Ask for a pass there, and follow what was begun to its end."""
    from controller.bootstrap.asking import Asking
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.remote import remote

    if args.plan or args.allow_backlog:
        msg = "the controller there plans by itself: leave out --plan, --allow-backlog"
        raise RefusedError(msg)
    context = read(args.file, args.environment, args.state)
    declared = context.document.resources
    targets = chosen_targets(args.targets, context.document) or declared.keys()
    desired = {id_: r for id_, r in declared.items() if id_ in targets}
    with remote(context, args.server) as there:
        asking = Asking(there, there.clock, desired)
        followed = asking.until_settled(args.timeout, Progress().turns)
        now = there.clock.now()
    out(render_report(Report(followed.statuses, now), args.output))
    for id_ in followed.others:
        tell(f"{id_} is not declared there as it is here: the server has another file.")
    return Exit.OK if followed.converged else Exit.DIFFERENT
