"""Fields of a service that the controller does not manage or compare."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds.service.normalize.rule import number_of, sentence_of

Fields = Mapping[str, Any]
_ROLLED_ELSEWHERE = frozenset({"CODE_DEPLOY", "EXTERNAL"})


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A rule by which a field is not managed.

    Attributes:
        number: Number of the rule, such as ``R58``.
        says: Reason in one sentence.
        leaves: Predicate of a path, the declared fields and the live fields.
    """

    number: str
    says: str
    leaves: Callable[[str, Fields, Fields], bool]

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def left_to_others(path: str, declared: Fields, live: Fields) -> Unmanaged | None:
    """Return the rule by which the field at ``path`` is not managed, if any."""
    for rule in UNMANAGED:
        if rule.leaves(path, declared, live):
            return rule
    return None


def managed_paths(declared: Fields, path: str = "") -> Iterator[str]:
    """Yield the paths that ``declared`` manages; a list is managed as a whole.

    Null manages nothing: for UpdateService it means "unchanged".
    """
    for name, value in declared.items():
        inner = f"{path}.{name}" if path else name
        if in_parts(name, value):
            yield from managed_paths(value, inner)
        elif value is not None:
            yield inner


def in_parts(name: str, value: Any) -> bool:
    """Return True if each field in ``value`` is managed separately."""
    return isinstance(value, dict) and bool(value) and name not in WHOLE


def r04_undeclared(path: str, declared: Fields, _live: Fields) -> bool:
    """An undeclared field is not managed.

    Contract of the document: a field that it leaves out may be set manually, by
    autoscaling, or by another tool.
    """
    return not any(within(path, settled) for settled in managed_paths(declared))


def r55_zones(path: str, declared: Fields, _live: Fields) -> bool:
    """Availability zone rebalancing is not managed unless it is declared.

    API reference, availabilityZoneRebalancing: ENABLED for what is created without it,
    DISABLED for a daemon and for what never had it.
    """
    field = "availabilityZoneRebalancing"
    return within(path, field) and field not in declared


def r38_namespace(path: str, declared: Fields, _live: Fields) -> bool:
    """An undeclared namespace is chosen by the cluster.

    API reference, ServiceConnectConfiguration.namespace; ClusterServiceConnectDefaults.
    """
    connect = "serviceConnectConfiguration"
    settings = declared.get(connect) or {}
    return path == f"{connect}.namespace" and not settings.get("namespace")


def r58_count(path: str, declared: Fields, live: Fields) -> bool:
    """The desired count is not managed with autoscaling, in a daemon, or if undeclared.

    API reference, CreateService.desiredCount and RegisterScalableTarget; a declared
    count is managed as long as nothing else changes it.
    """
    daemon = live.get("schedulingStrategy") == "DAEMON"
    scaled = live.get("scalableTarget") is not None
    return path == "desiredCount" and (
        daemon or scaled or "desiredCount" not in declared
    )


def r59_task_sets(path: str, declared: Fields, live: Fields) -> bool:
    """With CodeDeploy or an external controller, task sets manage these fields.

    API reference, TaskSet: loadBalancers, platformVersion and the task definition.
    """
    fields = ("loadBalancers", "platformVersion", "taskDefinition")
    controllers = {
        (side.get("deploymentController") or {}).get("type")
        for side in (declared, live)
    }
    elsewhere = bool(controllers & _ROLLED_ELSEWHERE)
    return elsewhere and any(within(path, field) for field in fields)


def within(path: str, whole: str) -> bool:
    """Return True if ``path`` is ``whole`` or a part of it."""
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


# ECS replaces these as a whole: a field that is left out gets its default.
WHOLE = frozenset(
    {
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
        "gatewayConnectors",
        "monitoring",
        "deploymentController",
        "canaryConfiguration",
        "linearConfiguration",
        "earlySuccessCriteria",
        "alarms",
    }
)
UNMANAGED = tuple(
    Unmanaged(number_of(function), sentence_of(function), function)
    for function in (r38_namespace, r55_zones, r58_count, r59_task_sets, r04_undeclared)
)
