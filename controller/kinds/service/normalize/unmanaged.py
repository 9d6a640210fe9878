"""What of a service is not ours to settle, and so is not compared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds.service.normalize.rule import number_of, sentence_of

Fields = Mapping[str, Any]
_ROLLED_ELSEWHERE = frozenset({"CODE_DEPLOY", "EXTERNAL"})


@dataclass(frozen=True, slots=True)
class Unmanaged:
    """A rule that leaves a field to others.

    Attributes:
        number: As in the list of the rules.
        says: Why, in one sentence.
        leaves: Whether it leaves a field, given what is declared and what is live.
    """

    number: str
    says: str
    leaves: Callable[[str, Fields, Fields], bool]

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def left_to_others(path: str, declared: Fields, live: Fields) -> Unmanaged | None:
    """Return the rule by which the field at ``path`` is others', if there is one."""
    for rule in UNMANAGED:
        if rule.leaves(path, declared, live):
            return rule
    return None


def managed_paths(declared: Fields, path: str = "") -> Iterator[str]:
    """Yield the paths of what ``declared`` settles; a list is settled as a whole.

    Null settles nothing: UpdateService takes it for "as it is".
    """
    for name, value in declared.items():
        inner = f"{path}.{name}" if path else name
        if in_parts(name, value):
            yield from managed_paths(value, inner)
        elif value is not None:
            yield inner


def in_parts(name: str, value: Any) -> bool:
    """Whether each field in ``value`` is settled by itself, or not at all."""
    return isinstance(value, dict) and bool(value) and name not in WHOLE


def r04_undeclared(path: str, declared: Fields, _live: Fields) -> bool:
    """What the document does not speak of is others' to settle.

    The document's own contract: a service's fields that it leaves out may be set by
    hand, by autoscaling, or by another tool.
    """
    return not any(within(path, settled) for settled in managed_paths(declared))


def r55_zones(path: str, declared: Fields, _live: Fields) -> bool:
    """Balance over zones is ECS's to choose unless it is declared.

    API reference, availabilityZoneRebalancing: ENABLED for what is created without it,
    DISABLED for a daemon and for what never had it.
    """
    field = "availabilityZoneRebalancing"
    return within(path, field) and field not in declared


def r38_namespace(path: str, declared: Fields, _live: Fields) -> bool:
    """A namespace that is left out is the cluster's own, for whoever made the cluster.

    API reference, ServiceConnectConfiguration.namespace; ClusterServiceConnectDefaults.
    """
    connect = "serviceConnectConfiguration"
    asked = declared.get(connect) or {}
    return path == f"{connect}.namespace" and not asked.get("namespace")


def r58_count(path: str, declared: Fields, live: Fields) -> bool:
    """The number of tasks is autoscaling's, a daemon's instances', or nobody's wish.

    API reference, CreateService.desiredCount and RegisterScalableTarget; a declared
    number counts as long as nothing else moves it.
    """
    daemon = live.get("schedulingStrategy") == "DAEMON"
    scaled = live.get("scalableTarget") is not None
    return path == "desiredCount" and (
        daemon or scaled or "desiredCount" not in declared
    )


def r59_task_sets(path: str, declared: Fields, live: Fields) -> bool:
    """With CodeDeploy or an external controller these are settled by task sets.

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
    """Whether ``path`` is ``whole``, or a part of it."""
    return path == whole or path.startswith((f"{whole}.", f"{whole}["))


# ECS replaces these by what it is given: what is left out is at its default.
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
