"""Pins in force, from the store, the environment and a file, read again as they change.

Lookups use the last pins that were read: no lookup waits for the store, except the first
of a process.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from controller.core.clock import Clock
from controller.core.dns.pins import Pin, SharedPins, hosts_file_pins, pins_in_force
from controller.core.errors import ControllerError, RefusedError

log = logging.getLogger(__name__)

# A pin of another process applies here after so many seconds at most.
REREAD_SECONDS = 5.0


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="dns pins", daemon=True).start()


class PinBoard:
    """Pins of all origins. Thread-safe.

    Args:
        clock: Clock that ends pins.
        fixed: Pins of the environment.
        file: Hosts file with pins; None for none.
        shared: Pins and flushes of the store; None for none.
        spawn: Runs a read in the background; only tests pass one.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        fixed: Iterable[Pin] = (),
        file: Path | None = None,
        shared: SharedPins | None = None,
        spawn: Callable[[Callable[[], None]], None] = _in_thread,
    ) -> None:
        self._clock = clock
        self._fixed = tuple(fixed)
        self._file = file
        self._shared = shared
        self._spawn = spawn
        self._lock = threading.Lock()
        self._listeners: list[Callable[[str], None]] = []
        self._pin_listeners: list[Callable[[str], None]] = []
        self._pins: Mapping[str, Pin] = {}
        self._from_file: tuple[Pin, ...] = ()
        self._from_store: tuple[Pin, ...] = ()
        self._flushes: Mapping[str, datetime] | None = None
        self._reread_at = float("-inf")
        self._reading = self._was_read = False
        self._problem = ""
        self._is_empty = not self._fixed and file is None and shared is None

    def of(self, host: str) -> Pin | None:
        """Return the pin of ``host`` that is in force; None without one."""
        if self._is_empty:
            return None
        if self._clock.monotonic() >= self._reread_at:
            self._begin_read()
        pin = self._pins.get(host)
        return pin if pin is not None and pin.is_in_force(self._clock.now()) else None

    def on_flush(self, flushed: Callable[[str], None]) -> None:
        """Call ``flushed`` with each host that is flushed; "" stands for all hosts."""
        self._listeners.append(flushed)

    def on_pin(self, changed: Callable[[str], None]) -> None:
        """Call ``changed`` with each host whose pinned addresses change."""
        self._pin_listeners.append(changed)

    def read(self) -> None:
        """Read all pins now. Keeps the last ones of a source that cannot be read."""
        problems = []
        if self._file is not None:
            try:
                self._from_file = file_pins(self._file)
            except RefusedError as error:
                problems.append(str(error))
        if self._shared is not None:
            try:
                self._from_store = self._shared.pins()
                self._flush(self._shared.flushes())
            except ControllerError as error:
                problems.append(str(error))
        self._report("; ".join(problems))
        found = (*self._from_store, *self._fixed, *self._from_file)
        # The end of a pin is checked by each lookup, too.
        before, self._pins = self._pins, pins_in_force(found, self._clock.now())
        if not self._was_read:
            # Nothing was used before, and the lookup that reads waits for the end.
            return
        for host in sorted(before.keys() | self._pins.keys()):
            if _addresses(before.get(host)) != _addresses(self._pins.get(host)):
                for changed in self._pin_listeners:
                    changed(host)

    def _begin_read(self) -> None:
        if not self._was_read:
            self._read_first()
            return
        with self._lock:
            if self._reading:
                return
            self._reading = True
            self._reread_at = self._clock.monotonic() + REREAD_SECONDS
        try:
            self._spawn(self._run)
        except RuntimeError as error:
            self._reading = False
            self._report(f"pins could not be read: {error}")

    def _read_first(self) -> None:
        """Read for the first lookup; concurrent ones wait, or would miss a pin."""
        with self._lock:
            if self._was_read:
                return
            self.read()
            self._was_read = True
            self._reread_at = self._clock.monotonic() + REREAD_SECONDS

    def _run(self) -> None:
        try:
            self.read()
        except Exception:
            log.exception("pins could not be read")
        finally:
            self._reading = False

    def _flush(self, flushes: Mapping[str, datetime]) -> None:
        """Tell the listeners of each flush since the last read."""
        before, self._flushes = self._flushes, flushes
        if before is None:
            return
        for host, at in flushes.items():
            if before.get(host) != at:
                for flushed in self._listeners:
                    flushed(host)

    def _report(self, problem: str) -> None:
        """Log a problem once."""
        if problem and problem != self._problem:
            log.warning("pins not read", extra={"error": problem})
        self._problem = problem


def _addresses(pin: Pin | None) -> tuple[str, ...]:
    return () if pin is None else pin.addresses


def file_pins(file: Path) -> tuple[Pin, ...]:
    """Return the pins in a hosts file.

    Raises:
        RefusedError: The file cannot be read, or a line is not valid.
    """
    try:
        return hosts_file_pins(file.read_text(), str(file))
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        msg = f"the pins in {file} cannot be read: {reason}"
        raise RefusedError(msg) from error
    except ValueError as error:
        raise RefusedError(str(error)) from None
