"""The ``approve`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Approve a model version for the aliases that require an approval."
DETAILS = (
    "The approval is recorded in the store and shown in a tag of the version. Approving a "
    "version again changes nothing."
)
GROUP = Group.INTERVENE
LONG_RUNNING = True
EXIT_CODES = exit_codes.INTERVENTION


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``approve``."""
    options.intervention(parser)
    parser.add_argument(
        "version",
        type=_version,
        metavar="VERSION",
        help="the number of the version, as in 7",
    )


def run(args: argparse.Namespace) -> int:
    """Record the approval, then promote the version if it passes all gates."""
    from controller.cli.intervention import intervene
    from controller.core.resources.plan import Verb

    return intervene(args, Verb.APPROVE, lambda _work: str(args.version))


def _version(text: str) -> int:
    number = text.removeprefix(":")
    if not (number.isascii() and number.isdecimal() and int(number)):
        msg = f"{text!r} is not the number of a version: write 7"
        raise argparse.ArgumentTypeError(msg)
    return int(number)
