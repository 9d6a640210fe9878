"""``completion``: let the shell finish our words."""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out


def run(args: argparse.Namespace) -> int:
    """Print the script of a shell, or the addresses that it asks us for."""
    if args.shell != "addresses":
        from controller.cli.arguments import parser
        from controller.cli.shell_completion import script

        out(script(args.shell, parser()))
        return Exit.OK
    from controller.bootstrap.command import read

    context = read(args.file, args.environment, args.state)
    out("\n".join(str(id_) for id_ in sorted(context.document.resources)))
    return Exit.OK
