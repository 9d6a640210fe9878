"""``import``: what would declare what runs already?"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from controller.cli.exit_codes import Exit
from controller.cli.terminal import out, tell
from controller.cli.views.data import as_yaml
from controller.core.errors import RefusedError
from controller.core.imports import Wanted

if TYPE_CHECKING:
    from controller.core.imports import Entry


def run(args: argparse.Namespace) -> int:
    """Print entries of the document; tell on stderr what they do not say."""
    from controller.bootstrap.command import read
    from controller.bootstrap.importing import entries_of
    from controller.bootstrap.look import looking

    wanted = _wanted(args)
    context = read(args.file, args.environment, args.state)
    with looking(context, without_store=True) as (controller, _):
        found = entries_of(controller, "service", wanted)
    out(as_yaml(_document(found)))
    remarks = [(entry.key, remark) for entry in found for remark in entry.remarks]
    for key, remark in remarks:
        tell(f"# service/{key}: {remark}")
    return Exit.DIFFERENT if remarks else Exit.OK


def _wanted(args: argparse.Namespace) -> Wanted:
    one = args.what == "service"
    if one and not args.name:
        msg = "which service? Write its name in ECS, or `import services` for all"
        raise RefusedError(msg)
    if not one and (args.name or args.key):
        msg = "all services are imported: leave out NAME and --key, or write service"
        raise RefusedError(msg)
    return Wanted(args.name, args.cluster, args.key)


def _document(entries: Iterable[Entry]) -> dict[str, dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entry in entries:
        found.setdefault(entry.section, {})[entry.key] = entry.fields
    return found
