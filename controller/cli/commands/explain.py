"""The ``explain`` command."""

import argparse

from controller.cli import exit_codes
from controller.cli.commands import Group

SUMMARY = "Describe a field of the document: meaning, type, default."
GROUP = Group.DOCUMENT
EXIT_CODES = exit_codes.DONE


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``explain``."""
    parser.add_argument(
        "field",
        nargs="?",
        default="",
        metavar="FIELD",
        help="path of the field, for example services.health.interval (default: the "
        "whole document)",
    )


def run(args: argparse.Namespace) -> int:
    """Print the description of a field; reads no document."""
    from controller.cli.terminal import out
    from controller.kinds import discover
    from controller.spec.explain import explain
    from controller.spec.schema import document_schema

    out(explain(args.field, document_schema(discover())).rstrip("\n"))
    return exit_codes.Exit.OK
