"""Completion scripts for bash, zsh and fish, generated from the argument parser.

zsh runs the bash script by its ``bashcompinit``.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.cli.options import ADDRESS, FILE, FOLDER

Parser = argparse.ArgumentParser


class ValueType(StrEnum):
    """The values that an option or argument takes."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    CHOICE = "choice"
    FILES = "files"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class Parameter:
    """An option, or an argument if it has no names.

    Attributes:
        names: The spellings of an option, such as ``-o`` and ``--output``.
        value: The type of its value.
        choices: The allowed values of a choice.
        help: The help text.
    """

    names: tuple[str, ...]
    value: ValueType
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class CommandSyntax:
    """The help text and the parameters of a command."""

    help: str
    parameters: tuple[Parameter, ...]


def commands_of(parser: Parser) -> Mapping[str, CommandSyntax]:
    """Return every command of ``parser`` with its parameters."""
    (commands,) = (
        action
        for action in parser._actions  # noqa: SLF001 - argparse has no public list
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    return {
        name: CommandSyntax(
            (command.description or "").partition("\n")[0],
            tuple(map(_parameter, command._actions)),  # noqa: SLF001
        )
        for name, command in commands.choices.items()
    }


def script(shell: str, parser: Parser) -> str:
    """Return the script that makes ``shell`` complete the commands of ``parser``."""
    commands = commands_of(parser)
    match shell:
        case "fish":
            return "\n".join(_fish(commands))
        case "zsh":
            start = "autoload -U +X bashcompinit && bashcompinit"
            return f"{start}\n{_bash(commands)}"
        case _:
            return _bash(commands)


def _parameter(action: argparse.Action) -> Parameter:
    names = tuple(action.option_strings)
    text = str(action.help or "") % {"default": action.default}
    if action.choices is not None:
        return Parameter(names, ValueType.CHOICE, tuple(map(str, action.choices)), text)
    if action.nargs == 0:
        return Parameter(names, ValueType.NOTHING, (), text)
    match action.metavar:
        case metavar if metavar == ADDRESS:
            value = ValueType.ADDRESSES
        case metavar if metavar in {FILE, FOLDER}:
            value = ValueType.FILES
        case _:
            value = ValueType.ANYTHING
    return Parameter(names, value, (), text)


_BASH = """\
_hokusai() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
  local verb="" words="" document="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{COMP_WORDS[i]}}" in
      -f|--file|-e|--environment)
        document="$document ${{COMP_WORDS[i]}} ${{COMP_WORDS[i+1]}}" ;;
      -*) ;;
      *) [ -z "$verb" ] && verb="${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$verb $before" in
{values}
  esac
  case "$verb" in
    "") words="{commands}" ;;
{words}
  esac
  case "$word" in
    -*) ;;
    *) case "$verb" in
{addresses}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _hokusai hokusai
"""
_LISTED = "$(hokusai completion addresses $document 2>/dev/null)"


def _bash(commands: Mapping[str, CommandSyntax]) -> str:
    return _BASH.format(
        commands=" ".join((*commands, "--help", "--version")),
        values="\n".join(_values(commands)),
        words="\n".join(
            f'    {name}) words="{" ".join(_following(command))}" ;;'
            for name, command in commands.items()
        ),
        addresses="\n".join(
            f'      {name}) words="$words {_LISTED}" ;;'
            for name, command in commands.items()
            if _takes_addresses(command)
        ),
    ).rstrip()


def _values(commands: Mapping[str, CommandSyntax]) -> Iterator[str]:
    """Yield the completion of each option that takes a value."""
    for name, command in commands.items():
        for parameter in command.parameters:
            if not parameter.names or parameter.value is ValueType.NOTHING:
                continue
            after = "|".join(f'"{name} {option}"' for option in parameter.names)
            yield f"    {after}) {_completed(parameter)} return ;;"


def _completed(parameter: Parameter) -> str:
    match parameter.value:
        case ValueType.CHOICE:
            return (
                f'COMPREPLY=($(compgen -W "{" ".join(parameter.choices)}" -- "$word"));'
            )
        case ValueType.FILES:
            return 'COMPREPLY=($(compgen -f -- "$word"));'
        case _:
            return ""


def _following(command: CommandSyntax) -> Iterator[str]:
    """Yield the options of a command, and the choices of its arguments."""
    for parameter in command.parameters:
        yield from parameter.names or parameter.choices


def _takes_addresses(command: CommandSyntax) -> bool:
    return any(
        not p.names and p.value is ValueType.ADDRESSES for p in command.parameters
    )


def _fish(commands: Mapping[str, CommandSyntax]) -> Iterator[str]:
    start = "complete -c hokusai"
    yield f"{start} -f"
    for name, command in commands.items():
        yield f"{start} -n __fish_use_subcommand -a {name} -d {_quoted(command.help)}"
    for name, command in commands.items():
        when = f"-n {_quoted(f'__fish_seen_subcommand_from {name}')}"
        for parameter in command.parameters:
            yield " ".join((start, when, *_fish_parameter(parameter)))


def _fish_parameter(parameter: Parameter) -> Iterator[str]:
    for name in parameter.names:
        long = name.startswith("--")
        yield f"-l {name[2:]}" if long else f"-s {name[1:]}"
    match parameter.value:
        case ValueType.CHOICE:
            yield f"-x -a {_quoted(' '.join(parameter.choices))}"
        case ValueType.ADDRESSES:
            yield "-x -a '(hokusai completion addresses 2>/dev/null)'"
        case ValueType.FILES:
            yield "-r -F"
        case ValueType.ANYTHING:
            yield "-x"
        case ValueType.NOTHING:
            pass
    if parameter.names:
        yield f"-d {_quoted(parameter.help)}"


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{plain}'"
