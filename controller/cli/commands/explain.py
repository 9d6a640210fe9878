"""``explain``: what is this field for?"""

import argparse

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out


def run(args: argparse.Namespace) -> int:
    """Print what the models say of a field; reads no document."""
    from controller.kinds import discover
    from controller.spec.explain import explain
    from controller.spec.schema import document_schema

    out(explain(args.field, document_schema(discover())).rstrip("\n"))
    return Exit.OK
