"""From words to arguments; nothing is done here, and nothing heavy is imported."""

import argparse
from collections.abc import Sequence
from typing import Any

from controller.cli.verbs import acting, deciding, keeping, looking

# As they are listed.
_COMMANDS = (
    deciding.validate,
    deciding.explain,
    deciding.diff,
    deciding.preflight,
    acting.apply,
    acting.run,
    looking.status,
    looking.events,
    looking.why,
    looking.history,
    acting.rollback,
    acting.restart,
    acting.retry,
    looking.logs,
    keeping.import_,
    keeping.store,
    keeping.schema,
    keeping.local,
    keeping.serve,
    keeping.completion,
)


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
