"""Wall clock of another process, set while it runs, by libfaketime."""

from pathlib import Path

import libfaketime

_LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


class FakeTime:
    """Clock that a process follows if it has the environment ``variables``.

    The monotonic clock is that of the machine.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set the wall clock ``seconds`` ahead of the machine's, or behind it."""
        unfinished = self._file.with_suffix(".tmp")
        unfinished.write_text(f"{seconds:+d}\n")
        unfinished.replace(self._file)

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment of a process that follows the clock."""
        return {
            "LD_PRELOAD": str(_LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
