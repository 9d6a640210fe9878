"""One real process, its group and its output."""

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
# Output waits in the pipe until it is read; a small pipe would stop the task.
_PIPE_SIZE = 1 << 20
_CHUNK = 1 << 16
_LONGEST_LINE = 1 << 18


class Process:
    """A process in a session of its own, killed when its parent dies.

    Attributes:
        id: The process id, which is also the id of its group.
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
        """Start ``argv``; a command that is not there exits with 127."""
        confined = [*_PYTHON, str(_HERE / "confine.py"), str(os.getpid()), *argv]
        return cls(_popen(confined, environment, directory))

    @classmethod
    def start_check(
        cls, argv: Sequence[str], environment: Mapping[str, str], directory: str
    ) -> "Process":
        """Start a health check: short-lived, so not confined but quick to start.

        Raises:
            OSError: The command is not there.
        """
        return cls(_popen(argv, environment, directory))

    def exit_code(self) -> int | None:
        """Return how the process ended, 128 + n for signal n; None while it runs."""
        code = self._popen.poll()
        return 128 - code if code is not None and code < 0 else code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if any of it is left."""
        if self._ended:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.id, number)

    def end(self) -> bool:
        """Kill what is left of the group; return whether this was the first time.

        Once the process is reaped its number may be another's, so nothing is
        sent to it after that.
        """
        if self._ended:
            return False
        self.signal(signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(timeout=5)
        self._ended = True
        return True

    def lines(self) -> Iterator[str]:
        """Yield the whole lines written since the last time; all at the end."""
        while chunk := self._read():
            self._rest += chunk
            *whole, self._rest = self._rest.split(b"\n")
            yield from map(_text, whole)
        ended = self._popen.poll() is not None
        if self._rest and (ended or len(self._rest) > _LONGEST_LINE):
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
    return subprocess.Popen(  # noqa: S603 - the image map says what to run
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
        msg = "a process was started without its output being captured"
        raise ValueError(msg)
    os.set_blocking(popen.stdout.fileno(), False)
    with contextlib.suppress(PermissionError):
        fcntl.fcntl(popen.stdout, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return popen.stdout


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")


class Reaper:
    """The process that ends what is left if this one dies."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(  # noqa: S603 - our own script
            [*_PYTHON, str(_HERE / "reaper.py")],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def watch(self, process: Process) -> None:
        """Have the process's group killed if this process dies."""
        self._say(process.id)

    def let_go(self, process: Process) -> None:
        """Forget a group that has ended; its number may be used again."""
        self._say(-process.id)

    def _say(self, number: int) -> None:
        # Without a reaper, tasks still have their tie to this process.
        with contextlib.suppress(BrokenPipeError):
            if self._popen.stdin is not None:
                self._popen.stdin.write(f"{number}\n".encode())
                self._popen.stdin.flush()

    def close(self) -> None:
        """End the reaper, and with it what was not let go."""
        with contextlib.suppress(BrokenPipeError):
            self._popen.communicate()
