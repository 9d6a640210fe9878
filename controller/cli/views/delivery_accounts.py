"""The audit of webhook deliveries."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import columns, markdown
from controller.core.document.resource import ResourceId
from controller.core.resources.observation import Unknown
from controller.kinds.webhook.completeness import DeliveryAccount

Accounts = Mapping[ResourceId, DeliveryAccount | Unknown]

_HEAD = (
    "target",
    "versions",
    "delivered",
    "in progress",
    "failed",
    "cancelled",
    "missing",
)
# So many missing versions are listed in a table; JSON and YAML list all.
_LISTED = 20


def render_accounts(accounts: Accounts, output: str) -> str:
    """Return the accounts in the format ``output``."""
    match output:
        case "json":
            return as_json(_data(accounts))
        case "yaml":
            return as_yaml(_data(accounts))
        case "markdown":
            lines = markdown(_HEAD, [*_lines(accounts)])
            return "\n".join((*lines, "", *(f"- {note}" for note in _notes(accounts))))
        case _:
            return "\n".join((*columns(_HEAD, [*_lines(accounts)]), *_notes(accounts)))


def _lines(accounts: Accounts) -> Iterator[tuple[str, ...]]:
    for id_, found in accounts.items():
        if isinstance(found, Unknown):
            yield (id_.name, *["?"] * (len(_HEAD) - 1))
            continue
        numbers = (
            found.versions,
            found.delivered,
            found.pending,
            found.dead,
            found.cancelled,
            len(found.missing),
        )
        yield (id_.name, *map(str, numbers))


def _notes(accounts: Accounts) -> Iterator[str]:
    """Yield the missing versions, and the reasons of targets that are not known."""
    for id_, found in accounts.items():
        if isinstance(found, Unknown):
            yield f"{id_} could not be observed: {found.reason}"
            continue
        for version in found.missing[:_LISTED]:
            yield f"{id_} lacks an event for {version}: the next pass announces it."
        if (rest := len(found.missing) - _LISTED) > 0:
            yield f"{id_} lacks events for {rest} more versions; see `-o json`."


def _data(accounts: Accounts) -> dict[str, Any]:
    return {
        "kind": "DeliveryAudit",
        "formatVersion": FORMAT_VERSION,
        "targets": [
            {"target": str(id_), "unknown": found.reason}
            if isinstance(found, Unknown)
            else {
                "target": str(id_),
                "since": moment(found.since) if found.since else None,
                "versions": found.versions,
                "delivered": found.delivered,
                "pending": found.pending,
                "dead": found.dead,
                "cancelled": found.cancelled,
                "missing": list(found.missing),
            }
            for id_, found in accounts.items()
        ],
    }
