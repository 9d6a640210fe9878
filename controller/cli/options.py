"""The options that several commands share."""

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from controller.core.document.platform import ENVIRONMENTS
from controller.core.document.variables import url

FORMATS = ("table", "json", "yaml", "markdown")
# How completion tells what an argument is; argparse itself knows only its name.
ADDRESS = "KIND/NAME"
FILE = "FILE"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def file(parser: argparse.ArgumentParser) -> None:
    """Add ``-f FILE``."""
    parser.add_argument(
        "-f",
        "--file",
        type=Path,
        default=Path("hokusai.yaml"),
        metavar=FILE,
        help="the document (default: %(default)s)",
    )


def state(parser: argparse.ArgumentParser) -> None:
    """Add ``--state FOLDER``."""
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="where `hokusai local` keeps its data (default: .hokusai/local beside the "
        "document)",
    )


def document(parser: argparse.ArgumentParser) -> None:
    """Add ``-f FILE``, ``-e ENVIRONMENT`` and ``--state FOLDER``."""
    file(parser)
    state(parser)
    parser.add_argument(
        "-e",
        "--environment",
        choices=ENVIRONMENTS,
        metavar="NAME",
        help=f"which overlay to read: {_or(ENVIRONMENTS)} (default: ENVIRONMENT, then "
        "the document's own)",
    )


def output(parser: argparse.ArgumentParser) -> None:
    """Add ``-o FORMAT``."""
    parser.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default="table",
        metavar="FORMAT",
        help=f"how the result is written to stdout: {_or(FORMATS)} "
        "(default: %(default)s)",
    )


def targets(parser: argparse.ArgumentParser) -> None:
    """Add any number of addresses."""
    parser.add_argument(
        "targets",
        nargs="*",
        metavar=ADDRESS,
        help="these resources only, as in service/api (default: all)",
    )


def target(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add one address."""
    parser.add_argument(
        "target",
        nargs="?" if optional else None,
        metavar=ADDRESS,
        help="the resource, as in service/api" + (" (default: all)" * optional),
    )


def by_hand(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes that acts by hand on one resource."""
    target(parser)
    document(parser)
    output(parser)
    parser.add_argument(
        "--reason",
        required=True,
        type=_reason,
        metavar="TEXT",
        help="why; kept where the effect is, and in `hokusai events`",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before acting")
    timeout(parser, 900.0, "give up waiting after this long")


def _reason(text: str) -> str:
    if not text.strip():
        msg = "say why, in a few words"
        raise argparse.ArgumentTypeError(msg)
    return text


def span(text: str) -> timedelta:
    """Return the span that ``text`` says, as in ``10m``."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        msg = f"{text!r} is not a span: write 30s, 10m, 2h or 7d"
        raise argparse.ArgumentTypeError(msg)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def server(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--server URL``."""
    parser.add_argument(
        "--server",
        type=_url,
        metavar="URL",
        help=f"{what}, with HOKUSAI_API_KEY",
    )


def _url(text: str) -> str:
    try:
        return url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def timeout(parser: argparse.ArgumentParser, default: float, what: str) -> None:
    """Add ``--timeout SECONDS``."""
    parser.add_argument(
        "--timeout",
        type=float,
        default=default,
        metavar="SECONDS",
        help=f"{what} (default: %(default)s)",
    )


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
