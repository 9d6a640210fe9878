"""Commands that make it so."""

from pathlib import Path

from controller.cli import exit_codes as exits
from controller.cli import options
from controller.cli.verb import Verbs, command


def apply(verbs: Verbs) -> None:
    """Add ``apply``."""
    summary = "Make the world as declared, once, and wait until it is."
    parser = command(verbs, "apply", summary, exits.APPLY, stays=True)
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, "let the controller there do it, and follow what it does")
    parser.add_argument("--yes", action="store_true", help="do not ask before acting")
    parser.add_argument(
        "--plan",
        type=Path,
        metavar=options.FILE,
        help="do what this saved plan says and nothing else, or refuse if it moved",
    )
    options.timeout(parser, 900.0, "give up waiting after this long")
    parser.add_argument(
        "--allow-backlog",
        action="store_true",
        help="announce more than 20 registrations at once",
    )


def run(verbs: Verbs) -> None:
    """Add ``run``."""
    summary = "Keep the world as declared, until SIGTERM or Ctrl-C."
    options.document(command(verbs, "run", summary, exits.PLAIN, stays=True))


def rollback(verbs: Verbs) -> None:
    """Add ``rollback``."""
    summary = (
        "Put back a revision of a service that worked, and keep it until the\n"
        "declaration of its tasks changes."
    )
    parser = command(verbs, "rollback", summary, exits.BY_HAND, stays=True)
    options.by_hand(parser)
    parser.add_argument(
        "--to",
        metavar="N",
        help="the Nth last revision that worked, or :7 for the one with that number "
        "(default: 1)",
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="let what is declared be rolled out again instead",
    )


def restart(verbs: Verbs) -> None:
    """Add ``restart``."""
    summary = "Replace the tasks of a service by new ones of the same revision."
    parser = command(verbs, "restart", summary, exits.BY_HAND, stays=True)
    options.by_hand(parser)


def retry(verbs: Verbs) -> None:
    """Add ``retry``."""
    summary = "Try again what was rejected: it was mended outside the document."
    parser = command(verbs, "retry", summary, exits.BY_HAND, stays=True)
    options.by_hand(parser)
