"""One command of the parser, imported when it is called."""

import argparse
from collections.abc import Callable
from importlib import import_module
from keyword import iskeyword
from typing import TypeAlias

Command = Callable[[argparse.Namespace], int]

# argparse gives this type no public name.
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001


def command(
    verbs: Verbs, name: str, summary: str, exit_help: str, *, stays: bool = False
) -> argparse.ArgumentParser:
    """Add a command and return its parser.

    Args:
        verbs: All commands.
        name: What is typed.
        summary: What it does.
        exit_help: What its exit status says.
        stays: Whether it may go on for long.
    """
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
