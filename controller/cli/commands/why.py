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
    from controller.core.models.timeline import TimelineStep
    from controller.core.status.cause import Cause

SUMMARY = "Explain why a resource is not ready, with the timeline of a version."
GROUP = Group.INSPECT
EXIT_CODES = exit_codes.READY


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``why``."""
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="the version of a model whose timeline is printed (default: the newest)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the cause that blocks a resource, the next step, and a model's timeline."""
    from dataclasses import replace

    from controller.app.remote_records import remembered
    from controller.app.session import chosen_targets, read
    from controller.cli.next_command import next_command, with_options_in
    from controller.cli.terminal import out, terminal_width
    from controller.cli.views.causes import render_cause

    context = read(args.file, args.environment, args.state)
    (target,) = chosen_targets([args.target], context.document)
    with remembered(context, args.server) as stored:
        cause = _cause(target, context, stored)
        now = stored.clock.now()
    timeline = _timeline(args, context, target)
    command = next_command(args, cause.command)
    if cause.ready is not None:
        message = with_options_in(cause.ready.message, args)
        cause = replace(cause, ready=replace(cause.ready, message=message))
    timeline = tuple(
        replace(step, text=with_options_in(step.text, args)) for step in timeline
    )
    out(render_cause(cause, args.output, command, now, timeline, terminal_width()))
    return exit_codes.Exit.OK if cause.is_ready else exit_codes.Exit.DIFFERENT


def _timeline(
    args: argparse.Namespace, context: Session, target: ResourceId
) -> tuple[TimelineStep, ...]:
    """Return the timeline of a version; nothing for other kinds and for a server.

    What cannot be read does not hide the cause.
    """
    from controller.app.version_timeline import version_timeline
    from controller.core.errors import ControllerError, RefusedError
    from controller.core.models.timeline import TimelineStep

    if target.kind != "model" or args.server is not None:
        if args.version is not None:
            msg = "--version selects a version of a model, without --server"
            raise RefusedError(msg)
        return ()
    try:
        return version_timeline(context, target, args.version)
    except ControllerError as error:
        if args.version is not None:
            raise
        return (TimelineStep(None, f"Its versions could not be read: {error}"),)


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
