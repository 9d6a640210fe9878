"""Execute a command that the kernel kills when the parent process ends.

Run as a script: ``python -IS confine.py PARENT COMMAND…``. The kernel also kills it
after the parent was killed with SIGKILL.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1
_NOT_FOUND = 127


def main() -> None:
    """Set the parent death signal, then execute the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    # The parent may have ended before the signal was set.
    if os.getppid() != parent:
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the purpose of the script
    except OSError as error:
        sys.stderr.write(f"exec {command[0]}: {error.strerror}\n")
        sys.exit(_NOT_FOUND)


if __name__ == "__main__":
    main()
