"""Become a task's process, tied to the life of whoever started it.

Run as a script: ``python -IS confine.py PARENT COMMAND…``. The kernel kills
this process as soon as the parent is gone, however the parent went.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
_NOT_FOUND = 127


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    # The parent may have died before the tie was made.
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming it is the purpose
    except OSError as error:
        sys.stderr.write(f"exec {command[0]}: {error.strerror}\n")
        sys.exit(_NOT_FOUND)


if __name__ == "__main__":
    main()
