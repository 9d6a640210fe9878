"""Adapter for requests that connects to resolved addresses instead of names.

Host header, SNI and certificate check still use the name. A pooled connection to an
address that the name no longer has is closed instead of used again.
"""

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError
from urllib3.exceptions import NewConnectionError as RefusedConnectionError

from controller.core.errors import ControllerError
from controller.resolver.names import Names


class ResolverAdapter(HTTPAdapter):
    """Adapter to mount in a session.

    As in::

    session = requests.Session()
    session.mount("http://", ResolverAdapter(resolver))
    session.mount("https://", ResolverAdapter(resolver))
    """

    def __init__(self, names: Names, **options: Any) -> None:
        self._names = names
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Use pools whose connections ask the resolver."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pool_classes(self._names)


def _pool_classes(names: Names) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(_Addressed, HTTPConnection):
        resolver = names

    class Secure(_Addressed, HTTPSConnection):
        resolver = names

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Addressed(HTTPConnection):
    """Connection of urllib3 to an address of the resolver."""

    resolver: Names

    @property
    def is_connected(self) -> bool:
        """False also if the name no longer has the address: the pool closes it then."""
        if not super().is_connected or self.sock is None:
            return False
        try:
            addresses = self.resolver.resolve(self._dns_host).addresses
            return self.sock.getpeername()[0] in addresses
        except (ControllerError, OSError):
            return True

    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        try:
            addresses: tuple[str, ...] = self.resolver.resolve(host).addresses
        except ControllerError as error:
            failure = socket.gaierror(socket.EAI_NONAME, str(error))
            raise NameResolutionError(host, self, failure) from error
        tried: list[str] = []
        refused: Exception | None = None
        while addresses:
            for address in addresses:
                tried.append(address)
                self._dns_host = address
                try:
                    return super()._new_conn()
                except (RefusedConnectionError, ConnectTimeoutError) as error:
                    refused = error
                    self.resolver.avoid(host, address)
                finally:
                    self._dns_host = host
            addresses = self.resolver.moved(host, tried)
        raise refused or RefusedConnectionError(self, f"{host} has no address")
