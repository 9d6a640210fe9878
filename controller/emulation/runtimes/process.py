"""Operating system processes with their groups and output."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

_HERE = Path(__file__).parent
_PYTHON = (sys.executable, "-IS")
# Output stays in the pipe until it is read; a full pipe would block the task.
_PIPE_SIZE = 1 << 20
_CHUNK = 1 << 16
_MAX_LINE = 1 << 18


class Process:
    """A process in its own session, killed when its parent dies.

    Attributes:
        id: Process id, which is also the id of its group.
    """

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self.id = popen.pid
        self._popen = popen
        self._ended = False
        self._rest = b""
        self._output = _pipe(popen)

    @classmethod
    def start(
        cls, argv: Sequence[str], environment: Mapping[str, str], directory: str
    ) -> "Process":
        """Start ``argv``; the exit code is 127 if the command does not exist."""
        confined = [*_PYTHON, str(_HERE / "confine.py"), str(os.getpid()), *argv]
        return cls(_popen(confined, environment, directory))

    @classmethod
    def start_check(
        cls, argv: Sequence[str], environment: Mapping[str, str], directory: str
    ) -> "Process":
        """Start a health check, without ``confine.py`` because it is short-lived.

        Raises:
            OSError: The command does not exist.
        """
        return cls(_popen(argv, environment, directory))

    def exit_code(self) -> int | None:
        """Return the exit code, 128 + n for signal n; None while the process runs."""
        code = self._popen.poll()
        return 128 - code if code is not None and code < 0 else code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the group, if it still exists."""
        if self._ended:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.id, number)

    def end(self) -> bool:
        """Kill the rest of the group; return True at the first call.

        Later calls do nothing, because the id of a reaped process may be reused.
        """
        if self._ended:
            return False
        self.signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout=5)
        self._ended = True
        return True

    def lines(self) -> Iterator[str]:
        """Yield complete new lines, and the rest after the end of the process."""
        while chunk := self._read():
            self._rest += chunk
            *complete, self._rest = self._rest.split(b"\n")
            yield from map(_text, complete)
        ended = self._popen.poll() is not None
        if self._rest and (ended or len(self._rest) > _MAX_LINE):
            yield _text(self._rest)
            self._rest = b""

    def _read(self) -> bytes:
        if self._output.closed:
            return b""
        try:
            return os.read(self._output.fileno(), _CHUNK)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close the output."""
        self._output.close()


def _popen(
    argv: Sequence[str], environment: Mapping[str, str], directory: str
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - commands come from the image map
        argv,
        env=dict(environment),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _pipe(popen: "subprocess.Popen[bytes]") -> IO[bytes]:
    if popen.stdout is None:
        msg = "the output of the process is not captured"
        raise ValueError(msg)
    os.set_blocking(popen.stdout.fileno(), False)
    with contextlib.suppress(PermissionError):
        fcntl.fcntl(popen.stdout, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return popen.stdout


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")


class Reaper:
    """A process that kills the remaining process groups if this one dies."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(  # noqa: S603 - our own script
            [*_PYTHON, str(_HERE / "reaper.py")],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def watch(self, process: Process) -> None:
        """Kill the group of ``process`` if this process dies."""
        self._send(process.id)

    def unwatch(self, process: Process) -> None:
        """Ignore a group that has ended; its id may be reused."""
        self._send(-process.id)

    def _send(self, number: int) -> None:
        # Without a reaper, the parent death signal still ends the tasks.
        with contextlib.suppress(BrokenPipeError):
            if self._popen.stdin is not None:
                self._popen.stdin.write(f"{number}\n".encode())
                self._popen.stdin.flush()

    def close(self) -> None:
        """End the reaper, which kills all groups that are still watched."""
        with contextlib.suppress(BrokenPipeError):
            self._popen.communicate()
