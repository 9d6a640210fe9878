"""Secret of the hint for a process that may not lead, and so has no controller."""

import threading
from collections.abc import Mapping
from datetime import timedelta

from controller.bootstrap.aws import DeferredAws, aws_client
from controller.clients.secrets import Secrets
from controller.core.clock import Clock
from controller.core.document.reference import SecretReference
from controller.core.document.resource import ResourceId
from controller.core.errors import ControllerError
from controller.core.values.ttl_cache import TtlCache
from controller.settings import Settings
from controller.spec.document import Document

HINT = ResourceId("hint", "mlflow")
_FRESH = timedelta(minutes=1)
# Between two reads, also of forged requests and after a failure.
_LEAST = timedelta(seconds=5)


class HintSecret:
    """Value of the declared secret, read at most every five seconds. Thread-safe.

    Args:
        settings: Settings, for access to AWS.
        environ: Environment, for references into it.
        clock: Clock.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], clock: Clock
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._clock = clock
        self._lock = threading.Lock()
        self._known: TtlCache[str, str | ControllerError] = TtlCache(_FRESH)

    def values(self, document: Document, *, again: bool) -> tuple[str, ...] | None:
        """Return the accepted secrets; None if ``document`` declares no hint.

        Args:
            document: Current document.
            again: True to read the secret again, unless it was read just now.

        Raises:
            ControllerError: The secret cannot be read.
        """
        hint = document.resources.get(HINT)
        if hint is None:
            return None
        reference: SecretReference = hint.spec.secret
        with self._lock:
            value = self._value(document, reference, again=again)
        if isinstance(value, ControllerError):
            raise type(value)(*value.args)
        return (value,)

    def _value(
        self, document: Document, reference: SecretReference, *, again: bool
    ) -> str | ControllerError:
        now, key = self._clock.monotonic(), str(reference)
        last = self._known.last(key)
        if last is not None:
            failed = isinstance(last.value, ControllerError)
            oldest = _LEAST if again or failed else _FRESH
            if now - last.at < oldest.total_seconds():
                return last.value
        try:
            value: str | ControllerError = self._read(document, reference)
        except ControllerError as error:
            value = error
        self._known.put(key, value, now)
        return value

    def _read(self, document: Document, reference: SecretReference) -> str:
        # A client for each read: it is rare, and the platform may have changed.
        aws = DeferredAws(
            lambda: aws_client(
                document, self._settings, self._environ, self._clock, light=True
            )
        )
        return Secrets(self._environ, aws).value(reference)
