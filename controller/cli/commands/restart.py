"""``restart``: replace the tasks of a service by new ones of the same revision."""

import argparse

from controller.cli.intervention import carried_out
from controller.core.plan import Verb


def run(args: argparse.Namespace) -> int:
    """Begin a forced new deployment, and follow it to its end."""
    return carried_out(args, Verb.RESTART, lambda _work: "")
