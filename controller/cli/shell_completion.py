"""Completion for shells, made from the parser: what it knows, they know.

zsh runs the script that is written for bash; fish has a language of its own.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.cli.options import ADDRESS

Parser = argparse.ArgumentParser


class Value(StrEnum):
    """What may stand where an option or argument takes a value."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    CHOICE = "choice"
    FILES = "files"
    ADDRESSES = "addresses"


@dataclass(frozen=True, slots=True)
class Word:
    """An option, or an argument if it has no names.

    Attributes:
        names: As in ``-o`` and ``--output``.
        value: What it takes.
        choices: If it takes one of these.
        help: What it is for.
    """

    names: tuple[str, ...]
    value: Value
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: what it is for, and what may follow it."""

    help: str
    words: tuple[Word, ...]


def verbs_of(parser: Parser) -> Mapping[str, Verb]:
    """Return every command of ``parser`` with the words that may follow."""
    (commands,) = (
        action
        for action in parser._actions  # noqa: SLF001 - argparse shows them nowhere
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    return {
        name: Verb(
            command.description or "",
            tuple(_word(action) for action in command._actions),  # noqa: SLF001
        )
        for name, command in commands.choices.items()
    }


def script(shell: str, parser: Parser) -> str:
    """Return what makes ``shell`` complete the commands of ``parser``."""
    verbs = verbs_of(parser)
    match shell:
        case "fish":
            return "\n".join(_fish(verbs))
        case "zsh":
            start = "autoload -U +X bashcompinit && bashcompinit"
            return f"{start}\n{_bash(verbs)}"
        case _:
            return _bash(verbs)


def _word(action: argparse.Action) -> Word:
    names, text = tuple(action.option_strings), str(action.help or "")
    if action.choices is not None:
        return Word(names, Value.CHOICE, tuple(map(str, action.choices)), text)
    if action.nargs == 0:
        return Word(names, Value.NOTHING, (), text)
    match action.metavar:
        case metavar if metavar == ADDRESS:
            value = Value.ADDRESSES
        case "FILE" | "FOLDER":
            value = Value.FILES
        case _:
            value = Value.ANYTHING
    return Word(names, value, (), text)


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


def _bash(verbs: Mapping[str, Verb]) -> str:
    return _BASH.format(
        commands=" ".join((*verbs, "--help", "--version")),
        values="\n".join(_values(verbs)),
        words="\n".join(
            f'    {name}) words="{" ".join(_following(verb))}" ;;'
            for name, verb in verbs.items()
        ),
        addresses="\n".join(
            f'      {name}) words="$words {_LISTED}" ;;'
            for name, verb in verbs.items()
            if _takes_addresses(verb)
        ),
    ).rstrip()


def _values(verbs: Mapping[str, Verb]) -> Iterator[str]:
    """Yield, for each option that takes a value, what completes it."""
    for name, verb in verbs.items():
        for word in verb.words:
            if not word.names or word.value is Value.NOTHING:
                continue
            after = "|".join(f'"{name} {option}"' for option in word.names)
            yield f"    {after}) {_completed(word)} return ;;"


def _completed(word: Word) -> str:
    match word.value:
        case Value.CHOICE:
            return f'COMPREPLY=($(compgen -W "{" ".join(word.choices)}" -- "$word"));'
        case Value.FILES:
            return 'COMPREPLY=($(compgen -f -- "$word"));'
        case _:
            return ""


def _following(verb: Verb) -> Iterator[str]:
    """Yield the words that may follow a command: options and choices."""
    for word in verb.words:
        yield from word.names or word.choices


def _takes_addresses(verb: Verb) -> bool:
    return any(not w.names and w.value is Value.ADDRESSES for w in verb.words)


def _fish(verbs: Mapping[str, Verb]) -> Iterator[str]:
    start = "complete -c hokusai"
    yield f"{start} -f"
    for name, verb in verbs.items():
        yield f"{start} -n __fish_use_subcommand -a {name} -d {_quoted(verb.help)}"
    for name, verb in verbs.items():
        when = f"-n {_quoted(f'__fish_seen_subcommand_from {name}')}"
        for word in verb.words:
            yield " ".join((start, when, *_fish_word(word)))


def _fish_word(word: Word) -> Iterator[str]:
    for name in word.names:
        long = name.startswith("--")
        yield f"-l {name[2:]}" if long else f"-s {name[1:]}"
    match word.value:
        case Value.CHOICE:
            yield f"-x -a {_quoted(' '.join(word.choices))}"
        case Value.ADDRESSES:
            yield "-x -a '(hokusai completion addresses 2>/dev/null)'"
        case Value.FILES:
            yield "-r -F"
        case Value.ANYTHING:
            yield "-x"
        case Value.NOTHING:
            pass
    if word.names:
        yield f"-d {_quoted(word.help.replace('%(default)s', 'its own'))}"


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{plain}'"
