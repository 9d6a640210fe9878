"""Who runs a command."""

import getpass
import socket


def person() -> str:
    """Return who it is, and where, as in ``ada@laptop``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
