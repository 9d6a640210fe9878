"""The ``store`` command."""

import argparse

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Create or migrate the database schema; `run` and `apply` also do this."
GROUP = Group.PLATFORM
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``store``."""
    parser.add_argument(
        "action", choices=("upgrade",), help="bring the schema up to date"
    )
    options.document(parser)


def run(args: argparse.Namespace) -> int:
    """Create or migrate the tables; safe to repeat."""
    from controller.app.session import read
    from controller.bootstrap.store import open_store
    from controller.cli.terminal import tell
    from controller.clients.clock import SystemClock

    context = read(args.file, args.environment, args.state)
    stored = open_store(context.settings, SystemClock(), upgrade=True)
    stored.database.close()
    tell(f"The database schema at {context.settings.store_url} is up to date.")
    return exit_codes.Exit.OK
