"""The ``validate`` command."""

import argparse
import os

from controller.cli import exit_codes, options
from controller.cli.commands import Group

SUMMARY = "Check the document offline and report every mistake."
GROUP = Group.DOCUMENT
EXIT_CODES = exit_codes.VALID


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``validate``."""
    options.document(parser)
    options.output(parser)


def run(args: argparse.Namespace) -> int:
    """Check the document and every file it includes."""
    from controller.app.session import read
    from controller.cli.terminal import out, tell, tell_warnings
    from controller.cli.views.documents import render_document, render_problems
    from controller.core.errors import SpecError
    from controller.settings import without_effect

    for name in without_effect(os.environ):
        tell(f"warning: {name} has no effect in this version; unset it")
    try:
        context = read(args.file, args.environment, args.state)
    except SpecError as error:
        if args.output in {"json", "yaml"}:
            out(render_problems(error.diagnostics, args.output))
        else:
            tell(str(error))
        return exit_codes.Exit.FAILED
    tell_warnings(context.document.warnings)
    out(render_document(context.document, args.output))
    return exit_codes.Exit.OK
