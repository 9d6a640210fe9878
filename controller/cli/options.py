"""Arguments and options that several commands share."""

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

FORMATS = ("table", "json", "yaml", "markdown")
# Metavars that shell completion recognises.
ADDRESS = "KIND/NAME"
FILE = "FILE"
FOLDER = "FOLDER"
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
        metavar=FOLDER,
        help="data folder of `hokusai local` (default: .hokusai/local next to the "
        "document)",
    )


def document(parser: argparse.ArgumentParser) -> None:
    """Add ``-f FILE``, ``-e ENVIRONMENT`` and ``--state FOLDER``."""
    from controller.core.document.platform import ENVIRONMENTS

    file(parser)
    state(parser)
    parser.add_argument(
        "-e",
        "--environment",
        choices=ENVIRONMENTS,
        metavar="NAME",
        help=f"the environment: {_or(ENVIRONMENTS)} (default: the variable "
        "ENVIRONMENT, then platform.environment)",
    )


def output(parser: argparse.ArgumentParser) -> None:
    """Add ``-o FORMAT``."""
    parser.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default="table",
        metavar="FORMAT",
        help=f"output format: {_or(FORMATS)} (default: %(default)s)",
    )


def targets(parser: argparse.ArgumentParser) -> None:
    """Add any number of addresses."""
    parser.add_argument(
        "targets",
        nargs="*",
        metavar=ADDRESS,
        help="only these resources, for example service/api (default: all)",
    )


def target(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Add one address."""
    parser.add_argument(
        "target",
        nargs="?" if optional else None,
        metavar=ADDRESS,
        help="the resource, for example service/api" + (" (default: all)" * optional),
    )


def yes(parser: argparse.ArgumentParser) -> None:
    """Add ``--yes``."""
    parser.add_argument(
        "--yes", action="store_true", help="do not ask for confirmation"
    )


def intervention(parser: argparse.ArgumentParser) -> None:
    """Add everything that ``rollback``, ``restart``, ``retry`` and ``approve`` have in common."""
    target(parser)
    document(parser)
    output(parser)
    parser.add_argument(
        "--reason",
        required=True,
        type=_reason,
        metavar="TEXT",
        help="the reason, recorded on the resource and in `hokusai events`",
    )
    yes(parser)
    timeout(parser, 900.0, "maximum time to wait for the rollout")


def _reason(text: str) -> str:
    if not text.strip():
        msg = "the reason must not be empty"
        raise argparse.ArgumentTypeError(msg)
    return text


def span(text: str) -> timedelta:
    """Return the duration written as in ``10m``."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        msg = f"{text!r} is not a duration: write 30s, 10m, 2h or 7d"
        raise argparse.ArgumentTypeError(msg)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def number(parser: argparse.ArgumentParser, default: int, what: str) -> None:
    """Add ``-n N``."""
    parser.add_argument(
        "-n",
        "--number",
        type=int,
        default=default,
        metavar="N",
        help=f"maximum number of {what} (default: %(default)s)",
    )


def server(parser: argparse.ArgumentParser, effect: str) -> None:
    """Add ``--server URL``."""
    parser.add_argument(
        "--server",
        type=_url,
        metavar="URL",
        help=f"{effect}; the key is read from HOKUSAI_API_KEY",
    )


def reads_from_server(parser: argparse.ArgumentParser) -> None:
    """Add ``--server URL`` to a command that reads recorded state."""
    server(parser, "read from the API of `hokusai serve` instead of the database")


def observes_from_server(parser: argparse.ArgumentParser) -> None:
    """Add ``--server URL`` to a command that reads from AWS."""
    server(parser, "let `hokusai serve` query AWS; no local AWS credentials are needed")


def _url(text: str) -> str:
    from controller.core.document.variables import url

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
