"""What commands that act by hand have in common: ask, act, follow, report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from controller.cli.exit_codes import Exit
from controller.cli.terminal import confirmed, interactive, out, tell
from controller.cli.views.statuses import Report, render_report
from controller.core.errors import RefusedError
from controller.core.request import Request

if TYPE_CHECKING:
    from controller.bootstrap.by_hand import ByHand
    from controller.core.plan import Verb
    from controller.core.resource import ResourceId

Wanted = Callable[["ByHand"], str]
Told = Callable[[str, float], None]


def carried_out(args: argparse.Namespace, verb: Verb, wanted: Wanted) -> int:
    """Do ``verb`` to the resource that ``args`` name, and follow it to its end.

    Args:
        args: With target, reason, yes, timeout, file, environment and output.
        verb: What is asked for.
        wanted: Returns what exactly, after a look.

    Raises:
        RefusedError: it cannot be done now, or nobody could be asked.
    """
    from controller.bootstrap.by_hand import by_hand
    from controller.bootstrap.command import chosen_targets, read
    from controller.bootstrap.person import person

    if not args.yes and not interactive():
        msg = f"nobody can be asked here: pass --yes to {verb} without asking"
        raise RefusedError(msg)
    context = read(args.file, args.environment, args.state)
    (target,) = chosen_targets([args.target], context.document)
    with by_hand(context, target) as work:
        request = Request(person(), " ".join(args.reason.split()), wanted(work))
        action = work.action(verb, request)
        to = f" to {request.wanted}" if request.wanted else ""
        tell(f"{target}: {verb}{to}, for {request}")
        if not args.yes and not confirmed("Do this?"):
            tell("Nothing was done.")
            return Exit.FAILED
        tell(work.carry_out(action))
        does_well = work.ends_well(action, args.timeout, _progress(target))
        report = Report(work.concluded(), work.now())
    out(render_report(report, args.output))
    return Exit.OK if does_well else Exit.DIFFERENT


def _progress(target: ResourceId) -> Told:
    """Return what tells of each turn once, with the time since the start."""
    last: list[str] = [""]

    def told(message: str, elapsed: float) -> None:
        if message != last[0]:
            last[0] = message
            tell(f"{elapsed:6.1f} s  {target}  {message}")

    return told
