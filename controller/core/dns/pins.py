"""Pins: addresses that a user sets in the place of DNS, mostly for a limited time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Protocol

from controller.core.dns.answers import canonical_host, literal_addresses
from controller.core.values.metadata_networks import is_metadata_address, unmapped
from controller.core.values.printable import printable, shortened

# A pin that is forgotten sends every request to the wrong address.
LONGEST_PIN = timedelta(days=30)
_LONGEST_NAME = 253
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
# As many as a hosts file of a machine has at most.
_MOST_ADDRESSES = 16


class PinOrigin(StrEnum):
    """Place where a pin is declared, in the order of preference."""

    STORE = "store"
    ENVIRONMENT = "environment"
    FILE = "file"

    @property
    def setting(self) -> str:
        """Setting that declares the pin; empty for a pin of a user."""
        settings = {
            PinOrigin.ENVIRONMENT: "HOKUSAI_DNS_PINS",
            PinOrigin.FILE: "the file HOKUSAI_DNS_PINS_FILE",
        }
        return settings.get(self, "")


@dataclass(frozen=True, slots=True)
class Pin:
    """Addresses of a host in the place of those of DNS.

    Attributes:
        host: Name of the host, in lower case.
        addresses: Addresses to connect to, best first.
        until: Time at which the pin ends; None for no end.
        reason: Reason of the user.
        by: User.
        origin: Place of the declaration.
    """

    host: str
    addresses: tuple[str, ...]
    until: datetime | None = None
    reason: str = ""
    by: str = ""
    origin: PinOrigin = PinOrigin.STORE

    def is_in_force(self, now: datetime) -> bool:
        """Return whether the pin applies at ``now``."""
        return self.until is None or now < self.until

    @property
    def summary(self) -> str:
        """Addresses, end and reason or setting, without control characters."""
        summary = ", ".join(self.addresses)
        if self.until is not None:
            summary += f" until {self.until.isoformat()}"
        if self.origin.setting:
            summary += f" by {self.origin.setting}"
        reason = printable(shortened(self.reason)).rstrip(".")
        return f"{summary}: {reason}" if reason else summary


@dataclass(frozen=True, slots=True)
class PinRequest:
    """Request of a user for a pin.

    Attributes:
        host: Name of the host; see ``pinned_host``.
        addresses: Addresses to connect to, best first.
        duration: Time until the pin ends.
        reason: Reason for the audit log.
    """

    host: str
    addresses: tuple[str, ...]
    duration: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class KeptName:
    """Last good addresses of a host in the store.

    Attributes:
        host: Name of the host.
        addresses: Addresses, sorted.
        kept: Time at which they were last known to be valid.
    """

    host: str
    addresses: tuple[str, ...]
    kept: datetime


class SharedPins(Protocol):
    """Pins and flushes that all processes of a store share."""

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins that have not ended."""
        ...

    def flushes(self) -> Mapping[str, datetime]:
        """Return the time of the last flush of each host; "" stands for all hosts."""
        ...


class PinOperations(Protocol):
    """Pins in a store, or in that of a server; every method raises ControllerError."""

    def pins(self) -> tuple[Pin, ...]:
        """Return the pins that have not ended."""
        ...

    def kept(self) -> tuple[KeptName, ...]:
        """Return the last good addresses of each host."""
        ...

    def pin(self, request: PinRequest, by: str) -> Pin:
        """Pin a host for a time, in the place of an earlier pin of it."""
        ...

    def unpin(self, host: str, by: str, reason: str) -> bool:
        """End the pin of ``host``; return False if there is none."""
        ...

    def flush(self, host: str, by: str, reason: str) -> None:
        """Let every process forget the addresses of ``host``, or of all without one."""
        ...


def pinned_host(text: str) -> str:
    """Return the name of a host that may be pinned.

    Raises:
        ValueError: ``text`` is an address, or no name.
    """
    host = canonical_host(text)
    if literal_addresses(host):
        msg = f"{_shown(text)} is an address already: pin the name of a host"
        raise ValueError(msg)
    labels = host.split(".")
    is_name = 0 < len(host) <= _LONGEST_NAME and set(host) <= _LETTERS and all(labels)
    if not is_name:
        msg = f"{_shown(text)} is not the name of a host, as in mlflow.example.internal"
        raise ValueError(msg)
    return host


def refusal(host: str, duration: timedelta, reason: str) -> str:
    """Return the reason why a pin is not made; empty if it is."""
    if not reason.strip():
        return "a pin needs a reason: it is recorded in the audit log"
    if not timedelta() < duration <= LONGEST_PIN:
        days = LONGEST_PIN.days
        return f"a pin of {host} lasts at least a second and at most {days} days"
    return ""


def pinned_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a pin in ``text``, separated by commas.

    Raises:
        ValueError: One of them is not an IP address of a host, or there is none.
    """
    found = _addresses(text)
    for address in map(unmapped, map(ip_address, found)):
        if address.is_multicast or address.is_unspecified:
            msg = f"{address} is not the address of a host that serves others"
            raise ValueError(msg)
        if is_metadata_address(address):
            msg = f"{address} is a link-local or metadata address"
            raise ValueError(msg)
    return found


def _addresses(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for word in text.split(","):
        try:
            found.append(str(ip_address(word.strip().strip("[]"))))
        except ValueError:
            msg = f"{_shown(word.strip())} is not an IP address, as in 10.0.1.42"
            raise ValueError(msg) from None
    if len(found) > _MOST_ADDRESSES:
        msg = f"has {len(found)} addresses: at most {_MOST_ADDRESSES} are allowed"
        raise ValueError(msg)
    return tuple(dict.fromkeys(found))


def environment_pins(text: str) -> tuple[Pin, ...]:
    """Return the pins in ``HOST=ADDRESS[,ADDRESS];HOST=ADDRESS``.

    Raises:
        ValueError: A part is not valid.
    """
    pins = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        host, equals, addresses = part.partition("=")
        if not equals:
            msg = f"has {_shown(part)}, which is not HOST=ADDRESS"
            raise ValueError(msg)
        pins.append(
            Pin(
                pinned_host(host.strip()),
                pinned_addresses(addresses),
                origin=PinOrigin.ENVIRONMENT,
            )
        )
    return tuple(pins)


def hosts_file_pins(text: str, file: str, *, strict: bool = True) -> tuple[Pin, ...]:
    """Return the entries of a hosts file: an address, and names; ``#`` begins a comment.

    Args:
        text: Content of the file.
        file: Name of the file, for messages.
        strict: True to refuse a line that is not valid; False to leave it out.

    Raises:
        ValueError: A line is not valid; the message names the file and the line.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            address, hosts = _hosts_line(words)
        except ValueError as error:
            if strict:
                msg = f"{file}:{number}: {error}"
                raise ValueError(msg) from None
            continue
        for host in hosts:
            found.setdefault(host, []).append(address)
    return tuple(
        Pin(host, tuple(dict.fromkeys(addresses)), origin=PinOrigin.FILE)
        for host, addresses in found.items()
    )


def _hosts_line(words: list[str]) -> tuple[str, tuple[str, ...]]:
    (address,) = _addresses(words[0].partition("%")[0])
    if len(words) == 1:
        msg = f"{address} has no host: write `ADDRESS HOST`"
        raise ValueError(msg)
    return address, tuple(
        pinned_host(word) for word in words[1:] if not literal_addresses(word)
    )


def pins_in_force(pins: Iterable[Pin], now: datetime) -> Mapping[str, Pin]:
    """Return the pin of each host at ``now``; a user's comes before the settings'."""
    order = list(PinOrigin)
    found: dict[str, Pin] = {}
    for pin in pins:
        known = found.get(pin.host)
        if not pin.is_in_force(now):
            continue
        if known is None or order.index(pin.origin) < order.index(known.origin):
            found[pin.host] = pin
    return found


def _shown(text: str) -> str:
    return repr(printable(shortened(text)))
