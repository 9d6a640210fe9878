"""``schema``: what a document may contain, for editors and other programs."""

import argparse
from pathlib import Path

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell


def run(args: argparse.Namespace) -> int:
    """Print the JSON Schema of the document, or write every schema there is."""
    if not args.write:
        from controller.kinds import discover
        from controller.spec.schema import text

        out(text(discover()).rstrip("\n"))
        return Exit.OK
    from controller.cli.schemas import write

    written = write(Path())
    tell(f"Written: {', '.join(written)}." if written else "All schemas are fresh.")
    return Exit.OK
