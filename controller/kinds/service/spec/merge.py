"""What the document says in AWS's own words, laid over what we would say."""

from collections.abc import Mapping
from typing import Any

from controller.core.values.paths import Plain
from controller.core.values.plain_data import copied

# Lists whose entries have a name, and what it is called; a name comes once.
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
    """Return ``base`` with ``over`` on top; neither is changed.

    Mappings merge field by field, and lists of named things entry by entry; other
    lists are replaced as a whole.
    """
    plain: Plain = copied(dict(base))
    for name, value in over.items():
        plain[name] = _laid_over(name, plain.get(name), value)
    return plain


def _laid_over(name: str, base: Any, over: Any) -> Any:
    match base, over:
        case dict(), dict():
            return merged(base, over)
        case list(), list() if name in NAMED:
            return _by_name(base, over, NAMED[name])
        case _:
            return copied(over)


def _by_name(base: list[Plain], over: list[Plain], key: str) -> list[Plain]:
    """Return the entries of both, those of one name merged, in the order of ``base``."""
    entries: dict[Any, Plain] = {entry[key]: entry for entry in base}
    for entry in over:
        entries[entry[key]] = merged(entries.get(entry[key], {}), entry)
    return list(entries.values())
