"""The local platform talks to this machine and to nothing else."""

from ipaddress import ip_address


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
