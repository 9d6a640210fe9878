"""Id of this process on leases, claims and heartbeats."""

import os
import secrets
import socket
from functools import cache

_BYTES = 8


@cache
def holder_id() -> str:
    """Return the id of this process; it is drawn once.

    Host name and pid are for people. They do not identify a process: in containers the
    pid is often 1, and two tasks may have the same host name.
    """
    return holder_name(socket.gethostname(), os.getpid(), secrets.token_bytes(_BYTES))


def holder_name(host: str, pid: int, drawn: bytes) -> str:
    """Return the id of the process ``pid`` on ``host`` that drew ``drawn``."""
    return f"{host}:{pid}:{drawn.hex()}"
