"""``apply``: make it so, once, and wait until it is."""

import argparse

from controller.cli.exits import Exit
from controller.cli.terminal import confirmed, interactive, out, tell
from controller.cli.views.plans import render_plan, summary
from controller.cli.views.progress import Progress
from controller.cli.views.statuses import render_statuses
from controller.core.errors import RefusedError

_NO_LIMIT = 1_000_000_000


def run(args: argparse.Namespace) -> int:
    """Plan, ask, act, and follow what was begun to its end."""
    from controller.bootstrap.applying import applying
    from controller.bootstrap.command import chosen_targets, read
    from controller.kinds.webhook.state import LARGEST_BACKLOG

    context = read(args.file, args.environment)
    targets = chosen_targets(args.targets, context.document)
    if not args.yes and not interactive():
        msg = "nobody can be asked here: pass --yes to apply without asking"
        raise RefusedError(msg)
    backlog = _NO_LIMIT if args.allow_backlog else LARGEST_BACKLOG
    with applying(context, largest_backlog=backlog) as work:
        desired = work.controller.desired(targets)
        plan = work.plan(desired)
        if plan.actions and not args.yes:
            tell(render_plan(plan, "table", len(desired)))
            if not confirmed("Apply this?"):
                tell("Nothing was done.")
                return Exit.FAILED
        progress = Progress()
        result = work.until_settled(desired, args.timeout, progress.show)
        now = work.controller.clock.now()
    out(render_statuses(result.statuses, args.output, now))
    tell(summary(result.left, len(desired)))
    return Exit.OK if result.converged else Exit.DIFFERENT
