"""The document as it is now, and the last valid one while it is broken."""

import logging
from pathlib import Path

from controller.app.session import read
from controller.core.errors import ControllerError
from controller.spec.document import Document

log = logging.getLogger(__name__)


class DocumentWatch:
    """Reads the document again and again. Reading what did not change costs little.

    A document that is broken, empty or gone changes nothing: the last valid one
    stays in force, and the problem is told once.
    """

    def __init__(
        self,
        file: Path,
        chosen: str | None,
        document: Document,
        state: Path | None = None,
    ) -> None:
        self._file = file
        self._chosen = chosen
        self._state = state
        self._current = document
        self._problem = ""

    def current(self) -> Document:
        """Read the document again, and return it; the last valid one if it is invalid."""
        try:
            document = read(self._file, self._chosen, self._state).document
        except (ControllerError, OSError) as error:
            self._tell(str(error))
            return self._current
        self._problem = ""
        if document.digest != self._current.digest:
            log.info("document changed", extra={"digest": document.digest})
        self._current = document
        return document

    def _tell(self, problem: str) -> None:
        if problem != self._problem:
            log.error("document not valid", extra={"problem": problem})
            self._problem = problem
