"""Commands that say what is to be, and what that comes to."""

from pathlib import Path

from controller.cli import exit_codes as exits
from controller.cli import options
from controller.cli.verb import Verbs, command


def validate(verbs: Verbs) -> None:
    """Add ``validate``."""
    summary = "Check the document, without asking anything outside."
    parser = command(verbs, "validate", summary, exits.PLAIN)
    options.document(parser)
    options.output(parser)


def explain(verbs: Verbs) -> None:
    """Add ``explain``."""
    summary = "Tell what a field of the document is for."
    parser = command(verbs, "explain", summary, exits.PLAIN)
    parser.add_argument(
        "field",
        nargs="?",
        default="",
        metavar="FIELD",
        help="its path, as in services.health.interval (default: the whole document)",
    )


def diff(verbs: Verbs) -> None:
    """Add ``diff``."""
    summary = "Show what apply would do. Changes nothing."
    parser = command(verbs, "diff", summary, exits.DIFF)
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    parser.add_argument(
        "--without-store",
        action="store_true",
        help="leave out what only the store knows, and say so",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--explain",
        metavar="PATH",
        help="tell what came of comparing each value at this path, as in task.cpu, and "
        "by which rule it is equal or left alone ('' for all)",
    )
    either.add_argument(
        "--out",
        type=Path,
        metavar=options.FILE,
        help="save the plan as well, for `apply --plan FILE`",
    )


def preflight(verbs: Verbs) -> None:
    """Add ``preflight``."""
    summary = "Look at all that the resources rest on, before anything is deployed."
    parser = command(verbs, "preflight", summary, exits.PREFLIGHT)
    options.targets(parser)
    options.document(parser)
    options.output(parser)
