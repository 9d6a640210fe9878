"""The argument parser; imports the chosen command only, and runs nothing."""

import argparse
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from pkgutil import iter_modules
from typing import Any

from controller.cli import commands
from controller.cli.next_command import PROGRAM


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, with ``run`` to be called on them.

    Ends the process with status 2 and a usage line if ``argv`` is not valid.
    """
    modules = command_modules()
    chosen = argv[0] if argv else ""
    names = (chosen,) if chosen in modules else modules
    return _parser(names).parse_args(argv)


def full_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    return _parser(command_modules())


def command_modules() -> Mapping[str, str]:
    """Return the module of each command, by the word typed, without importing it."""
    names = sorted(module.name for module in iter_modules(commands.__path__))
    return {_word(name): f"{commands.__name__}.{name}" for name in names}


def _word(module: str) -> str:
    word = module.removesuffix("_")
    return word if iskeyword(word) else module


def _parser(names: Iterable[str]) -> argparse.ArgumentParser:
    parser = _MainParser(
        prog=PROGRAM,
        description="Reconcile AWS ECS and MLflow with the document hokusai.yaml.",
        epilog=f"`{PROGRAM} COMMAND --help` lists the options and exit codes of a "
        "command.",
    )
    parser.add_argument("--version", action=_Version, help="print the version")
    choices = parser.add_subparsers(
        metavar="COMMAND", required=True, parser_class=_CommandParser
    )
    modules = command_modules()
    for name in names:
        command = import_module(modules[name])
        parser.commands[name] = command
        _add_command(choices, name, command)
    return parser


def _add_command(choices: Any, name: str, command: Any) -> None:
    details = getattr(command, "DETAILS", "")
    parser = choices.add_parser(
        name,
        help=command.SUMMARY,
        description="\n\n".join(filter(None, (command.SUMMARY, details))),
        epilog=_exit_codes(command.EXIT_CODES),
        formatter_class=_HelpFormatter,
    )
    command.arguments(parser)
    long_running = getattr(command, "LONG_RUNNING", False)
    parser.set_defaults(run=command.run, long_running=long_running)


def _exit_codes(meanings: Mapping[int, str]) -> str:
    lines = (f"  {code}  {meaning}" for code, meaning in meanings.items())
    return "\n".join(("exit codes:", *lines))


class _CommandParser(argparse.ArgumentParser):
    """Takes options before, between and after the other arguments.

    argparse gives an optional argument its default at the first option, so that a later
    value is an unknown argument: https://github.com/python/cpython/issues/59317
    """

    _is_nested = False

    # One of the overloads of typeshed.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Return the namespace and the arguments that are not known."""
        if self._is_nested:
            return super().parse_known_args(args, namespace)
        self._is_nested = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_nested = False


class _MainParser(argparse.ArgumentParser):
    """Lists the commands by group; argparse knows one list only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands: dict[str, Any] = {}

    def format_help(self) -> str:
        """Return the usage, the commands by group, and the options."""
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for group in commands.Group:
            formatter.start_section(group)
            for name, command in self.commands.items():
                if group == command.GROUP:
                    line = argparse.Action([], "", metavar=name, help=command.SUMMARY)
                    formatter.add_argument(line)
            formatter.end_section()
        formatter.start_section("options")
        formatter.add_arguments([a for a in self._actions if a.option_strings])
        formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps each line of a text by itself, under the start of its own words."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(
            textwrap.fill(
                line,
                width,
                initial_indent=indent,
                subsequent_indent=indent + " " * _hanging(line),
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in text.splitlines()
        )


def _hanging(line: str) -> int:
    found = re.match(r" *(\d+ +)?", line)
    return found.end() if found else 0


class _Version(argparse.Action):
    """Prints the version; ``importlib.metadata`` is slow to import."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the version and end the process."""
        from importlib.metadata import version

        print(version("hokusai-controller"))  # noqa: T201 - as argparse does
        parser.exit()
