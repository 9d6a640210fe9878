"""The ``import`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.core.resources.importing import ImportedEntry, ImportSelection

SUMMARY = "Print existing services, models or experiments as document entries."
GROUP = Group.DOCUMENT
# Kinds that can be imported, with the program that knows their names.
_KINDS = {"service": "ECS", "model": "MLflow", "experiment": "MLflow"}
EXIT_CODES = {
    0: "the entries are complete; applying them changes only the ownership tags",
    1: "something could not be imported and needs manual work; stderr lists it",
    2: "failed; the message on stderr gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``import``."""
    parser.add_argument(
        "what",
        choices=tuple(word for one in _KINDS for word in (one, f"{one}s")),
        help="one resource, or all of its kind",
    )
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="NAME",
        help="name of the resource in ECS or MLflow",
    )
    options.document(parser)
    parser.add_argument(
        "--cluster",
        default="",
        metavar="C",
        help="name of the ECS cluster of services (default: the platform's cluster)",
    )
    parser.add_argument(
        "--key",
        default="",
        help="key of the entry in the document (default: derived from the name)",
    )


def run(args: argparse.Namespace) -> int:
    """Print document entries, and on stderr everything they do not express."""
    from controller.app.importing import entries_of
    from controller.app.read_only import looking
    from controller.app.session import read
    from controller.cli.terminal import out, tell
    from controller.cli.views.data import as_yaml
    from controller.core.resources.importing import ImportedEntry, ImportFailure
    from controller.core.values.redact import redact

    wanted = _wanted(args)
    context = read(args.file, args.environment, args.state)
    with looking(context, without_store=True) as (controller, _):
        kind = args.what.removesuffix("s")
        found = entries_of(controller, kind, wanted)
    entries = [one for one in found if isinstance(one, ImportedEntry)]
    failures = [one for one in found if isinstance(one, ImportFailure)]
    out(as_yaml(_document(entries)))
    remarks = [(entry.key, remark) for entry in entries for remark in entry.remarks]
    for key, remark in remarks:
        tell(f"# {kind}/{key}: {remark}")
    for failure in failures:
        tell(redact(f"# {failure}", ()))
    incomplete = remarks or failures
    return exit_codes.Exit.DIFFERENT if incomplete else exit_codes.Exit.OK


def _wanted(args: argparse.Namespace) -> ImportSelection:
    from controller.core.errors import RefusedError
    from controller.core.resources.importing import ImportSelection

    kind = args.what.removesuffix("s")
    one = args.what == kind
    if one and not args.name:
        msg = (
            f"NAME is missing: add the name of the {kind} in {_KINDS[kind]}, or run "
            f"`hokusai import {kind}s` to import all of them"
        )
        raise RefusedError(msg)
    if not one and (args.name or args.key):
        msg = (
            f"`import {kind}s` takes neither NAME nor --key: leave them out, or run "
            f"`hokusai import {kind} NAME`"
        )
        raise RefusedError(msg)
    return ImportSelection(args.name, args.cluster, args.key)


def _document(
    entries: Iterable[ImportedEntry],
) -> dict[str, dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entry in entries:
        found.setdefault(entry.section, {})[entry.key] = entry.fields
    return found
