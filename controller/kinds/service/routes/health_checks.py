"""Health checks of target groups, derived from the declared service."""

from collections.abc import Mapping
from typing import TypeAlias

from controller.core.values.identity import content_hash
from controller.kinds.service.routes.routed_service import RoutedService

Health: TypeAlias = tuple[tuple[str, str], ...]

# The default of AWS is 300 s, which delays every rollout.
DELAY_SECONDS = 30
# Limits of CreateTargetGroup: seconds, and consecutive checks.
_LEAST_INTERVAL, _LEAST_TIMEOUT = 5, 2
_LEAST_RETRIES, _MOST_RETRIES = 2, 10
_RETRIES = "UnhealthyThresholdCount"
_INTERVAL = "HealthCheckIntervalSeconds"
_TIMEOUT = "HealthCheckTimeoutSeconds"
# Time for a trial in addition to the checks in the service's own group, in seconds.
_TRIAL_SECONDS = 120


def declared_health(spec: RoutedService) -> Health:
    """Return the declared health check as parameters of CreateTargetGroup."""
    check = spec.health
    interval = max(_LEAST_INTERVAL, check.interval if check else 30)
    timeout = max(_LEAST_TIMEOUT, min(check.timeout if check else 5, interval - 1))
    retries = max(_LEAST_RETRIES, check.retries if check else 3)
    return (
        ("HealthCheckProtocol", spec.target_protocol.upper()),
        ("HealthCheckPath", (check.path if check else None) or "/"),
        ("Matcher", check.matcher if check else "200"),
        (_INTERVAL, str(interval)),
        (_TIMEOUT, str(timeout)),
        ("HealthyThresholdCount", str(_LEAST_RETRIES)),
        (_RETRIES, str(retries)),
    )


def trial_health(health: Health) -> Health:
    """Return the health check of a trial: ``health`` at the shortest interval."""
    interval = max(_LEAST_INTERVAL, int(dict(health)[_TIMEOUT]) + 1)
    return _with(health, {_INTERVAL: str(interval), _RETRIES: str(_LEAST_RETRIES)})


def patient_health(health: Health) -> Health:
    """Return ``health`` with the most failures before a target is unhealthy.

    A rollout in progress gets it, so that ECS replaces the tasks of the earlier version
    before they count as unhealthy.
    """
    return _with(health, {_RETRIES: str(_MOST_RETRIES)})


def differs_in_retries_only(one: Health, other: Health) -> bool:
    """Return True if a target that passes one check also passes the other."""
    return patient_health(one) == patient_health(other)


def transition_grace(grace: int, health: Health) -> int:
    """Return the grace period of a rollout that changes the health check, in seconds.

    Until the target group is switched, the new tasks may fail its current check. They
    get the time for a trial, and for two checks after the switch.

    Args:
        grace: Declared grace period in seconds.
        health: Declared health check.
    """
    return grace + _TRIAL_SECONDS + _LEAST_RETRIES * int(dict(health)[_INTERVAL])


def finished_tag(health: Health) -> str:
    """Return the tag of a group whose attributes were set for ``health``."""
    return content_hash([dict(health), DELAY_SECONDS])


def check_text(health: Health) -> str:
    """Return the request of a health check and the expected codes, for messages."""
    texts = dict(health)
    return f"{texts['HealthCheckPath']} ({texts['Matcher']})"


def encoded_check(deployment: str, health: Health) -> str:
    """Return a deployment and a health check as the value of a tag.

    Tag values contain letters, digits, spaces and ``+-=._:/@`` only, and at most 256
    characters; API reference, Tag. Other characters are written as ``=`` and their hex
    code.
    """
    return " ".join(map(_escaped, (deployment, *(value for _, value in health))))


def decoded_check(value: str, keys: tuple[str, ...]) -> tuple[str, Health] | None:
    """Return the deployment and the health check of a tag; None if it has neither.

    Args:
        value: Value of the tag.
        keys: Names of the parameters of a health check, in order.
    """
    deployment, *texts = value.split(" ")
    if not deployment or len(texts) != len(keys):
        return None
    return _plain(deployment), tuple(zip(keys, map(_plain, texts), strict=True))


def _with(health: Health, changed: Mapping[str, str]) -> Health:
    return tuple((key, changed.get(key, value)) for key, value in health)


def _escaped(text: str) -> str:
    return "".join(
        letter
        if letter.isascii() and (letter.isalnum() or letter in "+-._:/@")
        else f"={ord(letter):02x}"
        for letter in text
    )


def _plain(text: str) -> str:
    first, *rest = text.split("=")
    return first + "".join(chr(int(part[:2], 16)) + part[2:] for part in rest)
