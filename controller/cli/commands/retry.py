"""The ``retry`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Retry a rejected revision after its cause was fixed outside the document."
GROUP = Group.INTERVENE
LONG_RUNNING = True
EXIT_CODES = exit_codes.INTERVENTION


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``retry``."""
    options.intervention(parser)


def run(args: argparse.Namespace) -> int:
    """Lift the rejection, roll the revision out and wait for it."""
    from controller.cli.intervention import intervene
    from controller.core.resources.plan import Verb

    return intervene(args, Verb.RETRY)
