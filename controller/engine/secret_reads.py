"""Secrets of webhook targets as a dispatcher last read them, and reports of failed reads.

Every read has a thread of its own, so that a slow secret store delays only the targets
that use it. A target whose secrets cannot be read pauses; the store tells the other
processes, and the record is removed by a process that reads the secrets again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Protocol

from controller.core.clock import Clock
from controller.core.errors import ControllerError
from controller.core.values.redact import redact
from controller.core.webhooks.target_secrets import TargetSecrets

log = logging.getLogger(__name__)

# Pauses after which the report of an unreadable secret by another process is out of date.
_SECRET_REPORTS = 3
# Seconds that a caller waits for the secrets of its targets, which are cached as a rule.
_WAIT = 0.05
# Secrets that are read at the same time.
_READERS = 32
# Seconds for which secrets are used after they were read.
_LIFETIME = 1.0

SecretsOf = Callable[[str], TargetSecrets]


class SecretReports(Protocol):
    """Records of unreadable secrets; see ``store.outbox.Outbox``."""

    def report_secret_error(self, target: str, error: str) -> None:
        """Record that a secret of ``target`` cannot be read."""
        ...

    def report_secret_read(self, target: str, lifetime: timedelta) -> bool:
        """Remove the record; return False if it stays, being recent."""
        ...


class SecretReads:
    """Secrets of the targets of one dispatcher, used in its event loop.

    Close it in the end; a closed one can be used again.

    Args:
        secrets_of: Returns the secrets of a target; called in a thread. Raises
            ControllerError if they cannot be read or used.
        reports: Records for other processes.
        clock: Clock.
        pause: Seconds without attempts to a target whose secrets cannot be read.
        ended: Called in the event loop after each read.
    """

    def __init__(
        self,
        secrets_of: SecretsOf,
        reports: SecretReports,
        clock: Clock,
        pause: float,
        ended: Callable[[], None],
    ) -> None:
        self._secrets_of = secrets_of
        self._reports = reports
        self._clock = clock
        self._pause = pause
        self._ended = ended
        self._readers: ThreadPoolExecutor | None = None
        self._known: dict[str, tuple[TargetSecrets, float]] = {}
        self._reads: dict[str, asyncio.Task[None]] = {}
        self._paused_until: dict[str, float] = {}
        self._reported: set[str] = set()
        self._confirmed_until: dict[str, float] = {}
        self._clear_at: dict[str, float] = {}

    def fresh(self) -> Mapping[str, TargetSecrets]:
        """Return the secrets of targets that were read in the last second."""
        now = self._clock.monotonic()
        self._known = {n: k for n, k in self._known.items() if k[1] > now}
        return {name: secrets for name, (secrets, _) in self._known.items()}

    def is_paused(self, name: str) -> bool:
        """Return True if the secrets of ``name`` could not be read a short time ago."""
        until = self._paused_until.get(name)
        return until is not None and until > self._clock.monotonic()

    async def read(self, names: Collection[str]) -> bool:
        """Read secrets of ``names``, the first ones first; True if some are known in time.

        The reads of slow secret stores go on. No more begin than threads are free:
        secrets that are read long before their use are out of date by then.
        """
        free = max(_READERS - len(self._reads), 0)
        begun = [name for name in names if name not in self._reads][:free]
        for name in begun:
            self._reads[name] = asyncio.create_task(self._read(name))
        if begun:
            await asyncio.wait([self._reads[name] for name in begun], timeout=_WAIT)
        return any(name in self._known for name in names)

    def remove_outdated_reports(self) -> None:
        """Remove the records of other processes that are out of date; in a thread.

        Raises:
            ControllerError: The store cannot be used.
        """
        now = self._clock.monotonic()
        # The event loop changes the dictionary meanwhile.
        for name in [n for n, at in list(self._clear_at.items()) if at <= now]:
            self._remove_report(name)

    def close(self) -> None:
        """Cancel the reads in progress, and let their threads end."""
        for read in self._reads.values():
            read.cancel()
        self._reads.clear()
        if self._readers is not None:
            # A thread that hangs in a secret store must not delay the end.
            self._readers.shutdown(wait=False, cancel_futures=True)
            self._readers = None

    async def _read(self, name: str) -> None:
        """Read a target's secrets for the next second; without them, it pauses."""
        reason = ""
        if self._readers is None:
            # Slow secret stores must not take the threads of the outbox.
            self._readers = ThreadPoolExecutor(_READERS, "webhook-secrets")
        loop = asyncio.get_running_loop()
        try:
            secrets = await loop.run_in_executor(self._readers, self._secrets_of, name)
            self._known[name] = secrets, self._clock.monotonic() + _LIFETIME
        except ControllerError as error:
            reason = redact(str(error), ())
        except Exception as error:
            # A secret of one target must not end the deliveries to the others.
            reason = f"the secret cannot be used ({type(error).__name__})"
            log.exception("secret not usable", extra={"target": name})
        if reason:
            log.warning("secrets not readable", extra={"target": name, "error": reason})
            self._paused_until[name] = self._clock.monotonic() + self._pause
        await self._report(name, reason)
        self._reads.pop(name, None)
        self._ended()

    async def _report(self, name: str, error: str) -> None:
        """Record for other processes if the secrets of a target can be read.

        An outage of the store must not stop a delivery: the next attempt reports again.
        """
        now = self._clock.monotonic()
        with contextlib.suppress(ControllerError):
            if error:
                self._reported.add(name)
                self._confirmed_until.pop(name, None)
                self._clear_at.pop(name, None)
                report = self._reports.report_secret_error
                await asyncio.to_thread(report, name, error)
            elif self._confirmed_until.get(name, now) <= now:
                await asyncio.to_thread(self._remove_report, name)
                self._confirmed_until[name] = now + self._pause

    def _remove_report(self, name: str) -> None:
        """Remove the record of an unreadable secret, now or once it is out of date.

        Another process repeats its own record each time its pause ends.
        """
        others = timedelta(seconds=_SECRET_REPORTS * self._pause)
        lifetime = timedelta(0) if name in self._reported else others
        if self._reports.report_secret_read(name, lifetime):
            self._reported.discard(name)
            self._clear_at.pop(name, None)
        else:
            self._clear_at[name] = self._clock.monotonic() + others.total_seconds()
