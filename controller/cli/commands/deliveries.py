"""The ``deliveries`` command."""

from __future__ import annotations

import argparse
from contextlib import suppress
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controller.core.webhooks.delivery_requests import (
        DeliveryCount,
        DeliveryOperations,
        DeliveryRequest,
        DeliverySelection,
    )
    from controller.spec.document import Document

SUMMARY = "List webhook deliveries, send them again, or cancel them."
DETAILS = (
    "`list` prints deliveries, newest first, and `show ID` one of them with its attempts, "
    "payload and next step.\n"
    "`retry ID` sends the named deliveries now. `redrive` sends deliveries again that "
    "failed permanently: all that match the filters, or those with the ids. `cancel` "
    "sends pending and failed deliveries no more. These three print the number of "
    "deliveries, ask for confirmation, and are recorded in the audit log; --dry-run only "
    "prints the number. Deliveries that the receiver accepted are sent again only with "
    "--force, cancelled ones only by id or with `--only cancelled`."
)
GROUP = Group.INTERVENE
EXIT_CODES = exit_codes.DONE
_STATES = (
    *(
        "pending",
        "held",
        "delivered",
        "superseded",
        "dead",
        "exhausted",
        "parked",
        "refused",
    ),
    "cancelled",
)
_MOST_DIGITS = 18
# As many as the API returns.
_MOST_LISTED = 10_000
_CHANGES = ("retry", "redrive", "cancel")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``deliveries``."""
    parser.add_argument(
        "what",
        choices=("list", "show", *_CHANGES),
        help="list, show, retry, redrive or cancel",
    )
    parser.add_argument(
        "ids", nargs="*", type=_id, metavar="ID", help="ids, as printed by `list`"
    )
    parser.add_argument("--target", metavar="NAME", help="only this webhook target")
    parser.add_argument("--model", metavar="NAME", help="only this model")
    parser.add_argument(
        "--only",
        choices=_STATES,
        metavar="STATE",
        help=f"only this state: {', '.join(_STATES)}; `dead` is exhausted, parked and "
        "refused together",
    )
    parser.add_argument(
        "--since",
        type=options.span,
        metavar="SPAN",
        help="only events announced in the last 30s, 10m, 2h or 7d",
    )
    parser.add_argument(
        "--all", action="store_true", help="change deliveries without any filter"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="also send those again that the receiver accepted",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only print the number of deliveries"
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="the reason, recorded in the audit log"
    )
    options.yes(parser)
    options.number(parser, 20, "deliveries to list")
    options.document(parser)
    options.output(parser)
    options.server(parser, "use the API of `hokusai serve` instead of the database")


def run(args: argparse.Namespace) -> int:
    """List, show or change deliveries."""
    from controller.app.deliveries import delivery_operations
    from controller.app.session import read

    _check(args)
    context = read(args.file, args.environment, args.state)
    writes = args.what in _CHANGES and not args.dry_run
    with delivery_operations(context, args.server, read_only=not writes) as operations:
        _check_names(args, operations, context.document)
        if args.what == "list":
            return _list(args, operations)
        if args.what == "show":
            return _show(args, operations)
        return _change(args, operations, context.document)


def _check(args: argparse.Namespace) -> None:
    """Raise RefusedError for arguments that do not fit together."""
    from controller.cli.terminal import require_confirmation
    from controller.core.errors import RefusedError
    from controller.core.webhooks.delivery_requests import refusal

    msg = ""
    if args.what == "list" and args.ids:
        msg = "`deliveries list` accepts filters only: use `deliveries show ID`"
    elif args.what == "show" and len(args.ids) != 1:
        msg = "`deliveries show` needs the id of one delivery"
    elif args.what in _CHANGES:
        request = _request(args)
        msg = refusal(request)
        if not msg and request.chosen.is_everything and not args.all:
            msg = (
                f"`deliveries {args.what}` needs ids or filters, as in --target; add "
                "--all to select all deliveries"
            )
        if not msg and not args.dry_run and not (args.reason or "").strip():
            msg = f"`deliveries {args.what}` needs --reason TEXT"
    if msg:
        raise RefusedError(msg)
    if args.what in _CHANGES and not args.dry_run:
        require_confirmation(args, args.what)


def _list(args: argparse.Namespace, operations: DeliveryOperations) -> int:
    """Print deliveries, newest first."""
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out, tell, terminal_width
    from controller.cli.views.deliveries import render_deliveries
    from controller.clients.clock import SystemClock

    found = operations.selected(
        _selection(args), min(max(1, args.number), _MOST_LISTED)
    )
    now = SystemClock().now()
    out(render_deliveries(found, args.output, terminal_width(), now))
    if not found:
        tell("No delivery matches.")
    return Exit.OK


def _show(args: argparse.Namespace, operations: DeliveryOperations) -> int:
    """Print one delivery with its attempts."""
    from controller.cli.exit_codes import Exit
    from controller.cli.next_command import with_options_in
    from controller.cli.terminal import out, terminal_width
    from controller.cli.views.deliveries import render_delivery
    from controller.core.webhooks.next_step import next_step

    found = operations.details(args.ids[0])
    if found is None:
        raise _unknown([args.ids[0]])
    step = with_options_in(next_step(found.report, found.breaker, found.now), args)
    out(render_delivery(found, args.output, terminal_width(), step))
    return Exit.OK


def _change(
    args: argparse.Namespace, operations: DeliveryOperations, document: Document
) -> int:
    """Print the number of selected deliveries, confirm, and change them."""
    from controller.app.user import person
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import confirmed, out, tell
    from controller.cli.views.deliveries import render_counts, sentence

    request = _request(args)
    _check_ids(request, operations)
    expected = operations.preview(request)
    if args.server is None:
        _check_targets(request, expected, document)
    if args.dry_run or not expected:
        out(render_counts(request.operation, expected, args.output, done=False))
        return Exit.OK
    tell(sentence(request.operation, expected, done=False))
    if not args.yes and not confirmed("Continue?"):
        tell("Not confirmed; nothing was changed.")
        return Exit.FAILED
    done = operations.perform(request, person(), " ".join(args.reason.split()))
    out(render_counts(request.operation, done, args.output, done=True))
    return Exit.OK


def _check_names(
    args: argparse.Namespace, operations: DeliveryOperations, document: Document
) -> None:
    """Raise RefusedError for a target or a model without any delivery or declaration.

    A target that left the document keeps its deliveries.
    """
    from controller.core.errors import RefusedError
    from controller.core.webhooks.delivery_requests import DeliverySelection
    from controller.spec.nearest import suggestion

    chosen = _selection(args)
    declared = document.resources
    names = {
        "target": {id_.name for id_ in declared if id_.kind == "webhook"},
        "model": {r.spec.name for id_, r in declared.items() if id_.kind == "model"},
    }
    for option, value in (("target", chosen.target), ("model", chosen.model)):
        if value is None or value in names[option]:
            continue
        is_target = option == "target"
        of_it = DeliverySelection(
            target=value if is_target else None, model=None if is_target else value
        )
        if operations.selected(of_it, 1):
            continue
        recent = operations.selected(DeliverySelection(), _MOST_LISTED)
        known = names[option] | {getattr(report, option) for report in recent}
        hint = suggestion(value, known)
        msg = f"--{option} {value}: there is no such {option}"
        raise RefusedError(f"{msg}; {hint}" if hint else msg)


def _check_targets(
    request: DeliveryRequest, counts: Sequence[DeliveryCount], document: Document
) -> None:
    """Raise RefusedError if a delivery would be sent to a target that is not declared.

    The next pass would cancel it again.
    """
    from controller.core.document.resource import ResourceId
    from controller.core.errors import RefusedError
    from controller.core.webhooks.delivery_requests import DeliveryOperation

    if request.operation is DeliveryOperation.CANCEL:
        return
    for target in sorted({count.target for count in counts}):
        if ResourceId("webhook", target) not in document.resources:
            msg = (
                f"webhook/{target} is not declared, so nothing is sent to it: declare it "
                "again first; its deliveries are kept"
            )
            raise RefusedError(msg)


def _check_ids(request: DeliveryRequest, operations: DeliveryOperations) -> None:
    """Report the ids that the request does not apply to.

    Raises:
        RefusedError: an id is unknown, or was accepted by the receiver.
    """
    from controller.cli.terminal import tell
    from controller.core.errors import RefusedError
    from controller.core.webhooks.delivery import DeliveryState
    from controller.core.webhooks.delivery_requests import DeliveryOperation

    ids = sorted(request.chosen.ids or ())
    found = {id_: operations.details(id_) for id_ in ids}
    if unknown := [id_ for id_, details in found.items() if details is None]:
        raise _unknown(unknown)
    sends = request.operation is not DeliveryOperation.CANCEL
    for id_, details in found.items():
        if details is None or details.report.state in request.states:
            continue
        if sends and details.report.state is DeliveryState.DELIVERED:
            msg = f"the receiver accepted delivery {id_}: to send it again, add --force"
            raise RefusedError(msg)
        tell(f"Left out: delivery {id_} is {details.report.state}.")


def _unknown(ids: list[int]) -> Exception:
    from controller.core.errors import RefusedError

    words = ", ".join(map(str, ids))
    return RefusedError(
        f"there is no delivery {words}: `hokusai deliveries list` prints the ids"
    )


def _request(args: argparse.Namespace) -> DeliveryRequest:
    from controller.core.webhooks.delivery_requests import (
        DeliveryOperation,
        DeliveryRequest,
    )

    operation = DeliveryOperation(args.what)
    return DeliveryRequest(operation, _selection(args), forced=args.force)


def _selection(args: argparse.Namespace) -> DeliverySelection:
    from controller.clients.clock import SystemClock
    from controller.core.webhooks.delivery_requests import (
        DeliverySelection,
        state_filter,
    )

    since = None
    if args.since is not None:
        with suppress(OverflowError):
            since = SystemClock().now() - args.since
    return DeliverySelection(
        ids=tuple(args.ids) or None,
        target=args.target and args.target.removeprefix("webhook/"),
        model=args.model,
        since=since,
        state=state_filter(args.only) if args.only else None,
    )


def _id(text: str) -> int:
    digits = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not (digits and int(text)):
        msg = f"{text!r} is not the id of a delivery: write 7"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
