"""Commands to run next, for the same document and environment as this one."""

import argparse
import shlex

_PROGRAM = "hokusai"


def again(args: argparse.Namespace, words: str) -> str:
    """Return ``words`` as a whole command line that speaks of the same document."""
    line = [_PROGRAM, *shlex.split(words)]
    if args.environment is not None:
        line += ["-e", args.environment]
    if str(args.file) != "hokusai.yaml":
        line += ["-f", str(args.file)]
    return shlex.join(line)
