"""The ``audit`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.records import StoreRecords
    from controller.app.remote_records import RemoteRecords
    from controller.core.document.resource import ResourceId

SUMMARY = "List and verify the audit log: executed actions and their authors."
DETAILS = (
    "`list` prints the rows, newest first. `verify` checks the hash chain and names the "
    "first broken row. Rows that are missing at the end are not visible to it: compare "
    "the number of rows and the head with those of an earlier verification."
)
GROUP = Group.INSPECT
EXIT_CODES = {
    0: "listed, or the audit log is unbroken",
    1: "the audit log is broken; the output names the first broken row",
    2: "failed; the message on stderr gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``audit``."""
    parser.add_argument("what", choices=tuple(_VIEWS), help="list or verify")
    options.target(parser, optional=True)
    options.document(parser)
    options.output(parser)
    options.reads_from_server(parser)
    options.number(parser, 20, "rows")


def run(args: argparse.Namespace) -> int:
    """List rows of the audit log, or verify it."""
    from controller.app.remote_records import remembered
    from controller.app.session import address, read

    context = read(args.file, args.environment, args.state)
    target = address(args.target, context.kinds) if args.target else None
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


_VIEWS = {"list": _list, "verify": _verify}
