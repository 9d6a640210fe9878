"""Record of the aliases that a policy or a rollback set, kept in a tag of the model.

The tag survives a lost store and a restarted controller: without it, an alias that was
moved in MLflow could not be told from one that was promoted, and a version that was
rolled back would be promoted again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ALIASES_TAG = "hokusai.ai/aliases"
# Enough for a rollback; MLflow limits the length of a tag.
_EARLIER = 20


@dataclass(frozen=True, slots=True)
class AliasRecord:
    """Record of one alias.

    Attributes:
        version: Version that the controller set the alias to last.
        earlier: Versions before that, newest first, each once.
        held: Hash of the declared entry that a rollback holds; empty if none does.
        held_by: Operator who rolled back, and the reason.
    """

    version: int
    earlier: tuple[int, ...] = ()
    held: str = ""
    held_by: str = ""

    def moved_to(self, version: int) -> "AliasRecord":
        """Return the record after the alias moved to ``version``."""
        if version == self.version:
            return self
        others = (self.version, *self.earlier)
        earlier = tuple(number for number in others if number != version)[:_EARLIER]
        return replace(self, version=version, earlier=earlier)

    def rolled_back_to(self, version: int, held: str, by: str) -> "AliasRecord":
        """Return the record after a rollback to ``version``.

        The version that is rolled back is no target of a later rollback.
        """
        if version in self.earlier:
            older = self.earlier[self.earlier.index(version) + 1 :]
        else:
            older = tuple(number for number in self.earlier if number < version)
        return AliasRecord(version, older, held, by)

    def released(self) -> "AliasRecord":
        """Return the record without a hold."""
        return replace(self, held="", held_by="")


def alias_records(tags: Mapping[str, str]) -> dict[str, AliasRecord]:
    """Return the records in the tags of a model, by alias; unreadable ones are left out."""
    try:
        found = json.loads(tags.get(ALIASES_TAG, "{}"))
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    records = {alias: _record(value) for alias, value in found.items()}
    return {alias: record for alias, record in records.items() if record is not None}


def alias_records_tag(records: Mapping[str, AliasRecord]) -> dict[str, str]:
    """Return the tag that holds ``records``."""
    value = {alias: _fields(record) for alias, record in sorted(records.items())}
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return {ALIASES_TAG: text}


def _fields(record: AliasRecord) -> dict[str, Any]:
    fields = {
        "version": record.version,
        "earlier": list(record.earlier),
        "held": record.held,
        "by": record.held_by,
    }
    return {key: value for key, value in fields.items() if value}


def _record(value: Any) -> AliasRecord | None:
    if not isinstance(value, dict) or not isinstance(value.get("version"), int):
        return None
    earlier = value.get("earlier", ())
    numbers = earlier if isinstance(earlier, list) else ()
    return AliasRecord(
        value["version"],
        tuple(number for number in numbers if isinstance(number, int)),
        str(value.get("held", "")),
        str(value.get("by", "")),
    )
