"""Last good addresses in a file, for programs without the controller's store."""

import json
import logging
import os
import tempfile
import threading
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from controller.core.clock import Clock
from controller.core.resources.fallbacks import KeptAddresses

log = logging.getLogger(__name__)


class AddressFile:
    """JSON file of last good addresses; see ``core.resources.fallbacks.Fallbacks``.

    The file is replaced as a whole, so that a reader never sees half of it. A file that
    cannot be read or written costs the fallback and nothing else: it is logged.

    Args:
        file: Path of the file; it need not exist.
        clock: Source of the time of each entry.
    """

    def __init__(self, file: str | Path, clock: Clock) -> None:
        self._file = Path(file)
        self._clock = clock
        self._lock = threading.Lock()

    def last_good(self, host: str) -> KeptAddresses | None:
        """Return the addresses kept for ``host``; None if none were kept."""
        return self._read().get(host)

    def keep(self, host: str, addresses: Sequence[str]) -> None:
        """Remember ``addresses`` as the last good ones."""
        with self._lock:
            known = self._read()
            known[host] = KeptAddresses(
                tuple(sorted(set(addresses))), self._clock.now()
            )
            self._write(known)

    def confirm(self, host: str, addresses: Sequence[str]) -> None:
        """Record that ``addresses`` are still valid, if they are the kept ones."""
        kept = self.last_good(host)
        if kept is not None and set(kept.addresses) == set(addresses):
            self.keep(host, addresses)

    def _read(self) -> dict[str, KeptAddresses]:
        try:
            entries = json.loads(self._file.read_text())
            return {
                str(host): KeptAddresses(
                    tuple(str(ip_address(a)) for a in entry["addresses"]),
                    datetime.fromisoformat(entry["at"]),
                )
                for host, entry in entries.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            extra = {
                "file": str(self._file),
                "error": f"{type(error).__name__}: {error}",
            }
            log.warning("file of addresses not read", extra=extra)
            return {}

    def _write(self, known: dict[str, KeptAddresses]) -> None:
        text = json.dumps(
            {
                host: {"addresses": list(kept.addresses), "at": kept.at.isoformat()}
                for host, kept in sorted(known.items())
            },
            indent=1,
        )
        try:
            with tempfile.NamedTemporaryFile(
                "w", dir=self._file.parent, prefix=f".{self._file.name}.", delete=False
            ) as temporary:
                temporary.write(text)
                temporary.flush()
                os.fsync(temporary.fileno())
            Path(temporary.name).replace(self._file)
        except OSError as error:
            extra = {"file": str(self._file), "error": str(error)}
            log.warning("file of addresses not written", extra=extra)
