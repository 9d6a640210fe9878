"""``rollback``: put back what worked, and keep it until the document changes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli.intervention import carried_out
from controller.core.errors import RefusedError
from controller.core.plan import Verb
from controller.core.rollouts import revision_to

if TYPE_CHECKING:
    from controller.bootstrap.by_hand import ByHand


def run(args: argparse.Namespace) -> int:
    """Go back to an earlier revision, or let what is declared be rolled out again."""
    if args.undo and args.to is not None:
        msg = "--undo goes back to what is declared: leave out --to"
        raise RefusedError(msg)
    if args.undo:
        return carried_out(args, Verb.RESUME, lambda _work: "")
    to = args.to or "1"

    def wanted(work: ByHand) -> str:
        return revision_to(work.rollouts(), to)

    return carried_out(args, Verb.ROLL_BACK, wanted)
