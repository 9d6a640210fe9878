"""Receiver of hints: requests of MLflow's webhook that report a registration.

A hint only starts a pass earlier, and its content is not used. MLflow repeats a request
for some seconds after 429, 5xx and connection errors, and drops it afterwards.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.values.ttl_cache import TtlCache
from controller.core.webhooks.mlflow_requests import (
    DELIVERY_HEADER,
    TOLERANCE,
    refusal,
)
from controller.telemetry.metrics import HINTS, Counter

# Largest body in bytes: a version may have many tags of 100,000 characters.
MAX_BODY = 4 * 1024 * 1024
# Time within which a request must have arrived completely.
BODY_WITHIN = timedelta(seconds=10)
_REMEMBERED = 10_000


class HintReceiver:
    """Verifies hints and requests a pass for each; an accepted one counts once.

    Deliveries are remembered by this process only: a request that is replayed to
    another replica within the tolerance starts one more pass there.

    Args:
        secrets: Returns the accepted secrets; None if no hint is declared. Its argument
            is True to read them again after a mismatch. Raises ControllerError.
        accept: Requests a pass; raises ControllerError if that is not possible now.
        clock: Clock.
        counter: Counter of the hints.
    """

    def __init__(
        self,
        secrets: Callable[[bool], Awaitable[tuple[str, ...] | None]],
        accept: Callable[[], Awaitable[None]],
        clock: Clock,
        counter: Counter,
    ) -> None:
        self._secrets = secrets
        self._accept = accept
        self._clock = clock
        self._counter = counter
        # A request may be as far in the future as in the past.
        self._seen: TtlCache[str, bool] = TtlCache(TOLERANCE * 2, _REMEMBERED)

    async def answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Return status and text of the response to one request.

        Args:
            headers: Headers of the request, by name in lower case.
            body: Body of the request.
        """
        try:
            status, text = await self._answered(headers, body)
        except ControllerError as error:
            status, text = 503, str(error)
        outcome = {202: "accepted", 401: "refused"}.get(status, "unavailable")
        self._counter.count(HINTS, outcome=outcome)
        return status, text

    async def _answered(
        self, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str]:
        secrets = await self._secrets(False)
        if secrets is None:
            return 404, "no hint is declared: see platform.mlflow.hint"
        problem = refusal(headers, body, secrets, self._clock.now())
        if problem:
            fresh = await self._secrets(True) or ()
            problem = refusal(headers, body, fresh, self._clock.now())
        if problem:
            return 401, problem
        delivery, now = headers[DELIVERY_HEADER], self._clock.monotonic()
        if self._seen.get(delivery, now):
            return 401, "the request was received before"
        self._seen.put(delivery, True, now)
        try:
            await self._accept()
        except ControllerError:
            # MLflow repeats it with the same id.
            self._seen.drop(delivery)
            raise
        return 202, "a pass comes now"
