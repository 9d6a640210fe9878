"""The ``restart`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Restart a service: replace its tasks, keep its revision."
GROUP = Group.INTERVENE
LONG_RUNNING = True
EXIT_CODES = exit_codes.INTERVENTION


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``restart``."""
    options.intervention(parser)


def run(args: argparse.Namespace) -> int:
    """Force a new deployment and wait for it."""
    from controller.cli.intervention import intervene
    from controller.core.resources.plan import Verb

    return intervene(args, Verb.RESTART)
