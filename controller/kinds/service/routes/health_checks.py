"""Health check of a target group, derived from the declared service."""

from controller.kinds.service.routes.routed_service import RoutedService
from controller.kinds.service.routes.steps import Health

# Limits of CreateTargetGroup: seconds, and consecutive checks.
_LEAST_INTERVAL, _LEAST_TIMEOUT = 5, 2
_LEAST_RETRIES = 2


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
        ("HealthCheckIntervalSeconds", str(interval)),
        ("HealthCheckTimeoutSeconds", str(timeout)),
        ("HealthyThresholdCount", str(_LEAST_RETRIES)),
        ("UnhealthyThresholdCount", str(retries)),
    )
