"""``schema``: what a document may contain, for editors and other programs."""

import argparse
from pathlib import Path

from controller.cli.exits import Exit
from controller.cli.terminal import out, tell


def run(args: argparse.Namespace) -> int:
    """Print the JSON Schema of the document, or write it where editors look."""
    from controller.kinds import discover
    from controller.spec.schema import text, write

    if not args.write:
        out(text(discover()).rstrip("\n"))
        return Exit.OK
    changed = write(Path(), discover())
    tell(f"The schema in schemas/ {'was written' if changed else 'is up to date'}.")
    return Exit.OK
