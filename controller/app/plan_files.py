"""Plans in files: written for their owner alone, read with suspicion."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from controller.app.session import Session
from controller.app.user import person
from controller.core.document.resource import ResourceId
from controller.core.errors import RefusedError
from controller.core.planning.plan_file import (
    FilledField,
    Origin,
    SavedAction,
    SavedPlan,
    fields_hash,
    fingerprint,
)
from controller.core.resources.plan import Change, Effect, Verb
from controller.core.values.redact import redact

_PRIVATE = 0o600


def origin_of(
    context: Session, targets: frozenset[ResourceId], now: datetime
) -> Origin:
    """Return where a plan that is made now comes from."""
    document = context.document
    return Origin(
        created_at=now,
        created_by=person(),
        environment=document.platform.environment,
        document=document.digest,
        fills=tuple(
            FilledField(f.path, f.variable, f.source, redact(f.value, ()))
            for f in document.fills
        ),
        targets=tuple(sorted(targets)),
    )


def binding_data(plan: SavedPlan, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preconditions of a plan, as plain data."""
    origin = plan.origin
    return {
        "createdAt": origin.created_at.isoformat(),
        "createdBy": origin.created_by,
        "environment": origin.environment,
        "document": origin.document,
        "fills": [
            {
                "path": fill.path,
                "variable": fill.variable,
                "source": fill.source,
                "value": fill.value,
            }
            for fill in origin.fills
        ],
        "targets": list(map(str, origin.targets)),
        "fields": {str(a.target): fields_hash(a, kinds) for a in plan.actions},
        "fingerprint": fingerprint(plan),
    }


def write_plan(file: Path, data: Mapping[str, Any]) -> None:
    """Write a plan that only its owner can read; whole, or not at all.

    Raises:
        RefusedError: the file cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as open_file:
            json.dump(data, open_file, indent=2, ensure_ascii=False)
            open_file.write("\n")
        unfinished.replace(file)
    except OSError as error:
        msg = f"{file} cannot be written: {error.strerror}"
        raise RefusedError(msg) from error


def read_plan(file: Path, schema: Mapping[str, Any]) -> SavedPlan:
    """Return the plan in ``file``.

    Raises:
        RefusedError: it cannot be read, is no saved plan, or was changed since.
    """
    try:
        data = json.loads(file.read_bytes())
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise RefusedError(msg) from error
    except ValueError as error:
        msg = f"{file} is no saved plan: it is not JSON"
        raise RefusedError(msg) from error
    _check(file, data, schema)
    plan = _plan(data)
    if fingerprint(plan) != data["binding"]["fingerprint"]:
        msg = f"{file} was changed since it was saved; save a new plan"
        raise RefusedError(msg)
    return plan


def _check(file: Path, data: Any, schema: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    problem = next(Draft202012Validator(schema).iter_errors(data), None)
    if problem is not None:
        msg = f"{file} is no saved plan: {problem.json_path}: {problem.message[:200]}"
        raise RefusedError(msg)
    if "binding" not in data:
        msg = f"{file} is a plan that was printed: save one with `diff --out FILE`"
        raise RefusedError(msg)


def _plan(data: Mapping[str, Any]) -> SavedPlan:
    binding = data["binding"]
    origin = Origin(
        created_at=datetime.fromisoformat(binding["createdAt"]),
        created_by=binding["createdBy"],
        environment=binding["environment"],
        document=binding["document"],
        fills=tuple(FilledField(**fill) for fill in binding["fills"]),
        targets=tuple(map(ResourceId.parse, binding["targets"])),
    )
    return SavedPlan(origin, tuple(map(_action, data["actions"])))


def _action(data: Mapping[str, Any]) -> SavedAction:
    changes = (
        Change(c["path"], c["before"], c["after"], Effect(c["effect"]))
        for c in data["changes"]
    )
    target = ResourceId.parse(data["resource"])
    return SavedAction(target, Verb(data["verb"]), data["generation"], tuple(changes))
