"""``validate``: is the document well formed?"""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.documents import render_document, render_problems


def run(args: argparse.Namespace) -> int:
    """Check the document and every file it includes."""
    from controller.bootstrap.command import read
    from controller.core.errors import SpecError

    try:
        context = read(args.file, args.environment, args.state)
    except SpecError as error:
        if args.output in {"json", "yaml"}:
            out(render_problems(error.diagnostics, args.output))
        else:
            tell(str(error))
        return Exit.FAILED
    out(render_document(context.document, args.output))
    return Exit.OK
