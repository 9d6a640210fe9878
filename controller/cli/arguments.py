"""From words to arguments; nothing is done here, and nothing heavy is imported."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from controller.cli import exits

Command = Callable[[argparse.Namespace], int]

FORMATS = ("table", "json", "yaml", "markdown")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, with ``command`` to be called on them.

    Ends the process with status 2 and a usage line if ``argv`` makes no sense.
    """
    return _parser().parse_args(argv)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hokusai",
        description="Reconcile AWS ECS and MLflow with what hokusai.yaml declares.",
        epilog="Each command tells its exit status in its own --help.",
    )
    parser.add_argument(
        "--version", action="version", version=version("hokusai-controller")
    )
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_validate, _diff, _apply, _run, _status, _schema, _local, _serve):
        add(verbs)
    return parser


# argparse gives this type no public name.
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def _command(
    verbs: Verbs, name: str, summary: str, exit_help: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=exit_help,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_lazily(name))
    return parser


def _lazily(name: str) -> Command:
    """Return a function that imports the command when it is called."""

    def run(args: argparse.Namespace) -> int:
        module = import_module(f"controller.cli.commands.{name}")
        return int(module.run(args))

    return run


def _document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--file",
        type=Path,
        default=Path("hokusai.yaml"),
        metavar="FILE",
        help="the document (default: %(default)s)",
    )
    parser.add_argument(
        "-e",
        "--environment",
        choices=("local", "development", "staging", "production"),
        help="which overlay to read (default: ENVIRONMENT, then the document's own)",
    )


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default="table",
        help="how the result is written to stdout (default: %(default)s)",
    )


def _targets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "targets",
        nargs="*",
        metavar="KIND/NAME",
        help="look at these resources only, as in service/api (default: all)",
    )


def _validate(verbs: Verbs) -> None:
    summary = "Check the document, without asking anything outside."
    parser = _command(verbs, "validate", summary, exits.PLAIN)
    _document(parser)
    _output(parser)


def _diff(verbs: Verbs) -> None:
    summary = "Show what apply would do. Changes nothing."
    parser = _command(verbs, "diff", summary, exits.DIFF)
    _targets(parser)
    _document(parser)
    _output(parser)
    parser.add_argument(
        "--without-store",
        action="store_true",
        help="leave out what only the store knows, and say so",
    )


def _apply(verbs: Verbs) -> None:
    summary = "Make the world as declared, once, and wait until it is."
    parser = _command(verbs, "apply", summary, exits.APPLY)
    _targets(parser)
    _document(parser)
    _output(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask before acting")
    parser.add_argument(
        "--timeout",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="give up waiting after this long (default: %(default)s)",
    )
    parser.add_argument(
        "--allow-backlog",
        action="store_true",
        help="announce more than 20 registrations at once",
    )


def _run(verbs: Verbs) -> None:
    summary = "Keep the world as declared, until SIGTERM or Ctrl-C."
    parser = _command(verbs, "run", summary, exits.PLAIN)
    _document(parser)


def _status(verbs: Verbs) -> None:
    summary = "Show every resource with its conditions, as the last pass found them."
    parser = _command(verbs, "status", summary, exits.STATUS)
    _targets(parser)
    _document(parser)
    _output(parser)


def _schema(verbs: Verbs) -> None:
    summary = "Print the JSON Schema of the document."
    parser = _command(verbs, "schema", summary, exits.PLAIN)
    parser.add_argument(
        "--write", action="store_true", help="write all schemas to schemas/ instead"
    )


def _local(verbs: Verbs) -> None:
    summary = "Bring up a whole platform on this machine and converge on it."
    parser = _command(verbs, "local", summary, exits.PLAIN)
    parser.add_argument(
        "-f",
        "--file",
        type=Path,
        default=Path("hokusai.yaml"),
        metavar="FILE",
        help="the document (default: %(default)s)",
    )
    parser.add_argument(
        "--once", action="store_true", help="converge, stop everything and exit"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(".hokusai/local"),
        metavar="FOLDER",
        help="where the platform keeps its data (default: %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="with --once: give up after this long (default: %(default)s)",
    )


def _serve(verbs: Verbs) -> None:
    summary = "Serve the HTTP API."
    parser = _command(verbs, "serve", summary, exits.PLAIN)
    parser.add_argument(
        "--host", help="address to listen on (default: HOKUSAI_API_HOST)"
    )
    parser.add_argument(
        "--port", type=int, help="port to listen on (default: HOKUSAI_API_PORT)"
    )
