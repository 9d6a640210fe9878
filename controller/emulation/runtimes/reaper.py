"""Kill the process groups that the platform leaves behind when it dies.

Run as a script: it reads process groups from standard input, ``N`` to watch and ``-N``
to ignore. Standard input ends when the platform dies; the script then kills the
groups that it still watches.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Read process groups until the platform ends, then kill the remaining ones."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line)
        if group > 0:
            groups.add(group)
        else:
            groups.discard(-group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
