"""The ``why`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.records import StoreRecords
    from controller.app.remote_records import RemoteRecords
    from controller.app.session import Session
    from controller.core.document.resource import ResourceId
    from controller.core.status.cause import Cause

SUMMARY = "Explain why a resource is not ready."
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.READY


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``why``."""
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)


def run(args: argparse.Namespace) -> int:
    """Print the cause that blocks a resource, and the next step."""
    from controller.app.remote_records import remembered
    from controller.app.session import chosen_targets, read
    from controller.cli.next_command import next_command
    from controller.cli.terminal import out
    from controller.cli.views.causes import render_cause

    context = read(args.file, args.environment, args.state)
    (target,) = chosen_targets([args.target], context.document)
    with remembered(context, args.server) as stored:
        cause = _cause(target, context, stored)
        now = stored.clock.now()
    out(render_cause(cause, args.output, next_command(args, cause.command), now))
    return exit_codes.Exit.OK if cause.is_ready else exit_codes.Exit.DIFFERENT


def _cause(
    asked: ResourceId, context: Session, stored: StoreRecords | RemoteRecords
) -> Cause:
    """Return the cause that blocks ``asked``, from the recorded statuses."""
    from controller.core.status.cause import PassTiming, cause_of, chain_of

    statuses, beat = stored.statuses(), stored.last_pass()
    chain = chain_of(asked, context.document.resources, statuses)
    last = beat.beat if beat else None
    timing = PassTiming(context.document.platform.interval, last, stored.clock.now())
    return cause_of(chain, statuses, stored.tried(chain[-1]), timing)
