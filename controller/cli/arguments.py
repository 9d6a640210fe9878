"""From words to arguments; nothing is done here, and nothing heavy is imported."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any, TypeAlias

from controller.cli import exits, options

Command = Callable[[argparse.Namespace], int]

_LOOKS_THERE = "let `hokusai serve` there look instead, without AWS from here"
SHELLS = ("bash", "zsh", "fish")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, with ``command`` to be called on them.

    Ends the process with status 2 and a usage line if ``argv`` makes no sense.
    """
    return parser().parse_args(argv)


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(
        prog="hokusai",
        description="Reconcile AWS ECS and MLflow with what hokusai.yaml declares.",
        epilog="Each command tells its exit status in its own --help.",
    )
    parser.add_argument("--version", action=_Version, help="print the version")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in _COMMANDS:
        add(verbs)
    return parser


class _Version(argparse.Action):
    """Prints the version; what knows it takes as long to import as all of this."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the version and end the process."""
        from importlib.metadata import version

        print(version("hokusai-controller"))  # noqa: T201 - as argparse does
        parser.exit()


# argparse gives this type no public name.
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def _command(
    verbs: Verbs, name: str, summary: str, exit_help: str, *, stays: bool = False
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=exit_help,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_lazily(name), stays=stays)
    return parser


def _lazily(name: str) -> Command:
    """Return a function that imports the command when it is called."""

    def run(args: argparse.Namespace) -> int:
        word = f"{name}_" if iskeyword(name) else name
        module = import_module(f"controller.cli.commands.{word}")
        return int(module.run(args))

    return run


def _validate(verbs: Verbs) -> None:
    summary = "Check the document, without asking anything outside."
    parser = _command(verbs, "validate", summary, exits.PLAIN)
    options.document(parser)
    options.output(parser)


def _explain(verbs: Verbs) -> None:
    summary = "Tell what a field of the document is for."
    parser = _command(verbs, "explain", summary, exits.PLAIN)
    parser.add_argument(
        "field",
        nargs="?",
        default="",
        metavar="FIELD",
        help="its path, as in services.health.interval (default: the whole document)",
    )


def _diff(verbs: Verbs) -> None:
    summary = "Show what apply would do. Changes nothing."
    parser = _command(verbs, "diff", summary, exits.DIFF)
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


def _preflight(verbs: Verbs) -> None:
    summary = "Look at all that the resources rest on, before anything is deployed."
    parser = _command(verbs, "preflight", summary, exits.PREFLIGHT)
    options.targets(parser)
    options.document(parser)
    options.output(parser)


def _apply(verbs: Verbs) -> None:
    summary = "Make the world as declared, once, and wait until it is."
    parser = _command(verbs, "apply", summary, exits.APPLY, stays=True)
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


def _run(verbs: Verbs) -> None:
    summary = "Keep the world as declared, until SIGTERM or Ctrl-C."
    options.document(_command(verbs, "run", summary, exits.PLAIN, stays=True))


def _status(verbs: Verbs) -> None:
    summary = (
        "Show every resource as the last pass found it; a single one in full,\n"
        "looked at just now."
    )
    parser = _command(verbs, "status", summary, exits.STATUS)
    options.targets(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, "ask the API of `hokusai serve` there instead of a store")
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


def _events(verbs: Verbs) -> None:
    summary = "Show what happened, the latest last."
    parser = _command(verbs, "events", summary, exits.PLAIN)
    options.target(parser, optional=True)
    options.document(parser)
    options.output(parser)
    options.server(parser, "ask the API of `hokusai serve` there instead of a store")
    _number(parser)


def _history(verbs: Verbs) -> None:
    summary = "Show what became of each rollout of a service, the newest first."
    parser = _command(verbs, "history", summary, exits.PLAIN)
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, _LOOKS_THERE)
    _number(parser)


def _rollback(verbs: Verbs) -> None:
    summary = (
        "Put back a revision of a service that worked, and keep it until the\n"
        "declaration of its tasks changes."
    )
    parser = _command(verbs, "rollback", summary, exits.BY_HAND, stays=True)
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


def _restart(verbs: Verbs) -> None:
    summary = "Replace the tasks of a service by new ones of the same revision."
    parser = _command(verbs, "restart", summary, exits.BY_HAND, stays=True)
    options.by_hand(parser)


def _retry(verbs: Verbs) -> None:
    summary = "Try again what was rejected: it was mended outside the document."
    parser = _command(verbs, "retry", summary, exits.BY_HAND, stays=True)
    options.by_hand(parser)


def _logs(verbs: Verbs) -> None:
    summary = "Show what the tasks of a service wrote, the latest last."
    parser = _command(verbs, "logs", summary, exits.LOGS)
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


def _import(verbs: Verbs) -> None:
    summary = "Print what runs already as entries of the document. Changes nothing."
    parser = _command(verbs, "import", summary, exits.IMPORT)
    parser.add_argument(
        "what", choices=("service", "services"), help="one service, or all there are"
    )
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="NAME",
        help="the name in ECS of the one service",
    )
    options.document(parser)
    parser.add_argument(
        "--cluster",
        default="",
        metavar="C",
        help="where it runs (default: the platform's own cluster)",
    )
    parser.add_argument(
        "--key",
        default="",
        help="the key in the document (default: as the name suggests)",
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


def _why(verbs: Verbs) -> None:
    summary = "Tell the one thing that keeps a resource from being ready."
    parser = _command(verbs, "why", summary, exits.STATUS)
    options.target(parser)
    options.document(parser)
    options.output(parser)
    options.server(parser, "ask the API of `hokusai serve` there instead of a store")


def _schema(verbs: Verbs) -> None:
    summary = "Print the JSON Schema of the document."
    parser = _command(verbs, "schema", summary, exits.PLAIN)
    parser.add_argument(
        "--write", action="store_true", help="write all schemas to schemas/ instead"
    )


def _store(verbs: Verbs) -> None:
    summary = "Make or update the tables of the store; `run` and `apply` do it too."
    parser = _command(verbs, "store", summary, exits.PLAIN)
    parser.add_argument("action", choices=("upgrade",), help="what to do")
    options.document(parser)


def _local(verbs: Verbs) -> None:
    summary = "Bring up a whole platform on this machine and converge on it."
    parser = _command(verbs, "local", summary, exits.PLAIN, stays=True)
    options.file(parser)
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
    options.timeout(parser, 300.0, "with --once: give up after this long")


def _serve(verbs: Verbs) -> None:
    summary = "Serve the HTTP API."
    parser = _command(verbs, "serve", summary, exits.PLAIN, stays=True)
    options.document(parser)
    parser.add_argument(
        "--host", help="address to listen on (default: HOKUSAI_API_HOST)"
    )
    parser.add_argument(
        "--port", type=int, help="port to listen on (default: HOKUSAI_API_PORT)"
    )


def _completion(verbs: Verbs) -> None:
    summary = "Print what makes a shell complete our commands."
    parser = _command(verbs, "completion", summary, exits.COMPLETION)
    parser.add_argument("shell", choices=(*SHELLS, "addresses"), help="which shell")
    options.document(parser)


_COMMANDS = (
    _validate,
    _explain,
    _diff,
    _preflight,
    _apply,
    _run,
    _status,
    _events,
    _why,
    _history,
    _rollback,
    _restart,
    _retry,
    _logs,
    _import,
    _store,
    _schema,
    _local,
    _serve,
    _completion,
)
