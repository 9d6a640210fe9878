"""Read-only controller of `serve`, created at its first use."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controller.app.document_watch import DocumentWatch
from controller.app.views.local_view import LocalView
from controller.core.errors import NotFoundError, RefusedError, TransientError
from controller.core.rates.retry import RetryPolicy

if TYPE_CHECKING:
    from controller.app.declared_access import DeclaredAccess
    from controller.bootstrap.controller import Controller
    from controller.core.clock import Clock
    from controller.core.document.resource import ResourceId
    from controller.core.models.history import ModelEvent
    from controller.core.resources.details import DetailSection
    from controller.core.resources.log_lines import LogLimit, LogLine
    from controller.core.resources.rollouts import RolloutRecord

# A user waits for the answer, and may ask again: better to say soon what is wrong.
_PATIENCE = RetryPolicy(attempts=2)


class ServerView:
    """Looks at what is declared in ``file``. Close it.

    What else is served needs neither a document nor AWS: that one of them is
    missing is told to those who ask for a look, each time, until it is there.

    Args:
        file: The document.
        chosen: Which environment is meant, if that was said.
        state: Where the local platform keeps its data, if that was said.
    """

    def __init__(
        self, file: Path, chosen: str | None, state: Path | None = None
    ) -> None:
        self._file = file
        self._chosen = chosen
        self._state = state
        self._lock = threading.Lock()
        self._closing = ExitStack()
        self._open: tuple[Controller, DocumentWatch] | None = None

    def mlflow_uri(self) -> str | None:
        """Return the URL of the endpoint ``mlflow``; None without one or a document.

        Raises:
            SpecError: The document is not valid.
            RefusedError: The environment is not valid.
        """
        from controller.app.session import read
        from controller.bootstrap.mlflow import tracking_uri

        if not self._file.exists():
            return None
        context = read(self._file, self._chosen, self._state)
        return tracking_uri(context.document, context.settings)

    def access(self, clock: Clock) -> DeclaredAccess | None:
        """Return the access that the document declares; None without a document.

        Raises:
            SpecError: The document is not valid.
            RefusedError: The environment is not valid.
        """
        from controller.app.declared_access import DeclaredAccess

        if not self._file.exists():
            return None
        return DeclaredAccess(self._file, self._chosen, self._state, clock)

    def details(self, id_: ResourceId) -> tuple[DetailSection, ...]:
        """Return all there is to see of a resource."""
        return self._near(id_).details(id_)

    def rollouts(self, id_: ResourceId) -> tuple[RolloutRecord, ...]:
        """Return its rollouts, newest first."""
        return self._near(id_).rollouts(id_)

    def model_history(self, id_: ResourceId) -> tuple[ModelEvent, ...]:
        """Return the registrations and promotions of a model, newest first."""
        return self._near(id_).model_history(id_)

    def lines(
        self, id_: ResourceId, since: datetime, source: str, most: LogLimit
    ) -> tuple[LogLine, ...]:
        """Return what its processes wrote since then."""
        return self._near(id_).lines(id_, since, source, most)

    def close(self) -> None:
        """Close every connection and end every thread."""
        self._closing.close()

    def _near(self, id_: ResourceId) -> LocalView:
        """Return what looks, by the document as it is now.

        Raises:
            SpecError: the document is not valid, and never was.
            RefusedError: there is none, or AWS is not ours to ask.
            TransientError: AWS has no answer.
            NotFoundError: nothing is declared at ``id_``.
        """
        with self._lock:
            if self._open is None:
                self._open = self._opened()
            controller, watch = self._open
            document = controller.document = watch.current()
        if id_ not in document.resources:
            msg = f"{id_} is not declared in {self._file} of the server"
            raise NotFoundError(msg)
        return LocalView(controller)

    def _opened(self) -> tuple[Controller, DocumentWatch]:
        if not self._file.exists():
            msg = (
                f"this server has no document at {self._file} and so nothing to look "
                "with: start it as `hokusai serve -f FILE`, with credentials for AWS"
            )
            raise RefusedError(msg)
        # Who serves models only needs neither.
        from controller.app.read_only import looking
        from controller.app.session import read

        context = read(self._file, self._chosen, self._state)
        looks = looking(context, without_store=False, patience=_PATIENCE)
        try:
            controller, _ = self._closing.enter_context(looks)
        except RefusedError as error:
            if isinstance(error.__cause__, TransientError):
                # For a command that is the end; here the next who asks may be lucky.
                raise TransientError(str(error)) from error
            raise
        return controller, DocumentWatch(
            self._file, self._chosen, context.document, self._state
        )
