"""The ``rollback`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.intervention import Intervention

SUMMARY = "Roll back a service, or an alias of a model, to an earlier version."
DETAILS = (
    "A service stays at the revision until the document declares a different task "
    "definition. An alias stays at the version until its entry in the document changes."
)
GROUP = Group.INTERVENE
LONG_RUNNING = True
EXIT_CODES = exit_codes.INTERVENTION


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rollback``."""
    options.intervention(parser)
    parser.add_argument(
        "--to",
        metavar="N",
        help="1 for the last revision that succeeded, or the version that the alias had "
        "before; 2 for the one before that; :7 for revision or version 7 (default: 1)",
    )
    parser.add_argument(
        "--alias",
        metavar="NAME",
        default="",
        help="the alias of a model; required if the model declares several",
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="end the rollback: roll out the declared revision, or set the alias as "
        "declared",
    )


def run(args: argparse.Namespace) -> int:
    """Roll back to an earlier version, or end a rollback with ``--undo``."""
    from controller.cli.intervention import intervene
    from controller.core.errors import RefusedError
    from controller.core.resources.plan import Verb

    if args.undo and args.to is not None:
        msg = "--undo and --to exclude each other: leave out one of them"
        raise RefusedError(msg)
    if args.undo:
        return intervene(args, Verb.RESUME, lambda work: work.held_by(args.alias))

    def target(work: Intervention) -> str:
        return work.rollback_target(args.to or "1", args.alias)

    return intervene(args, Verb.ROLL_BACK, target)
