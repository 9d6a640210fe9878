"""API keys: their records, and the text of a new one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import fitted, markdown
from controller.core.access.stored_keys import CreatedKey, KeyRecord

_HEAD = (
    *("id", "name", "state", "ends in", "expires", "last used", "scopes"),
    *("rates", "replaced by"),
)


def render_keys(
    records: Sequence[KeyRecord],
    now: datetime,
    peppers: Sequence[str] | None,
    output: str,
    width: int,
) -> str:
    """Return the records of keys in the format ``output``.

    Args:
        records: Records.
        now: Time at which the states are stated.
        peppers: Ids of the peppers of this process; None if they are not known. A key
            with another one is not accepted.
        output: Format.
        width: Width of the terminal.
    """
    if output in {"json", "yaml"}:
        data = {
            "kind": "KeyList",
            "formatVersion": FORMAT_VERSION,
            "keys": [_data(record, now, peppers) for record in records],
        }
        return as_json(data) if output == "json" else as_yaml(data)
    if not records:
        return "There are no keys: create one with `hokusai keys create NAME --scope SCOPE`."
    lines = [_line(record, now, peppers) for record in records]
    table = markdown(_HEAD, lines) if output == "markdown" else None
    return "\n".join(table or fitted(_HEAD, lines, width))


def render_created(created: CreatedKey, output: str) -> str:
    """Return a new key in the format ``output``; it is shown this once."""
    record, text = created.record, created.text.reveal()
    data = {
        "kind": "CreatedKey",
        "formatVersion": FORMAT_VERSION,
        "key": text,
        "record": _data(record, record.created, None),
    }
    match output:
        case "json":
            return as_json(data)
        case "yaml":
            return as_yaml(data)
        case _:
            return text


def render_revoked(record: KeyRecord, changed: bool, output: str) -> str:
    """Return the text about a revocation in the format ``output``."""
    data = {
        "kind": "RevokedKey",
        "formatVersion": FORMAT_VERSION,
        "id": record.id,
        "changed": changed,
    }
    match output:
        case "json":
            return as_json(data)
        case "yaml":
            return as_yaml(data)
        case _:
            when = "is revoked" if changed else "was revoked before"
            return f"The key {record.id} of {record.name} {when}."


def state_of(record: KeyRecord, now: datetime, peppers: Sequence[str] | None) -> str:
    """Return the state of a key for a person."""
    if peppers is not None and record.pepper not in peppers:
        return "other pepper"
    return record.state(now).value


def _line(
    record: KeyRecord, now: datetime, peppers: Sequence[str] | None
) -> tuple[str, ...]:
    return (
        record.id,
        record.name,
        state_of(record, now, peppers),
        record.last_four,
        moment(record.expires) if record.expires else "",
        moment(record.last_used) if record.last_used else "",
        " ".join(record.scopes),
        " ".join(f"{name}={text}" for name, text in record.rates.items()),
        record.replaced_by,
    )


def _data(
    record: KeyRecord, now: datetime, peppers: Sequence[str] | None
) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "state": state_of(record, now, peppers),
        "lastFour": record.last_four,
        "scopes": list(record.scopes),
        "rates": dict(record.rates),
        "created": moment(record.created),
        "createdBy": record.created_by,
        "expires": moment(record.expires) if record.expires else None,
        "revoked": moment(record.revoked) if record.revoked else None,
        "replacedBy": record.replaced_by or None,
        "lastUsed": moment(record.last_used) if record.last_used else None,
    }
