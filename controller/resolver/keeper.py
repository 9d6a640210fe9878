"""Background refresh of the names in use, before their answers expire."""

import logging
import threading
from typing import Self

from controller.resolver.resolver import Resolver

log = logging.getLogger(__name__)

# Bounds of a wait: a name that is looked up for the first time is found soon.
_SHORTEST_SECONDS = 0.05
_LONGEST_SECONDS = 1.0


class Keeper:
    """Thread that refreshes the names of a ``Resolver`` that are due; close it.

    Args:
        resolver: Resolver whose names are refreshed.
    """

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="dns keeper", daemon=True
        )

    def start(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def close(self) -> None:
        """End the thread; queries in progress end by themselves."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        wait = _SHORTEST_SECONDS
        while not self._ended.wait(min(max(wait, _SHORTEST_SECONDS), _LONGEST_SECONDS)):
            try:
                wait = self._resolver.refresh_due()
            except Exception:
                log.exception("names could not be refreshed")
                wait = _LONGEST_SECONDS
