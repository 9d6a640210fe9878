"""Ask again, call by call, where that is safe: one failure must not cost a whole pass.

What was throttled was not done, whatever it was. A read may always be repeated, and so
may a write that is the same done twice, or whose double is looked for afterwards.
"""

from typing import Any

from controller.clients.aws.calls import is_write
from controller.core.clock import Clock
from controller.core.dependencies import Aws
from controller.core.errors import OutcomeUnknownError, ThrottledError, TransientError
from controller.core.rates.retry import RetryPolicy, backoff

# As often as makes three failures in ten harmless: one call in two thousand is lost.
POLICY = RetryPolicy(attempts=6)
# A name, a key or a token makes the second the first; API references.
SAME_TWICE = frozenset(
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
# The second is another one. AWS has answered that the first failed, and should it be
# there all the same, whoever made them looks for a double at once, and retires it. To
# look before as well would cost two reads for each failure, where failures and reads
# are the trouble.
DOUBLE_RETIRED = frozenset({"ecs:RegisterTaskDefinition"})


class PatientAws:
    """Passes calls on, and repeats those that failed for a moment.

    Args:
        inner: Sends the call.
        clock: Waits in between.
        policy: How often, and how patiently.
    """

    def __init__(self, inner: Aws, clock: Clock, policy: RetryPolicy = POLICY) -> None:
        self._inner = inner
        self._clock = clock
        self._policy = policy

    def call(
        self, service: str, operation: str, /, **parameters: Any
    ) -> dict[str, Any]:
        """Return what the inner client answers; see ``Aws``."""
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
    """Whether the same call again does no more than the first would have done."""
    if isinstance(error, OutcomeUnknownError):
        return False
    if isinstance(error, ThrottledError) or not is_write(name.partition(":")[2]):
        return True
    return name in SAME_TWICE or name in DOUBLE_RETIRED
