"""Loopback addresses for tasks, apart from those of other platforms here."""

import socket

from controller.emulation.ecs.addresses import AddressPool

# Away from 127.0.0.x, where everything else on a machine listens.
_FIRST_NETWORK, _LAST_NETWORK = 64, 254
_CLAIM_PORT = 47_620


class TaskAddresses:
    """Addresses of a loopback network that nobody else on this machine uses.

    Two platforms on one machine would give the same address to two tasks, and
    the second to listen there would fail. So each holds on to a port of its
    network's first address, from its first task until it is closed.
    """

    def __init__(self) -> None:
        self._claim: socket.socket | None = None
        self._pool: AddressPool | None = None

    def allocate(self, subnet_cidr: str | None = None) -> str:
        """Return an address; loopback has no subnets, so any will do."""
        if self._pool is None:
            self._claim, network = _claimed()
            self._pool = AddressPool(network)
        return self._pool.allocate(subnet_cidr)

    def release(self, address: str) -> None:
        """Give an address back."""
        if self._pool is not None:
            self._pool.release(address)

    def close(self) -> None:
        """Let others have the network."""
        if self._claim is not None:
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
