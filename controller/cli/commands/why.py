"""``why``: what keeps this from being ready?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli.exit_codes import Exit
from controller.cli.next_command import again
from controller.cli.terminal import out
from controller.cli.views.causes import render_cause

if TYPE_CHECKING:
    from controller.bootstrap.command import Context
    from controller.bootstrap.records import Records
    from controller.bootstrap.remote import RemoteRecords
    from controller.core.resource import ResourceId
    from controller.core.story import Cause


def run(args: argparse.Namespace) -> int:
    """Print the one blocking cause, and what happens about it next."""
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.remote import remembered

    context = read(args.file, args.environment, args.state)
    (target,) = chosen_targets([args.target], context.document)
    with remembered(context, args.server) as stored:
        cause = _cause(target, context, stored)
        now = stored.clock.now()
    out(render_cause(cause, args.output, again(args, cause.command), now))
    return Exit.OK if cause.is_ready else Exit.DIFFERENT


def _cause(
    asked: ResourceId, context: Context, stored: Records | RemoteRecords
) -> Cause:
    """Return what keeps ``asked`` from being ready, by what is remembered."""
    from controller.core.story import Rhythm, cause_of, chain_of

    statuses, beat = stored.statuses(), stored.last_pass()
    chain = chain_of(asked, context.document.resources, statuses)
    last = beat.beat if beat else None
    rhythm = Rhythm(context.document.platform.interval, last, stored.clock.now())
    return cause_of(chain, statuses, stored.tried(chain[-1]), rhythm)
