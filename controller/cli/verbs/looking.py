"""Commands that tell how things are."""

import argparse

from controller.cli import exit_codes as exits
from controller.cli import options
from controller.cli.verb import Verbs, command

_ASKED_THERE = "ask the API of `hokusai serve` there instead of a store"
_LOOKS_THERE = "let `hokusai serve` there look instead, without AWS from here"


def status(verbs: Verbs) -> None:
    """Add ``status``."""
    summary = (
        "Show every resource as the last pass found it; a single one in full,\n"
        "looked at just now."
    )
    parser = command(verbs, "status", summary, exits.STATUS)
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, _ASKED_THERE)
    parser.add_argument(
        "--watch",
        action="store_true",
        help="show every change, until Ctrl-C",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="tell when the last pass was, and look to tell what a look costs",
    )


def events(verbs: Verbs) -> None:
    """Add ``events``."""
    summary = "Show what happened, the latest last."
    parser = command(verbs, "events", summary, exits.PLAIN)
    options.target(parser, optional=True)
    options.document(parser)
    options.output(parser)
    options.server(parser, _ASKED_THERE)
    _number(parser)


def why(verbs: Verbs) -> None:
    """Add ``why``."""
    summary = "Tell the one thing that keeps a resource from being ready."
    parser = command(verbs, "why", summary, exits.STATUS)
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, _ASKED_THERE)


def history(verbs: Verbs) -> None:
    """Add ``history``."""
    summary = "Show what became of each rollout of a service, the newest first."
    parser = command(verbs, "history", summary, exits.PLAIN)
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, _LOOKS_THERE)
    _number(parser)


def logs(verbs: Verbs) -> None:
    """Add ``logs``."""
    summary = "Show what the tasks of a service wrote, the latest last."
    parser = command(verbs, "logs", summary, exits.LOGS)
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, _LOOKS_THERE)
    parser.add_argument(
        "--since",
        type=options.span,
        default="10m",
        metavar="SPAN",
        help="how far back to look, as in 30s, 10m, 2h or 7d (default: %(default)s)",
    )
    parser.add_argument(
        "-n",
        "--number",
        type=int,
        default=100,
        metavar="N",
        help="how many lines at most (default: %(default)s)",
    )
    parser.add_argument(
        "--task",
        default="",
        metavar="ID",
        help="this task only; the beginning of its id will do",
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on with what is written, until Ctrl-C; a line each, as a table or "
        "as JSON",
    )


def _number(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n",
        "--number",
        type=int,
        default=20,
        metavar="N",
        help="how many at most (default: %(default)s)",
    )
