"""Pairs of what was declared and what ECS answered; see ``tests/corpus/README.md``."""

import json
import os
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.core.values.differences import differences
from controller.kinds.service.compare.diff import setting_differences
from controller.kinds.service.normalize import NameContext, canonical, real_differences
from controller.kinds.service.normalize.structure import r02_keys_start_small
from controller.kinds.service.tags import tags_of

OURS = Path(__file__).parents[1] / "corpus"
THEIRS = os.environ.get("CORPUS", "")
FOLDERS = [OURS, *([Path(THEIRS)] if THEIRS else [])]
# They say which one it is: another name is another thing, not a change of this one.
IDENTITY = {"family", "serviceName", "cluster", "taskDefinition", "clientToken"}
IDENTITY |= {"service", "forceNewDeployment"}
# As Cloud Control has it, and CloudFormation.
RENAMED = {"placementStrategies": "placementStrategy"}
_ARN_PARTS = 6


@dataclass(frozen=True)
class Pair:
    """One file: a task definition, or a service."""

    kind: str
    declared: dict[str, Any]
    live: dict[str, Any]
    here: NameContext

    def differences(self, declared=None):
        """Return the paths in which what is live differs from what is declared."""
        asked = self.declared if declared is None else declared
        if self.kind == "Service":
            found = setting_differences(asked, self.live, self.here)
        else:
            found = real_differences(canonical(self.live), canonical(asked), self.here)
            found = [*found, *self._tags(asked)]
        return [difference.path for difference in found]

    def _tags(self, asked):
        """Yield where declared tags differ; where nobody asked for them, none do."""
        if "tags" not in self.live:
            return ()
        declared, live = tags_of(asked), tags_of(self.live)
        kept = {key: live[key] for key in declared.keys() & live.keys()}
        return differences(kept, declared, "tags")


def pair(file: Path) -> Pair:
    """Return the pair in ``file``: a task definition has containers, a service none."""
    both = json.loads(file.read_text())
    declared, live = small(both["declared"]), small(both["live"])
    if "containerDefinitions" in {*declared, *live}:
        # A family that nobody named is made up by whoever declares.
        declared.setdefault("family", live.get("family"))
        live.setdefault("family", declared["family"])
        return Pair("TaskDefinition", declared, live, here(live, both.get("names", {})))
    return Pair("Service", declared, live, here(live, both.get("names", {})))


def holds_a_pair(file: Path) -> bool:
    content = json.loads(file.read_text())
    return isinstance(content, dict) and {"declared", "live"} <= content.keys()


def small(fields):
    """Return ``fields`` as the API has them: out of the answer, with its keys."""
    inner = fields.get("taskDefinition")
    if isinstance(inner, dict):
        fields = {**inner, **({"tags": fields["tags"]} if "tags" in fields else {})}
    if isinstance(fields.get("services"), list):
        (fields,) = fields["services"]
    r02_keys_start_small(copied := deepcopy(fields))
    return {RENAMED.get(name, name): value for name, value in copied.items()}


def here(live, names) -> NameContext:
    """Return where the pair is from, as its ARN says, or any other in it."""
    own = (live.get("taskDefinitionArn"), live.get("serviceArn"))
    for text in (*own, *(leaf for _, leaf in scalars(live))):
        parts = str(text).split(":")
        if parts[0] == "arn" and len(parts) >= _ARN_PARTS and parts[3] and parts[4]:
            return NameContext(parts[3], parts[4], names)
    return NameContext(names=names)


def scalars(value, path=()):
    """Yield every scalar, after its path."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from scalars(item, (*path, key))
        else:
            yield (*path, key), item


def leaves(value):
    """Yield the path of every scalar; null is none."""
    return (path for path, leaf in scalars(value) if leaf is not None)


PAIRS = sorted(p for f in FOLDERS for p in f.rglob("*.json") if holds_a_pair(p))
