"""``run``: keep the world as declared."""

import argparse

from controller.cli.exit_codes import Exit


def run(args: argparse.Namespace) -> int:
    """Reconcile until a signal says stop."""
    from controller.bootstrap.process import run as run_process

    run_process(args.file, args.environment, args.state)
    return Exit.OK
