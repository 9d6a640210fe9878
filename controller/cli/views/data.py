"""Plans and statuses as JSON or YAML, in the shapes that the schemas describe.

``formatVersion`` is raised when a change breaks existing readers.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Conditions
from controller.core.resources.cost import Cost, Costs
from controller.core.resources.plan import Action, Advice, Blocked, Change, Plan

FORMAT_VERSION = 1


def plan_data(plan: Plan, costs: Costs | None = None) -> dict[str, Any]:
    """Return ``plan`` as plain data, with its estimated costs if they are known."""
    total = {"cost": cost_data(costs.total)} if costs else {}
    return {
        "kind": "Plan",
        "formatVersion": FORMAT_VERSION,
        "inSync": plan.in_sync,
        "complete": plan.complete,
        "fingerprint": plan.fingerprint,
        **total,
        "actions": [_action(action, costs) for action in plan.actions],
        "advice": [_advice(advice) for advice in plan.advice],
        "blocked": [_blocked(blocked) for blocked in plan.blocked],
    }


def status_data(statuses: Mapping[ResourceId, Conditions]) -> dict[str, Any]:
    """Return the conditions of every resource as plain data."""
    return {
        "kind": "Status",
        "formatVersion": FORMAT_VERSION,
        "resources": [
            {
                "resource": str(id_),
                "conditions": [
                    {
                        "type": condition.type,
                        "status": condition.status,
                        "reason": condition.reason,
                        "message": condition.message,
                        "observedGeneration": condition.observed_generation,
                        "lastTransitionTime": moment(condition.last_transition),
                    }
                    for condition in conditions.values()
                ],
            }
            for id_, conditions in sorted(statuses.items())
        ],
    }


def moment(at: datetime) -> str:
    """Return a time in RFC 3339."""
    return at.isoformat()


def as_json(data: Any) -> str:
    """Return ``data`` as indented JSON."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def as_yaml(data: Any) -> str:
    """Return ``data`` as YAML."""
    import yaml

    plain = json.loads(json.dumps(data))
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    return text.rstrip()


def cost_data(cost: Cost) -> dict[str, int]:
    """Return a cost as plain data."""
    return {
        "calls": cost.calls,
        "restarts": cost.restarts,
        "seconds": cost.seconds,
    }


def _action(action: Action, costs: Costs | None) -> dict[str, Any]:
    cost = {"cost": cost_data(costs.by_target[action.target])} if costs else {}
    return {
        "resource": str(action.target),
        "verb": action.verb,
        "reason": action.reason,
        "waitsFor": [str(id_) for id_ in action.waits_for],
        "changes": _changes(action.changes),
        "generation": action.generation,
        **cost,
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {
        "resource": str(advice.target),
        "reason": advice.reason,
        "message": advice.message,
        "command": advice.command,
        "changes": _changes(advice.changes),
    }


def _blocked(blocked: Blocked) -> dict[str, Any]:
    return {
        "resource": str(blocked.target),
        "hold": blocked.hold,
        "message": blocked.message,
        "changes": _changes(blocked.changes),
    }


def _changes(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    return [
        {
            "path": change.path,
            "before": change.before,
            "after": change.after,
            "effect": change.effect,
            "cause": change.cause,
        }
        for change in changes
    ]
