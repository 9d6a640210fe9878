"""Retries of single AWS calls, so that one failure does not cost a whole pass.

A throttled call had no effect and may be repeated. A read may always be repeated, and
so may a write that is idempotent, or whose duplicate is found and removed afterwards.
"""

from typing import Any

from controller.clients.aws.calls import is_write
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import OutcomeUnknownError, ThrottledError, TransientError
from controller.core.rates.retry import RetryPolicy, backoff

# With three failures in ten calls, six attempts lose one call in about 1,400.
POLICY = RetryPolicy(attempts=6)
# Idempotent by name, key or client token, according to the API references.
IDEMPOTENT = frozenset(
    {
        "ecs:CreateService",
        "ecs:UpdateService",
        "ecs:DeleteService",
        "ecs:TagResource",
        "ecs:UntagResource",
        "ecs:RunTask",
        "logs:CreateLogGroup",
        "logs:PutRetentionPolicy",
        "application-autoscaling:RegisterScalableTarget",
        "servicediscovery:CreateService",
        "ssm:PutParameter",
    }
)
# A repeat creates a second object if the failed call had an effect after all. The caller
# then finds the duplicate at once and deregisters it. A search before each repeat would
# cost two more reads for each failure, at a time when reads are scarce.
DUPLICATE_REMOVED = frozenset({"ecs:RegisterTaskDefinition"})


class RetryingAws:
    """Wrapper that repeats calls after transient errors.

    Args:
        inner: Client that sends the call.
        clock: Clock that waits between attempts.
        policy: Number of attempts and delays between them.
    """

    def __init__(self, inner: Aws, clock: Clock, policy: RetryPolicy = POLICY) -> None:
        self._inner = inner
        self._clock = clock
        self._policy = policy

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return the response of the inner client; see ``Aws``."""
        name = f"{service}:{operation}"
        attempt = 1
        while True:
            try:
                return self._inner.call(service, operation, **parameters)
            except TransientError as error:
                if attempt >= self._policy.attempts or not _may_repeat(name, error):
                    raise
            wait = backoff(self._policy, attempt, name)
            self._clock.sleep(wait.total_seconds())
            attempt += 1


def _may_repeat(name: str, error: TransientError) -> bool:
    """Return True if a repeat has no effect beyond that of the first call."""
    if isinstance(error, OutcomeUnknownError):
        return False
    if isinstance(error, ThrottledError) or not is_write(name.partition(":")[2]):
        return True
    return name in IDEMPOTENT or name in DUPLICATE_REMOVED
