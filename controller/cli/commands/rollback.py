"""The ``rollback`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.intervention import Intervention

SUMMARY = "Roll a service back to an earlier revision that succeeded."
DETAILS = "The revision stays until the document declares a different task definition."
GROUP = Group.INTERVENE
LONG_RUNNING = True
EXIT_CODES = exit_codes.INTERVENTION


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rollback``."""
    options.intervention(parser)
    parser.add_argument(
        "--to",
        metavar="N",
        help="1 for the last revision that succeeded, 2 for the one before, or :7 for "
        "revision 7 (default: 1)",
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="end the rollback: roll out the declared revision",
    )


def run(args: argparse.Namespace) -> int:
    """Roll back to an earlier revision, or end a rollback with ``--undo``."""
    from controller.cli.intervention import intervene
    from controller.core.errors import RefusedError
    from controller.core.resources.plan import Verb
    from controller.core.resources.rollouts import rollback_target

    if args.undo and args.to is not None:
        msg = "--undo and --to exclude each other: leave out one of them"
        raise RefusedError(msg)
    if args.undo:
        return intervene(args, Verb.RESUME)
    to = args.to or "1"

    def revision(work: Intervention) -> str:
        return rollback_target(work.rollouts(), to)

    return intervene(args, Verb.ROLL_BACK, revision)
