"""``apply --server``: the controller behind the API applies its own document."""

import argparse

from controller.app.delegated_apply import DelegatedApply
from controller.app.remote_records import remote
from controller.app.session import chosen_targets, read
from controller.cli.exit_codes import Exit
from controller.cli.next_command import with_options_in_statuses
from controller.cli.terminal import out, tell, terminal_width
from controller.cli.views.progress import ApplyProgress
from controller.cli.views.statuses import StatusOutput, render_report
from controller.core.errors import RefusedError


def apply_remote(args: argparse.Namespace) -> int:
    """Request a pass from the controller, and follow it until it has converged."""
    if args.plan or args.allow_backlog:
        msg = (
            "--server excludes --plan and --allow-backlog: the controller makes its "
            "own plan"
        )
        raise RefusedError(msg)
    context = read(args.file, args.environment, args.state)
    declared = context.document.resources
    targets = chosen_targets(args.targets, context.document) or declared.keys()
    desired = {id_: r for id_, r in declared.items() if id_ in targets}
    with remote(context, args.server) as there:
        asking = DelegatedApply(there, there.clock, desired)
        followed = asking.until_settled(args.timeout, ApplyProgress().changes)
        now = there.clock.now()
    statuses = with_options_in_statuses(followed.statuses, args)
    out(render_report(StatusOutput(statuses, now), args.output, terminal_width()))
    for id_ in followed.others:
        tell(
            f"{id_} differs from the declaration on the server, which reads another "
            "document."
        )
    return Exit.OK if followed.converged else Exit.DIFFERENT
