"""``store``: what is to be done to the store itself."""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import tell


def run(args: argparse.Namespace) -> int:
    """Make the tables, or bring them up to date. Safe to repeat."""
    from controller.bootstrap.command import read
    from controller.bootstrap.stored import open_store
    from controller.clients.clock import SystemClock

    context = read(args.file, args.environment, args.state)
    stored = open_store(context.settings, SystemClock(), upgrade=True)
    stored.database.close()
    tell(f"The store at {context.settings.store_url} is up to date.")
    return Exit.OK
