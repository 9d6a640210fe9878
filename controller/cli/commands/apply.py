"""The ``apply`` command."""

import argparse
from pathlib import Path

from controller.cli import options
from controller.cli.commands import Group

SUMMARY = "Apply the document once and wait until it has converged."
GROUP = Group.DEPLOY
LONG_RUNNING = True
EXIT_CODES = {
    0: "every selected resource is in sync",
    1: "something failed, is held back or needs manual action",
    2: "not started: invalid document, wrong account, another controller holds the "
    "lease, not confirmed, or the saved plan is out of date",
    130: "interrupted; no further change was started; run the command again to continue",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``apply``."""
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, "let the controller behind this API apply, and wait for it")
    options.yes(parser)
    parser.add_argument(
        "--plan",
        type=Path,
        metavar=options.FILE,
        help="apply exactly this saved plan; it is refused if it is out of date",
    )
    options.timeout(parser, 900.0, "maximum time to wait for convergence")
    parser.add_argument(
        "--allow-backlog",
        action="store_true",
        help="allow more than 20 webhook announcements at once",
    )


def run(args: argparse.Namespace) -> int:
    """Apply the document, from here or by the controller behind ``--server``."""
    from controller.cli.terminal import require_confirmation

    require_confirmation(args, "apply")
    if args.server:
        from controller.cli.apply_remote import apply_remote

        return apply_remote(args)
    from controller.cli.apply_direct import apply_direct

    return apply_direct(args)
