"""``retry``: try again what was rejected, after it was mended outside the document."""

import argparse

from controller.cli.intervention import carried_out
from controller.core.plan import Verb


def run(args: argparse.Namespace) -> int:
    """Forgive the failure, and follow the next rollout to its end."""
    return carried_out(args, Verb.RETRY, lambda _work: "")
