"""The ``keys`` command."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from controller.app.session import Session
    from controller.core.access.stored_keys import KeyOperations, KeyRecord

SUMMARY = "Create, list, rotate and revoke the keys of the API."
DETAILS = (
    "`create NAME --scope SCOPE` prints a new key, once: only a fingerprint of it is "
    "stored. `list` prints the records of all keys. `rotate KEY` prints a successor with "
    "equal permissions; both are accepted for the time of --overlap. `revoke KEY` takes "
    "effect within a second. KEY is the id of a key, or its name if only one active key "
    "has it. Each change is recorded in the audit log.\n"
    "The database stores fingerprints that depend on HOKUSAI_KEY_PEPPER."
)
GROUP = Group.PLATFORM
EXIT_CODES = exit_codes.DONE
_OVERLAP = timedelta(days=1)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``keys``."""
    parser.add_argument(
        "what",
        choices=("create", "list", "rotate", "revoke"),
        help="create, list, rotate or revoke",
    )
    parser.add_argument(
        "key",
        nargs="?",
        metavar="KEY",
        help="the name of a new key, or the id of a key",
    )
    parser.add_argument(
        "--scope",
        action="append",
        default=[],
        dest="scopes",
        metavar="SCOPE",
        help="a permission, as in models:read or 'predict:model/*'; may be repeated",
    )
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        dest="rates",
        metavar="CLASS=RATE",
        help="a limit of requests, as in predict=600/min; may be repeated",
    )
    parser.add_argument(
        "--for",
        dest="life",
        type=options.span,
        metavar="SPAN",
        help="the time until a new key expires, as in 90d (default: no end)",
    )
    parser.add_argument(
        "--overlap",
        type=options.span,
        metavar="SPAN",
        help="the time for which both keys of a rotation are accepted (default: 1d)",
    )
    parser.add_argument(
        "--reason", metavar="TEXT", help="the reason, recorded in the audit log"
    )
    options.document(parser)
    options.output(parser)
    options.server(parser, "use the API of `hokusai serve` instead of the database")


def run(args: argparse.Namespace) -> int:
    """Show or change the keys of the API."""
    from controller.app.api_keys import key_operations
    from controller.app.session import read
    from controller.cli.exit_codes import Exit
    from controller.cli.terminal import out

    _check(args)
    context = read(args.file, args.environment, args.state)
    reads = args.what == "list"
    with key_operations(context, args.server, read_only=reads) as operations:
        if reads:
            out(_listed(args, operations, context))
        else:
            out(_changed(args, operations))
    return Exit.OK


def _check(args: argparse.Namespace) -> None:
    """Raise RefusedError for arguments that do not fit together."""
    from controller.core.errors import RefusedError

    msg = ""
    if args.what == "list":
        if args.key or args.reason:
            msg = "`keys list` accepts neither a key nor --reason"
    elif not args.key:
        msg = f"`keys {args.what}` needs {'a name' if args.what == 'create' else 'KEY'}"
    elif not (args.reason or "").strip():
        msg = f"`keys {args.what}` needs --reason TEXT"
    if args.what != "create" and (args.scopes or args.rates or args.life is not None):
        msg = f"`keys {args.what}` accepts neither --scope nor --rate nor --for"
    if args.what != "rotate" and args.overlap is not None:
        msg = f"`keys {args.what}` does not accept --overlap"
    if msg:
        raise RefusedError(msg)


def _listed(
    args: argparse.Namespace, operations: KeyOperations, context: Session
) -> str:
    from controller.cli.terminal import terminal_width
    from controller.cli.views.keys import render_keys
    from controller.clients.clock import SystemClock
    from controller.core.access.api_key import pepper_id

    peppers = [*map(pepper_id, context.settings.key_peppers)]
    known = None if args.server else peppers
    return render_keys(
        operations.keys(), SystemClock().now(), known, args.output, terminal_width()
    )


def _changed(args: argparse.Namespace, operations: KeyOperations) -> str:
    """Carry out the change, and return the text about it."""
    from controller.app.user import person
    from controller.cli.views.keys import render_created, render_revoked
    from controller.core.access.stored_keys import KeyRequest, refusal
    from controller.core.errors import RefusedError

    by, reason = person(), " ".join(args.reason.split())
    if args.what == "create":
        rates = dict(map(_pair, args.rates))
        request = KeyRequest(args.key, tuple(args.scopes), rates, args.life)
        if problem := refusal(request):
            raise RefusedError(problem)
        created = operations.create(request, by, reason)
        return render_created(created, args.output)
    record = _selected(args.key, operations)
    if args.what == "revoke":
        changed = operations.revoke(record.id, by, reason)
        return render_revoked(record, changed, args.output)
    overlap = _OVERLAP if args.overlap is None else args.overlap
    successor = operations.rotate(record.id, overlap, by, reason)
    return render_created(successor, args.output)


def _selected(word: str, operations: KeyOperations) -> KeyRecord:
    """Return the key with an id or a name; raises RefusedError without exactly one."""
    from controller.clients.clock import SystemClock
    from controller.core.access.stored_keys import KeyState, with_id
    from controller.core.errors import RefusedError

    found = with_id(operations.keys(), word)
    now = SystemClock().now()
    active = tuple(key for key in found if key.state(now) is KeyState.ACTIVE) or found
    if len(active) == 1:
        return active[0]
    if not active:
        msg = f"there is no key {word}: `hokusai keys list` prints the keys"
        raise RefusedError(msg)
    ids = ", ".join(key.id for key in active)
    msg = f"several keys have the name {word}: name one by its id ({ids})"
    raise RefusedError(msg)


def _pair(text: str) -> tuple[str, str]:
    from controller.core.errors import RefusedError

    name, is_pair, rate = text.partition("=")
    if not is_pair:
        msg = f"{text} is no rate of a class: write, for example, predict=600/min"
        raise RefusedError(msg)
    return name.strip(), rate.strip()
