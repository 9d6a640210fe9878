"""The ``validate`` command."""

import argparse

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

    try:
        context = read(args.file, args.environment, args.state)
    except SpecError as error:
        if args.output in {"json", "yaml"}:
            out(render_problems(error.diagnostics, args.output))
        else:
            tell(str(error))
        return exit_codes.Exit.FAILED
    tell_warnings(context.document.warnings)
    if context.settings.auth_service_url and not context.document.access.auth_service:
        tell(
            "warning: AUTH_SERVICE_URL has no effect: declare access.auth_service in "
            "the document, or unset it"
        )
    out(render_document(context.document, args.output))
    return exit_codes.Exit.OK
