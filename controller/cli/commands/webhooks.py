"""The ``webhooks`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.webhook_checks import WebhookChecks

SUMMARY = "Test and diagnose the receiver of a webhook target."
DETAILS = (
    "`test NAME` sends a signed event of the type ping, prints the answer, and records "
    "an accepted ping for the condition Verified.\n"
    "`doctor NAME` checks DNS, TLS, redirects, latency, clock and signature, each with a "
    "remedy. It sends one signed ping, one with a wrong signature, and a HEAD request.\n"
    "Both announce nothing and count no attempt. Run them where the controller runs, "
    "with its secrets."
)
GROUP = Group.INSPECT
EXIT_CODES = {
    0: "the receiver accepted the ping, or every check passed",
    1: "the receiver did not accept the ping, or a check found a problem",
    2: "failed; the message on stderr gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``webhooks``."""
    parser.add_argument("what", choices=tuple(_CHECKS), help="test or doctor")
    parser.add_argument("name", metavar="NAME", help="the webhook target")
    options.document(parser)
    options.output(parser)


def run(args: argparse.Namespace) -> int:
    """Send a ping, or run every check."""
    from controller.app.session import chosen_targets, read
    from controller.app.webhook_checks import WebhookChecks

    context = read(args.file, args.environment, args.state)
    name = args.name.removeprefix("webhook/").removeprefix("webhooks/")
    (target,) = chosen_targets([f"webhook/{name}"], context.document)
    return _CHECKS[args.what](args, WebhookChecks(context, target.name))


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


_CHECKS = {"test": _test, "doctor": _doctor}
