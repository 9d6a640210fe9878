"""Restriction of the local platform to loopback addresses."""

from ipaddress import ip_address


class NotLoopbackError(ValueError):
    """An address of another machine, or one that other machines can reach."""


def require_loopback(host: str) -> str:
    """Return ``host`` if it is a loopback address; raises NotLoopbackError."""
    try:
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        msg = f"{host} is not a loopback address: the local platform uses no other"
        raise NotLoopbackError(msg)
    return host
