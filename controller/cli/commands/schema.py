"""The ``schema`` command."""

import argparse

from controller.cli import exit_codes
from controller.cli.commands import Group

SUMMARY = "Print the JSON Schema of the document."
GROUP = Group.DOCUMENT
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``schema``."""
    parser.add_argument(
        "--write",
        action="store_true",
        help="write every schema (document, plan, status, webhooks) to ./schemas/",
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema of the document, or write every schema."""
    from pathlib import Path

    from controller.cli.terminal import out, tell

    if not args.write:
        from controller.kinds import discover
        from controller.spec.schema import text

        out(text(discover()).rstrip("\n"))
        return exit_codes.Exit.OK
    from controller.cli.schemas import write

    written = write(Path())
    tell(f"Written: {', '.join(written)}." if written else "Every schema is current.")
    return exit_codes.Exit.OK
