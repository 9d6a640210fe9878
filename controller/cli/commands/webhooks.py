"""The ``webhooks`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.app.webhook_checks import WebhookChecks

SUMMARY = "Test and diagnose a webhook target, and rotate its secret."
DETAILS = (
    "`test NAME` sends a signed event of the type ping, prints the answer, and records "
    "an accepted ping for the condition Verified.\n"
    "`doctor NAME` checks DNS, TLS, redirects, latency, clock and signature, each with a "
    "remedy. It sends one signed ping, one with a wrong signature, and a HEAD request.\n"
    "Both announce nothing and count no attempt.\n"
    "`rotate NAME` moves the rotation of the first secret, which must be in Secrets "
    "Manager, to the next stage: `staged` stores the next secret with the label "
    "AWSPENDING, and it signs second; `canary` sends a ping that only the next secret "
    "signs; `promoted` moves AWSCURRENT to it, and the previous secret signs second for "
    "the grace period; `retired` ends that. Each stage may be repeated. After a "
    "promotion, three answers of 401 or 403 take it back if the receiver refuses a ping "
    "by the next secret and accepts one by the previous secret.\n"
    "Run these where the controller runs, with its secrets."
)
GROUP = Group.INSPECT
EXIT_CODES = {
    0: "the ping was accepted, every check passed, or the stage was reached",
    1: "the ping was not accepted, a check found a problem, or the stage was not reached",
    2: "failed; the message on stderr gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``webhooks``."""
    parser.add_argument(
        "what", choices=(*_CHECKS, "rotate"), help="test, doctor or rotate"
    )
    parser.add_argument("name", metavar="NAME", help="the webhook target")
    parser.add_argument(
        "--to",
        choices=("staged", "canary", "promoted", "retired"),
        metavar="STAGE",
        help="rotate up to this stage: staged, canary, promoted or retired",
    )
    parser.add_argument(
        "--step-back",
        action="store_true",
        help="sign with the previous secret first again, or cancel before a promotion",
    )
    parser.add_argument(
        "--abort",
        action="store_true",
        help="end the rotation although a version was deleted or a label moved; the "
        "version with AWSCURRENT signs alone",
    )
    parser.add_argument(
        "--grace",
        type=options.span,
        metavar="SPAN",
        help="time after a promotion for which the previous secret also signs, at most "
        "7d; 24h by default",
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="the reason, recorded in the audit log"
    )
    options.yes(parser)
    options.document(parser)
    options.output(parser)


def run(args: argparse.Namespace) -> int:
    """Send a ping, run every check, or rotate the secret."""
    from controller.app.session import chosen_targets, read
    from controller.app.webhook_checks import WebhookChecks

    _check(args)
    context = read(args.file, args.environment, args.state)
    name = args.name.removeprefix("webhook/").removeprefix("webhooks/")
    (target,) = chosen_targets([f"webhook/{name}"], context.document)
    if args.what == "rotate":
        return _rotate(args, context, target.name)
    return _CHECKS[args.what](args, WebhookChecks(context, target.name))


def _check(args: argparse.Namespace) -> None:
    """Raise RefusedError for arguments that do not fit together."""
    from controller.cli.terminal import require_confirmation
    from controller.core.errors import RefusedError
    from controller.core.webhooks.rotation import LONGEST_GRACE

    chosen = {
        "--to": args.to,
        "--step-back": args.step_back,
        "--abort": args.abort,
        "--grace": args.grace,
        "--reason": args.reason,
    }
    msg = ""
    if args.what != "rotate":
        wrong = [name for name, value in chosen.items() if value]
        if wrong:
            msg = f"{wrong[0]} is an option of `webhooks rotate`"
    elif len(goals := [name for name in _GOALS if chosen[name]]) > 1:
        msg = f"{' and '.join(goals)} exclude each other"
    elif args.grace is not None and args.grace > LONGEST_GRACE:
        msg = "--grace is at most 7d"
    elif not (args.reason or "").strip():
        msg = "`webhooks rotate` needs --reason TEXT"
    if msg:
        raise RefusedError(msg)
    if args.what == "rotate":
        require_confirmation(args, "rotate")


def _rotate(args: argparse.Namespace, context: Session, name: str) -> int:
    """Move the rotation of a secret, and print its stage and the next command."""
    from controller.app.secret_rotation import rotation_command
    from controller.app.user import person
    from controller.cli.exit_codes import Exit
    from controller.cli.next_command import next_command
    from controller.cli.terminal import confirmed, out, tell
    from controller.cli.views.secret_rotations import (
        abortion,
        intention,
        next_words,
        render_rotation,
    )
    from controller.core.webhooks.rotation import DEFAULT_GRACE, RotationStage

    reason = " ".join(args.reason.split())
    with rotation_command(context, name, person(), reason) as command:
        goal = None
        if not (args.step_back or args.abort):
            chosen = RotationStage(args.to) if args.to else None
            goal = command.stage_after(chosen)
        tell(abortion(name) if args.abort else intention(name, goal))
        if not args.yes and not confirmed("Continue?"):
            tell("Not confirmed; nothing was changed.")
            return Exit.FAILED
        if args.abort:
            result = command.abort(reason)
        elif goal is None:
            result = command.step_back(reason)
        else:
            grace = DEFAULT_GRACE if args.grace is None else args.grace
            result = command.rotate(goal, grace)
        read_secret = command.read_command() if goal else ""
    further = [next_command(args, words) for words in next_words(result)]
    out(render_rotation(result, args.output, further, read_secret))
    return Exit.DIFFERENT if result.problem else Exit.OK


def _test(args: argparse.Namespace, checks: WebhookChecks) -> int:
    """Send a signed ping and print the answer."""
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out
    from controller.cli.views.webhook_checks import render_ping

    result = checks.ping()
    out(render_ping(result, args.output))
    return Exit.OK if result.is_accepted else Exit.DIFFERENT


def _doctor(args: argparse.Namespace, checks: WebhookChecks) -> int:
    """Run every check and print the results."""
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out, terminal_width
    from controller.cli.views.webhook_checks import render_diagnoses
    from controller.core.webhooks.diagnosis import CheckState, diagnoses

    found = checks.findings()
    results = diagnoses(found)
    out(render_diagnoses(args.name, results, args.output, terminal_width()))
    problems = any(one.state is CheckState.PROBLEM for one in results)
    return Exit.DIFFERENT if problems else Exit.OK


_GOALS = ("--to", "--step-back", "--abort")
_CHECKS = {"test": _test, "doctor": _doctor}
