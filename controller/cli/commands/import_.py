"""The ``import`` command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from controller.cli import exit_codes, options
from controller.cli.commands import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controller.core.resources.importing import ImportedEntry, ImportSelection

SUMMARY = "Print running ECS services as document entries. Read-only."
GROUP = Group.DOCUMENT
EXIT_CODES = {
    0: "the entries are complete; applying them changes only the ownership tags",
    1: "something could not be imported and needs manual work; stderr lists it",
    2: "failed; the message on stderr gives the reason",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``import``."""
    parser.add_argument(
        "what",
        choices=("service", "services"),
        help="one service, or every service of the cluster",
    )
    parser.add_argument(
        "name", nargs="?", default="", metavar="NAME", help="name of the service in ECS"
    )
    options.document(parser)
    parser.add_argument(
        "--cluster",
        default="",
        metavar="C",
        help="name of the ECS cluster (default: the platform's cluster)",
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
        found = entries_of(controller, "service", wanted)
    entries = [one for one in found if isinstance(one, ImportedEntry)]
    failures = [one for one in found if isinstance(one, ImportFailure)]
    out(as_yaml(_document(entries)))
    remarks = [(entry.key, remark) for entry in entries for remark in entry.remarks]
    for key, remark in remarks:
        tell(f"# service/{key}: {remark}")
    for failure in failures:
        tell(redact(f"# {failure}", ()))
    incomplete = remarks or failures
    return exit_codes.Exit.DIFFERENT if incomplete else exit_codes.Exit.OK


def _wanted(args: argparse.Namespace) -> ImportSelection:
    from controller.core.errors import RefusedError
    from controller.core.resources.importing import ImportSelection

    one = args.what == "service"
    if one and not args.name:
        msg = (
            "NAME is missing: add the name of the service in ECS, or run "
            "`hokusai import services` to import all of them"
        )
        raise RefusedError(msg)
    if not one and (args.name or args.key):
        msg = (
            "`import services` takes neither NAME nor --key: leave them out, or run "
            "`hokusai import service NAME`"
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
