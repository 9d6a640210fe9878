"""Merge fields in AWS's spelling over the fields that the controller renders."""

from collections.abc import Mapping
from typing import Any

from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied

# Lists whose entries have a unique name, and the field of that name.
NAMED: Mapping[str, str] = {
    "containerDefinitions": "name",
    "environment": "name",
    "secrets": "name",
    "secretOptions": "name",
    "volumes": "name",
    "volumeConfigurations": "name",
    "ulimits": "name",
    "tags": "key",
    "capacityProviderStrategy": "capacityProvider",
}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Plain:
    """Return ``base`` overridden by ``over``; neither is changed.

    Mappings merge field by field, lists of named entries entry by entry; other lists
    are replaced.
    """
    plain: Plain = copied(dict(base))
    for name, value in over.items():
        plain[name] = _merged_value(name, plain.get(name), value)
    return plain


def _merged_value(name: str, base: Any, over: Any) -> Any:
    match base, over:
        case dict(), dict():
            return merged(base, over)
        case list(), list() if name in NAMED:
            return _by_name(base, over, NAMED[name])
        case _:
            return copied(over)


def _by_name(base: list[Plain], over: list[Plain], key: str) -> list[Plain]:
    """Return the entries of both, merged by name, in the order of ``base``."""
    entries: dict[Any, Plain] = {entry[key]: entry for entry in base}
    for entry in over:
        entries[entry[key]] = merged(entries.get(entry[key], {}), entry)
    return list(entries.values())
