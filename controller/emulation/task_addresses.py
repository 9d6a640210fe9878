"""Loopback addresses for tasks, one network per platform on this machine."""

import socket

from controller.emulation.ecs.addresses import AddressPool

# Other programs listen on 127.0.0.x.
_FIRST_NETWORK, _LAST_NETWORK = 64, 254
_CLAIM_PORT = 47_620


class TaskAddresses:
    """Addresses of a loopback network that no other platform on this machine uses.

    Two platforms would otherwise give one address to two tasks, and the second task
    could not listen. From its first task until it is closed, a platform therefore
    binds a fixed port on the first address of its network.
    """

    def __init__(self) -> None:
        self._claim: socket.socket | None = None
        self._pool: AddressPool | None = None

    def allocate(self, subnet_cidr: str | None = None) -> str:
        """Return an unused address; loopback has no subnets."""
        if self._pool is None:
            self._claim, network = _claim_network()
            self._pool = AddressPool(network)
        return self._pool.allocate(subnet_cidr)

    def release(self, address: str) -> None:
        """Return an address to the pool."""
        if self._pool is not None:
            self._pool.release(address)

    def close(self) -> None:
        """Release the network."""
        if self._claim is not None:
            self._claim.close()


def _claim_network() -> tuple[socket.socket, str]:
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
