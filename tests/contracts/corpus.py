"""Pairs of what was declared and what ECS answered; see ``tests/corpus/README.md``."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.kinds.service.canonical import Here, canonical, real_differences
from controller.kinds.service.compare import setting_differences

OURS = Path(__file__).parents[1] / "corpus"
THEIRS = os.environ.get("CORPUS", "")
FOLDERS = [OURS, *([Path(THEIRS)] if THEIRS else [])]
PAIRS = sorted(p for folder in FOLDERS for p in folder.glob("*.*.json"))
# They say which one it is: another name is another thing, not a change of this one.
IDENTITY = {"family", "serviceName", "cluster", "taskDefinition", "clientToken"}
# As Cloud Control has it, and CloudFormation.
RENAMED = {"placementStrategies": "placementStrategy"}
_ARN_PARTS = 6


@dataclass(frozen=True)
class Pair:
    """One file: a task definition, or a service."""

    kind: str
    declared: dict[str, Any]
    live: dict[str, Any]
    here: Here

    def differences(self, declared=None):
        """Return the paths in which what is live differs from what is declared."""
        asked = self.declared if declared is None else declared
        if self.kind == "Service":
            found = setting_differences(asked, self.live, self.here)
        else:
            found = real_differences(canonical(self.live), canonical(asked), self.here)
        return [difference.path for difference in found]


def pair(file: Path) -> Pair:
    """Return the pair in ``file``; raises ValueError if it is none."""
    kind, both = file.name.partition(".")[0], json.loads(file.read_text())
    if kind not in {"TaskDefinition", "Service"}:
        msg = f"{file.name} must begin with TaskDefinition. or Service."
        raise ValueError(msg)
    declared, live = renamed(both["declared"]), renamed(both["live"])
    if kind == "TaskDefinition":
        # A family that nobody named is made up by whoever declares.
        declared.setdefault("family", live.get("family"))
        live.setdefault("family", declared["family"])
    return Pair(kind, declared, live, here(live, both.get("names", {})))


def here(live, names) -> Here:
    """Return where the pair is from, as its ARN says."""
    arn = live.get("taskDefinitionArn") or live.get("serviceArn") or ""
    parts = arn.split(":")
    known = len(parts) >= _ARN_PARTS
    return Here(parts[3], parts[4], names) if known else Here(names=names)


def renamed(fields):
    return {RENAMED.get(name, name): value for name, value in fields.items()}


def leaves(value, path=()):
    """Yield the path of every scalar."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, dict | list):
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key)
