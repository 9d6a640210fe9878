"""Conversion of answers of Elastic Load Balancing into routing state."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controller.core.resources.ownership import ownership_of
from controller.core.values.identity import APPLIED_TAG
from controller.kinds.service.routes.findings import SERVICE_TAG
from controller.kinds.service.routes.health_checks import (
    Health,
    decoded_check,
    finished_tag,
)
from controller.kinds.service.routes.matching.match import Match, normalised
from controller.kinds.service.routes.state import (
    ListenerRule,
    PreviousCheck,
    TargetGroup,
    TargetResult,
)

Answer = Mapping[str, Any]
Tags = Mapping[str, str]
# Tag on a target group: the health check before the current rollout changed it.
PREVIOUS_TAG = "hokusai.ai/previous-check"
_NUMBERS = (
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
)
_KEYS = ("HealthCheckProtocol", "HealthCheckPath", "Matcher", *_NUMBERS)


def rule_of(answer: Answer, tags: Tags, owner: str) -> ListenerRule | None:
    """Return a rule; None for the default rule, which no route can match."""
    if answer.get("IsDefault") or not str(answer["Priority"]).isdigit():
        return None
    return ListenerRule(
        answer["RuleArn"],
        int(answer["Priority"]),
        _match(answer.get("Conditions", ())),
        _target(answer.get("Actions", ())),
        ownership_of(tags, owner),
        tags.get(SERVICE_TAG, ""),
    )


def group_of(answer: Answer, tags: Tags, owner: str) -> TargetGroup:
    """Return a target group with its owner by ``tags``."""
    health = health_of(answer)
    return TargetGroup(
        answer["TargetGroupArn"],
        answer["TargetGroupName"],
        ownership_of(tags, owner),
        answer.get("Protocol", ""),
        answer.get("TargetType", "instance"),
        health,
        attached=bool(answer.get("LoadBalancerArns")),
        finished=tags.get(APPLIED_TAG) == finished_tag(health),
        applied=tags.get(APPLIED_TAG, ""),
        previous=_previous(tags),
    )


def _previous(tags: Tags) -> PreviousCheck | None:
    found = decoded_check(tags.get(PREVIOUS_TAG, ""), _KEYS)
    return PreviousCheck(*found) if found else None


def target_result(answer: Answer) -> TargetResult:
    """Return the result of one target from DescribeTargetHealth."""
    health = answer["TargetHealth"]
    description = health.get("Description") or health.get("Reason", "")
    return TargetResult(answer["Target"]["Id"], health["State"], description)


def health_of(answer: Answer) -> Health:
    """Return the health check of a target group."""
    return (
        ("HealthCheckProtocol", str(answer.get("HealthCheckProtocol", ""))),
        ("HealthCheckPath", str(answer.get("HealthCheckPath", ""))),
        ("Matcher", str((answer.get("Matcher") or {}).get("HttpCode", ""))),
        *((key, str(answer.get(key, ""))) for key in _NUMBERS),
    )


def health_parameters(health: Health) -> dict[str, Any]:
    """Return ``health`` as parameters of CreateTargetGroup and ModifyTargetGroup."""
    texts = dict(health)
    matcher = texts.pop("Matcher")
    numbers = {key: int(value) for key, value in texts.items() if value.isdigit()}
    return {**texts, **numbers, "Matcher": {"HttpCode": matcher}}


def _match(conditions: Sequence[Answer]) -> Match:
    hosts = [v for c in conditions for v in _values(c, "host-header", "HostHeader")]
    paths = [v for c in conditions for v in _values(c, "path-pattern", "PathPattern")]
    known = {"host-header", "path-pattern"}
    more = any(c["Field"] not in known or _by_regex(c) for c in conditions)
    return normalised(tuple(hosts), tuple(paths), more=more)


def _values(condition: Answer, field: str, config: str) -> Iterator[str]:
    """Yield the patterns of a condition, in either of its two forms."""
    if condition["Field"] == field:
        yield from (
            condition.get(f"{config}Config", {}).get("Values")
            or condition.get("Values")
            or ()
        )


def _by_regex(condition: Answer) -> bool:
    return any(
        condition.get(f"{config}Config", {}).get("RegexValues")
        for config in ("HostHeader", "PathPattern")
    )


def _target(actions: Sequence[Answer]) -> str:
    """Return the only target group that is forwarded to; empty if there are several."""
    for action in actions:
        if action["Type"] != "forward":
            continue
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
        if len(groups) == 1:
            return str(groups[0].get("TargetGroupArn", ""))
    return ""
