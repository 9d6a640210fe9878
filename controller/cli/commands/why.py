"""``why``: what keeps this from being ready?"""

import argparse

from controller.cli.again import again
from controller.cli.exits import Exit
from controller.cli.terminal import out
from controller.cli.views.causes import render_cause


def run(args: argparse.Namespace) -> int:
    """Print the one blocking cause, and what happens about it next."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.records import records

    context = read(args.file, args.environment)
    (target,) = chosen_targets([args.target], context.document)
    with records(context) as stored:
        cause = stored.why(target)
        now = stored.clock.now()
    out(render_cause(cause, args.output, again(args, cause.command), now))
    return Exit.OK if cause.is_ready else Exit.DIFFERENT
