"""The local platform talks to this machine and to nothing else."""

import socket
from ipaddress import ip_address

# Away from 127.0.0.x, where everything else on a machine listens.
_FIRST_NETWORK, _LAST_NETWORK = 64, 254
_CLAIM_PORT = 47_620


class NotLoopbackError(ValueError):
    """An address that could be reached from, or is, another machine."""


def require_loopback(host: str) -> str:
    """Return ``host`` if it is a loopback address; raises NotLoopbackError."""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        msg = f"{host} is not a loopback address: the local platform refuses it"
        raise NotLoopbackError(msg)
    return host


class TaskNetwork:
    """A network of loopback addresses that no other platform here is using.

    Two platforms on one machine would give the same address to two tasks, and
    the second to listen there would fail. So each holds on to a port of its
    network's first address for as long as it lives.

    Attributes:
        cidr: The network, such as ``127.64.0.0/16``.
    """

    def __init__(self) -> None:
        self._claim, self.cidr = _claimed()

    def release(self) -> None:
        """Let others have the network."""
        self._claim.close()


def _claimed() -> tuple[socket.socket, str]:
    for number in range(_FIRST_NETWORK, _LAST_NETWORK + 1):
        claim = socket.socket()
        try:
            claim.bind((f"127.{number}.0.1", _CLAIM_PORT))
        except OSError:
            claim.close()
        else:
            return claim, f"127.{number}.0.0/16"
    msg = "every loopback network for tasks is in use"
    raise LookupError(msg)
