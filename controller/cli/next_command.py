"""Suggested commands, for the same document and environment as the current one."""

import argparse
import shlex

PROGRAM = "hokusai"


def next_command(args: argparse.Namespace, words: str) -> str:
    """Return ``words`` as a complete command line."""
    line = shlex.join([PROGRAM, *shlex.split(words)])
    return f"{line}{platform_options(args)}"


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
