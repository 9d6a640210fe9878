"""The ``audit`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.records import StoreRecords
    from controller.app.remote_records import RemoteRecords
    from controller.app.session import Session
    from controller.core.document.resource import ResourceId

SUMMARY = "List and verify the audit log, and account for webhook deliveries."
DETAILS = (
    "The audit log has one row for each executed action, with its author. "
    "`list` prints the rows, newest first. `verify` checks the hash chain and names the "
    "first broken row. Rows that are missing at the end are not visible to it: compare "
    "the number of rows and the head with those of an earlier verification. "
    "`deliveries` observes MLflow and counts, for each webhook target, the versions since "
    "its baseline by the state of their delivery; a version without one is missing."
)
GROUP = Group.INSPECT
EXIT_CODES = {
    0: "listed, or the audit log is unbroken, or no version is missing",
    1: "the audit log is broken, or a version has no event; the output names it",
    2: "failed, or a target is not known; the message gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``audit``."""
    parser.add_argument(
        "what",
        choices=("list", "verify", "deliveries"),
        help="part to print or to verify",
    )
    options.target(parser, optional=True)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)
    options.number(parser, 20, "rows")


def run(args: argparse.Namespace) -> int:
    """List rows of the audit log, verify it, or account for deliveries."""
    from controller.app.remote_records import remembered
    from controller.app.session import address, read

    context = read(args.file, args.environment, args.state)
    target = address(args.target, context.kinds) if args.target else None
    if args.what == "deliveries":
        return _deliveries(args, context, target)
    with remembered(context, args.server) as stored:
        return _VIEWS[args.what](args, stored, target)


def _list(
    args: argparse.Namespace,
    stored: StoreRecords | RemoteRecords,
    target: ResourceId | None,
) -> int:
    """Print rows, newest first."""
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out, tell, terminal_width
    from controller.cli.views.audit import render_audit

    found = stored.audit(max(1, args.number), target)
    out(render_audit(found, args.output, terminal_width()))
    if not found:
        tell(f"The audit log has no rows for {target or 'any resource'}.")
    return Exit.OK


def _verify(
    args: argparse.Namespace,
    stored: StoreRecords | RemoteRecords,
    target: ResourceId | None,
) -> int:
    """Print the result of a verification of all rows."""
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out
    from controller.cli.views.audit import render_verification
    from controller.core.errors import RefusedError

    if target is not None:
        msg = f"`audit verify` verifies all rows: leave out {target}"
        raise RefusedError(msg)
    report = stored.audit_report()
    out(render_verification(report, args.output))
    return Exit.OK if report.broken is None else Exit.DIFFERENT


def _deliveries(
    args: argparse.Namespace, context: Session, target: ResourceId | None
) -> int:
    """Print the account of each webhook target."""
    from controller.app.delivery_audit import delivery_accounts
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out
    from controller.cli.views.delivery_accounts import render_accounts
    from controller.core.errors import RefusedError
    from controller.core.resources.observation import Unknown

    if args.server is not None:
        msg = (
            "`audit deliveries` observes MLflow itself: leave out --server, or see the "
            "condition Complete in `status`"
        )
        raise RefusedError(msg)
    accounts = delivery_accounts(context, target)
    out(render_accounts(accounts, args.output))
    if any(isinstance(found, Unknown) for found in accounts.values()):
        return Exit.FAILED
    known = [a for a in accounts.values() if not isinstance(a, Unknown)]
    return Exit.DIFFERENT if any(found.missing for found in known) else Exit.OK


_VIEWS = {"list": _list, "verify": _verify}
