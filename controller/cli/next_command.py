"""Suggested commands, for the same document and environment as the current one."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controller.core.document.resource import ResourceId
    from controller.core.resources.condition import Conditions
    from controller.core.resources.plan import Plan

    Statuses = Mapping[ResourceId, Conditions]

PROGRAM = "hokusai"
# A command in a message: between backticks, or after a colon up to the end.
_IN_MESSAGE = re.compile(rf"(?<=`){PROGRAM} [^`]*(?=`)|(?<=: ){PROGRAM} [^`]*$")


def next_command(args: argparse.Namespace, words: str) -> str:
    """Return ``words`` as a complete command line."""
    line = shlex.join([PROGRAM, *shlex.split(words)])
    return f"{line}{platform_options(args)}"


def with_platform_options(plan: Plan, args: argparse.Namespace) -> Plan:
    """Return ``plan`` with advice whose commands select the platform of ``args``."""
    options = platform_options(args)
    advice = (
        replace(one, command=_completed(one.command, options)) for one in plan.advice
    )
    return replace(plan, advice=tuple(advice))


def with_options_in(text: str, args: argparse.Namespace) -> str:
    """Return a message whose commands select the platform of ``args``."""
    options = platform_options(args)
    return _IN_MESSAGE.sub(lambda found: f"{found[0]}{options}", text)


def with_options_in_statuses(statuses: Statuses, args: argparse.Namespace) -> Statuses:
    """Return conditions whose commands select the platform of ``args``."""
    return {
        id_: {
            type_: replace(one, message=with_options_in(one.message, args))
            for type_, one in conditions.items()
        }
        for id_, conditions in statuses.items()
    }


def _completed(command: str, options: str) -> str:
    """Return ``command`` with ``options`` after each line that runs this program."""
    return "\n".join(
        f"{line}{options}" if line.startswith(f"{PROGRAM} ") else line
        for line in command.splitlines()
    )


def platform_options(args: argparse.Namespace) -> str:
    """Return the options that select the platform of ``args``, each after a space."""
    chosen: list[str] = []
    if args.environment is not None:
        chosen += ["-e", args.environment]
    if str(args.file) != "hokusai.yaml":
        chosen += ["-f", str(args.file)]
    if args.state is not None:
        chosen += ["--state", str(args.state)]
    return "".join(f" {shlex.quote(word)}" for word in chosen)
