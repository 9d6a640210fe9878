"""Environment variables: table rows, and parsers of their text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from controller.core.values.secret import SecretUrl


class Address(NamedTuple):
    """Address at which a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        name: Name; it takes precedence over the aliases.
        description: Purpose.
        parse: Returns the typed value; raises ValueError with the problem.
        example: A valid value.
        aliases: Other names, in order of precedence.
    """

    name: str
    description: str
    parse: Callable[[str], Any]
    example: str
    aliases: tuple[str, ...] = ()

    def find(self, environ: Mapping[str, str]) -> tuple[str, str] | None:
        """Return the first name that is set, and its text; None if none is."""
        for name in (self.name, *self.aliases):
            if text := environ.get(name, "").strip():
                return name, text
        return None


def row(
    name: str,
    parse: Callable[[str], Any],
    description: str,
    *,
    example: str = "",
    aliases: tuple[str, ...] = (),
) -> dict[str, Variable]:
    """Return the metadata that ties a field to the variable ``name``."""
    return {"variable": Variable(name, description, parse, example, aliases)}


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a parser that accepts one of ``choices``."""

    def parse(text: str) -> str:
        if text not in choices:
            msg = f"is not one of {', '.join(choices)}"
            raise ValueError(msg)
        return text

    return parse


def number(least: int, most: int) -> Callable[[str], int]:
    """Return a parser that accepts a whole number from ``least`` to ``most``."""

    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,10}", text) or not least <= int(text) <= most:
            msg = f"is not a whole number from {least} to {most}"
            raise ValueError(msg)
        return int(text)

    return parse


def seconds(text: str) -> float:
    """Return a number of seconds above 0."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) == 0:
        msg = "is not a number of seconds above 0"
        raise ValueError(msg)
    return float(text)


def presence(_text: str) -> bool:
    """Return True: any value counts as set."""
    return True


def boolean(text: str) -> bool:
    """Return the meaning of ``true`` or ``false``, in any case."""
    if text.lower() not in {"true", "false"}:
        msg = "is neither true nor false"
        raise ValueError(msg)
    return text.lower() == "true"


def ips(text: str) -> tuple[str, ...]:
    """Return IP addresses, separated by commas, in canonical form."""
    try:
        return tuple(str(ip_address(word.strip())) for word in text.split(","))
    except ValueError:
        msg = "is not an IP address, or several separated by commas"
        raise ValueError(msg) from None


def commit(text: str) -> str:
    """Return the name of a commit or release."""
    if not re.fullmatch(r"[\w./-]{1,100}", text, re.ASCII):
        msg = "is not a commit: up to 100 letters, digits and . _ / -"
        raise ValueError(msg)
    return text


def url(text: str) -> str:
    """Return an http or https URL without a trailing ``/``."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = "is not a URL that starts with http:// or https://"
        raise ValueError(msg)
    return text.rstrip("/")


def store_url(text: str) -> SecretUrl:
    """Return the URL of a SQLite or PostgreSQL store."""
    if not re.match(r"(sqlite|postgres(ql)?)(\+[a-z0-9]+)?:", text):
        msg = "is not a URL that starts with sqlite: or postgresql:"
        raise ValueError(msg)
    return SecretUrl(text)


def address(text: str) -> Address:
    """Return ``host:port``; the default port is 53."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, "53"
    if not host or not re.fullmatch("[0-9]{1,5}", port) or not 0 < int(port) < 2**16:
        msg = "is not host:port"
        raise ValueError(msg)
    return Address(host.strip("[]"), int(port))
