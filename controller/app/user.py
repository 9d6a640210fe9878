"""User who runs a command, as in ``ada@laptop``."""

import getpass
import socket


def person() -> str:
    """Return who it is, and where, as in ``ada@laptop``."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
