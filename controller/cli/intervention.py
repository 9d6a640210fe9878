"""The common course of ``rollback``, ``restart``, ``retry`` and ``approve``."""

import argparse
from collections.abc import Callable

from controller.app.direct_intervention import intervening
from controller.app.intervention import Intervention
from controller.app.session import chosen_targets, read
from controller.app.user import person
from controller.cli.exit_codes import Exit
from controller.cli.next_command import with_options_in_statuses
from controller.cli.terminal import (
    confirmed,
    out,
    require_confirmation,
    tell,
    terminal_width,
)
from controller.cli.views.statuses import StatusOutput, render_report
from controller.core.document.resource import ResourceId
from controller.core.resources.operation_request import OperationRequest
from controller.core.resources.plan import Action, Verb

Choice = Callable[[Intervention], str]


def intervene(
    args: argparse.Namespace, verb: Verb, choice: Choice | None = None
) -> int:
    """Confirm, carry out and follow an intervention on one resource.

    Args:
        args: With target, reason, yes, timeout, file, environment and output.
        verb: The intervention.
        choice: Chooses its object, such as a revision, from the observed state.

    Raises:
        RefusedError: the intervention is not possible now, or cannot be confirmed.
    """
    require_confirmation(args, verb)
    context = read(args.file, args.environment, args.state)
    (target,) = chosen_targets([args.target], context.document)
    with intervening(context, target) as work:
        wanted = choice(work) if choice is not None else ""
        request = OperationRequest(person(), " ".join(args.reason.split()), wanted)
        action = work.action(verb, request)
        tell(f"{target}: {verb}{_object(action)}, for {request}")
        if not args.yes and not confirmed("Continue?"):
            tell("Not confirmed; nothing was changed.")
            return Exit.FAILED
        tell(work.carry_out(action))
        healthy = work.ends_well(action, args.timeout, _progress(target))
        statuses = with_options_in_statuses(work.concluded(), args)
        report = StatusOutput(statuses, work.now())
    out(render_report(report, args.output, terminal_width()))
    return Exit.OK if healthy else Exit.DIFFERENT


def _object(action: Action) -> str:
    """Return the object of the operation, as in `` to api:7`` or `` version 7``."""
    wanted = action.request.wanted if action.request else ""
    word = {Verb.APPROVE: "version", Verb.RESUME: "alias"}.get(action.verb, "to")
    return f" {word} {wanted}" if wanted else ""


def _progress(target: ResourceId) -> Callable[[str, float], None]:
    """Return a function that reports each new message, with the elapsed time."""
    last: list[str] = [""]

    def report(message: str, elapsed: float) -> None:
        if message != last[0]:
            last[0] = message
            tell(f"{elapsed:6.1f} s  {target}  {message}")

    return report
