"""Rules for the rollout settings of a service (R49 to R54)."""

from collections.abc import Mapping
from typing import Any

from controller.core.values.paths import (
    EACH,
    Plain,
    fill_defaults,
    in_order,
    places,
    sort_at,
)

_HOW = "deploymentConfiguration"
_BREAKER = f"{_HOW}.deploymentCircuitBreaker"
# ECS takes tenths of a percent, and may return them in single precision.
_DIGITS = 4
# The stepwise strategies: the field of their steps, and its defaults.
STEPS: Mapping[Any, tuple[str, Plain]] = {
    "CANARY": (
        "canaryConfiguration",
        {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10},
    ),
    "LINEAR": (
        "linearConfiguration",
        {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6},
    ),
}
_PERCENTAGES = frozenset({"canaryPercent", "stepPercent"})


def r49_percentages(service: Plain) -> None:
    """A rollout defaults to 100 % to 200 % of the tasks; a daemon to 0 % to 100 %.

    API reference, DeploymentConfiguration.maximumPercent and minimumHealthyPercent;
    strategy ROLLING and bakeTimeInMinutes 0 are recorded.
    """
    daemon = service.get("schedulingStrategy") == "DAEMON"
    fill_defaults(service, "", deploymentConfiguration={})
    fill_defaults(
        service,
        _HOW,
        maximumPercent=100 if daemon else 200,
        minimumHealthyPercent=0 if daemon else 100,
        strategy="ROLLING",
        bakeTimeInMinutes=0,
    )


def r50_circuit_breaker(service: Plain) -> None:
    """The circuit breaker is off by default, with a threshold of 50 %.

    API reference, DeploymentCircuitBreaker.resetOnHealthyTask and
    ThresholdConfiguration: BOUNDED_PERCENT and 50. Recorded with and without these.
    """
    fill_defaults(service, _HOW, deploymentCircuitBreaker={})
    fill_defaults(
        service, _BREAKER, enable=False, rollback=False, resetOnHealthyTask=True
    )
    fill_defaults(service, _BREAKER, thresholdConfiguration={})
    threshold = f"{_BREAKER}.thresholdConfiguration"
    fill_defaults(service, threshold, type="BOUNDED_PERCENT", value=50)


def r51_alarms(service: Plain) -> None:
    """Rollouts have no alarms by default.

    Recorded: the block is returned with no names and both switches off, or not at all.
    """
    fill_defaults(service, _HOW, alarms={})
    alarms = f"{_HOW}.alarms"
    fill_defaults(service, alarms, alarmNames=[], enable=False, rollback=False)
    sort_at(service, alarms, "alarmNames")


def r52_early_success(service: Plain) -> None:
    """Early success is off by default; when on, it requires all tasks healthy.

    API reference, DeploymentEarlySuccessCriteria: healthyPercent 100 and BLOCKING. An
    update without it keeps the live value.
    """
    fill_defaults(service, _HOW, earlySuccessCriteria={"enable": False})
    for early in places(service, f"{_HOW}.earlySuccessCriteria"):
        if early.get("enable"):
            fill_defaults(
                early,
                "",
                healthyPercent=100,
                sourceServiceRevisionCleanup="BLOCKING",
            )


def r53_lifecycle_hooks(service: Plain) -> None:
    """Lifecycle hooks are an unordered set; each defaults to Lambda and one day.

    API reference, DeploymentLifecycleHook.targetType: AWS_LAMBDA; timeoutConfiguration:
    ROLLBACK after 1440 minutes.
    """
    hooks = f"{_HOW}.lifecycleHooks.{EACH}"
    fill_defaults(service, hooks, targetType="AWS_LAMBDA", timeoutConfiguration={})
    sort_at(service, hooks, "lifecycleStages")
    timeout = f"{hooks}.timeoutConfiguration"
    fill_defaults(service, timeout, action="ROLLBACK", timeoutInMinutes=1440)
    for how in places(service, _HOW):
        if isinstance(how.get("lifecycleHooks"), list):
            how["lifecycleHooks"] = in_order(how["lifecycleHooks"])


def r54_steps(service: Plain) -> None:
    """A canary defaults to 5 % for 10 minutes, a linear step to 10 % for 6 minutes.

    API reference, CanaryConfiguration and LinearConfiguration, for services with that
    strategy. Percentages are compared to four decimal places.
    """
    strategy = (service.get(_HOW) or {}).get("strategy")
    if strategy in STEPS:
        fill_defaults(service, _HOW, **{STEPS[strategy][0]: {}})
    for name, steps in STEPS.values():
        fill_defaults(service, f"{_HOW}.{name}", **steps)
        for place in places(service, f"{_HOW}.{name}"):
            for field in _PERCENTAGES & place.keys():
                if isinstance(place[field], int | float):
                    place[field] = round(float(place[field]), _DIGITS)
