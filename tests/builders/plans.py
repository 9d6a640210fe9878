"""A plan with one verdict of each type, and conditions."""

from datetime import UTC, datetime

from controller.core.document.resource import ResourceId
from controller.core.resources.condition import Condition, ConditionType, Truth
from controller.core.resources.plan import (
    Action,
    Advice,
    Blocked,
    Change,
    Effect,
    Hold,
    Plan,
    Reason,
    Verb,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
API, MLFLOW = ResourceId("service", "api"), ResourceId("service", "mlflow")
LEAD, SITE = ResourceId("model", "lead"), ResourceId("webhook", "site")
CPU = Change("task.cpu", "256", "512", Effect.RESTART)

UPDATE = Action(
    API, Verb.UPDATE, Reason.DRIFTED, (CPU,), generation="v1:a", waits_for=(MLFLOW,)
)
ADVICE = Advice(LEAD, Reason.NOT_MANAGED, "It is not ours.", (), "hokusai apply")
UNKNOWN = Blocked(MLFLOW, Hold.UNKNOWN, "ECS did not answer.")
ROLLOUT = Blocked(SITE, Hold.ROLLOUT_IN_PROGRESS, "It rolls out.")
PLAN = Plan((UPDATE,), (ADVICE,), (UNKNOWN, ROLLOUT))


def conditions(
    ready=Truth.TRUE, reason="Ready", message="It is well.", at=NOON, **others
):
    """Return all six conditions; ``others`` are statuses by lower-case type."""
    quiet = {
        ConditionType.SYNCED: ready,
        ConditionType.HEALTHY: ready,
        ConditionType.RECONCILING: Truth.FALSE,
        ConditionType.STALLED: Truth.FALSE,
        ConditionType.SUSPENDED: Truth.FALSE,
    }
    quiet |= {ConditionType(k.capitalize()): truth for k, truth in others.items()}
    found = {ConditionType.READY: ready, **quiet}
    return {
        type_: Condition(type_, truth, reason, message, "v1:a", at)
        for type_, truth in found.items()
    }
