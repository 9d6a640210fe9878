"""Outlive the platform just long enough to end what it leaves behind.

Run as a script: it reads process groups from its standard input, ``N`` to
watch over and ``-N`` to let go, and when that ends, which it does when the
platform dies, kills those that are left.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Watch over process groups until the platform is gone."""
    groups: set[int] = set()
    # A number to watch over, its negative to let go.
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
