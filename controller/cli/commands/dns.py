"""The ``dns`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.core.dns.pins import PinOperations

SUMMARY = "Show the addresses of names, pin them for a time, or forget them."
DETAILS = (
    "`show` prints the pins and the last good addresses in the store; with --server also "
    "the names in the cache of the server.\n"
    "`pin HOST ADDRESS --for 2h` uses the addresses (separated by commas) in the place of "
    "those of DNS until the time has passed. `unpin HOST` ends that at once. `flush HOST` "
    "lets every process forget the addresses of a host, so that the next use queries DNS; "
    "without HOST, those of all hosts. While DNS fails, a flushed host has its declared "
    "fallback only. These three apply to every process of the store within 5 seconds, and "
    "are recorded in the audit log."
)
GROUP = Group.INTERVENE
EXIT_CODES = exit_codes.DONE
_CHANGES = ("pin", "unpin", "flush")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``dns``."""
    parser.add_argument(
        "what", choices=("show", *_CHANGES), help="show, pin, unpin or flush"
    )
    parser.add_argument("host", nargs="?", metavar="HOST", help="the name of the host")
    parser.add_argument(
        "addresses",
        nargs="?",
        metavar="ADDRESS",
        help="the IP address, or several separated by commas",
    )
    parser.add_argument(
        "--for",
        dest="duration",
        type=options.span,
        metavar="SPAN",
        help="the time until the pin ends: 30s, 10m, 2h or 7d",
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="the reason, recorded in the audit log"
    )
    options.document(parser)
    options.output(parser)
    options.server(parser, "use the API of `hokusai serve` instead of the database")


def run(args: argparse.Namespace) -> int:
    """Show or change the addresses of names."""
    from controller.app.dns_pins import pin_operations
    from controller.app.session import read
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out

    _check(args)
    context = read(args.file, args.environment, args.state)
    writes = args.what in _CHANGES
    with pin_operations(context, args.server, read_only=not writes) as operations:
        out(_changed(args, operations) if writes else _shown(args, operations))
    return Exit.OK


def _check(args: argparse.Namespace) -> None:
    """Raise RefusedError for arguments that do not fit together."""
    from controller.core.errors import RefusedError

    msg = ""
    if args.what == "pin" and not (
        args.host and args.addresses and args.duration is not None
    ):
        msg = (
            "`dns pin` needs a host, an address and --for SPAN, as in `hokusai dns pin "
            "mlflow.internal 10.0.1.42 --for 2h --reason TEXT`"
        )
    elif args.what != "pin" and (args.addresses or args.duration is not None):
        msg = f"`dns {args.what}` accepts neither an address nor --for"
    elif args.what == "unpin" and not args.host:
        msg = "`dns unpin` needs a host, as printed by `hokusai dns show`"
    elif args.what == "show" and args.reason:
        msg = "`dns show` changes nothing and accepts no --reason"
    elif args.what in _CHANGES and not (args.reason or "").strip():
        msg = f"`dns {args.what}` needs --reason TEXT"
    if msg:
        raise RefusedError(msg)


def _shown(args: argparse.Namespace, operations: PinOperations) -> str:
    from controller.app.dns_pins import RemotePinOperations
    from controller.cli.terminal import terminal_width
    from controller.cli.views.dns import render_names

    host = _host(args.host) if args.host else ""
    remote = isinstance(operations, RemotePinOperations)
    names = operations.names() if isinstance(operations, RemotePinOperations) else ()
    pins, kept = operations.pins(), operations.kept()
    if host:
        names = tuple(name for name in names if name.host == host)
        pins = tuple(pin for pin in pins if pin.host == host)
        kept = tuple(one for one in kept if one.host == host)
    shown = names if remote else None
    return render_names(shown, pins, kept, args.output, terminal_width())


def _not_pinned(host: str, operations: PinOperations) -> str:
    """Return the reason why the pin of ``host`` cannot be ended by a command."""
    for pin in operations.pins():
        if pin.host == host and pin.origin.setting:
            return f"{host} is pinned by {pin.origin.setting}: remove it there"
    return f"{host} is not pinned: `hokusai dns show` prints the pins"


def _changed(args: argparse.Namespace, operations: PinOperations) -> str:
    """Carry out the change, and return the text about it."""
    from controller.app.user import person
    from controller.cli.views.dns import render_change
    from controller.core.dns.pins import PinRequest, pinned_addresses, refusal
    from controller.core.errors import RefusedError

    by, reason = person(), " ".join(args.reason.split())
    host = _host(args.host) if args.host else ""
    if args.what == "flush":
        operations.flush(host, by, reason)
        return render_change("flush", host, None, args.output)
    if args.what == "unpin":
        if not operations.unpin(host, by, reason):
            raise RefusedError(_not_pinned(host, operations))
        return render_change("unpin", host, None, args.output)
    if msg := refusal(host, args.duration, reason):
        raise RefusedError(msg)
    try:
        addresses = pinned_addresses(args.addresses)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    pin = operations.pin(PinRequest(host, addresses, args.duration, reason), by)
    return render_change("pin", host, pin, args.output)


def _host(text: str) -> str:
    """Return the name of a host; raises RefusedError for other words."""
    from controller.core.dns.pins import pinned_host
    from controller.core.errors import RefusedError

    try:
        return pinned_host(text)
    except ValueError as error:
        raise RefusedError(str(error)) from None
