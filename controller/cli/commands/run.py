"""The ``run`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Run the reconcile loop until SIGTERM or Ctrl-C."
GROUP = Group.DEPLOY
LONG_RUNNING = True
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``run``."""
    options.document(parser)


def run(args: argparse.Namespace) -> int:
    """Reconcile until a signal stops the process."""
    from controller.app.daemon import run as run_process

    run_process(args.file, args.environment, args.state)
    return exit_codes.Exit.OK
