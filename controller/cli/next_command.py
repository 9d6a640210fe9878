"""Commands to run next, for the same document and environment as this one."""

import argparse
import shlex

_PROGRAM = "hokusai"


def again(args: argparse.Namespace, words: str) -> str:
    """Return ``words`` as a whole command line that speaks of the same platform."""
    line = [_PROGRAM, *shlex.split(words)]
    if args.environment is not None:
        line += ["-e", args.environment]
    if str(args.file) != "hokusai.yaml":
        line += ["-f", str(args.file)]
    if args.state is not None:
        line += ["--state", str(args.state)]
    return shlex.join(line)
