"""Access that the document declares, as `serve` follows it."""

import threading
from datetime import timedelta
from pathlib import Path

from controller.api.auth.declared_keys import DeclaredKeySource
from controller.api.auth.periodic import Periodic
from controller.app.document_watch import DocumentWatch
from controller.app.session import Session, read
from controller.bootstrap.aws import DeferredAws, aws_client
from controller.clients.secrets import Secrets
from controller.core.access.policy import AccessPolicy
from controller.core.clock import Clock
from controller.core.rates.retry import RetryPolicy

_INTERVAL = timedelta(seconds=30)
# An outage of a store of secrets delays a start no longer.
_FIRST_SECONDS = 5.0
_PATIENCE = RetryPolicy(attempts=2)


class DeclaredAccess:
    """Keys and permissions of the document, read again every 30 seconds; close it.

    Args:
        file: Document.
        chosen: Name of the environment, if it was chosen.
        state: Folder of the local platform, if it was chosen.
        clock: Clock.

    Raises:
        SpecError: The document is not valid.
        RefusedError: A variable of the environment is not valid.
    """

    def __init__(
        self, file: Path, chosen: str | None, state: Path | None, clock: Clock
    ) -> None:
        session = read(file, chosen, state)
        self._watch = DocumentWatch(file, chosen, session.document, state)
        self.policy: AccessPolicy = session.document.access
        self.keys = DeclaredKeySource(_secrets(session, clock).value)
        self.keys.expect(self.policy.keys)
        self._read = threading.Event()
        self._thread = Periodic("declared access", self.refresh, _INTERVAL)

    def start(self) -> None:
        """Start to follow the document, and wait a while for the first keys.

        A key that is not read until then is answered with 503.
        """
        self._thread.start()
        self._read.wait(_FIRST_SECONDS)

    def access(self) -> AccessPolicy:
        """Return the access that the last valid document declares."""
        return self.policy

    def refresh(self) -> None:
        """Read the document and the keys again; an invalid document changes nothing."""
        self.policy = self._watch.current().access
        self.keys.refresh(self.policy.keys)
        self._read.set()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()


def _secrets(session: Session, clock: Clock) -> Secrets:
    """Return the reader of secrets; AWS is connected to by the first one there."""
    aws = DeferredAws(
        lambda: aws_client(
            session.document,
            session.settings,
            session.environ,
            clock,
            light=True,
            patience=_PATIENCE,
        )
    )
    return Secrets(session.environ, aws)
