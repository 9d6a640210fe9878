"""Addresses of names: pins, kept addresses, and the cache of a server."""

from collections.abc import Iterator, Sequence
from typing import Any

from controller.cli.views.data import FORMAT_VERSION, as_json, as_yaml, moment
from controller.cli.views.tables import fitted, markdown
from controller.core.dns.health import NameHealth, name_status, success_rate
from controller.core.dns.pins import KeptName, Pin

_NAMES = ("host", "status", "source", "addresses", "age", "ttl", "failures", "problem")
_PINS = ("host", "addresses", "until", "from", "by", "reason")
_KEPT = ("host", "addresses", "last confirmed")


def render_names(
    names: Sequence[NameHealth] | None,
    pins: Sequence[Pin],
    kept: Sequence[KeptName],
    output: str,
    width: int,
) -> str:
    """Return the addresses of names in the format ``output``.

    Args:
        names: Cache of a server; None without a server.
        pins: Pins in the store.
        kept: Last good addresses in the store.
        output: Format.
        width: Width of the terminal.
    """
    match output:
        case "json":
            return as_json(_data(names, pins, kept))
        case "yaml":
            return as_yaml(_data(names, pins, kept))
        case _:
            return _tables_text(names, pins, kept, output, width)


def render_change(operation: str, host: str, pin: Pin | None, output: str) -> str:
    """Return the text about a change in the format ``output``."""
    data = {
        "kind": "NameRequest",
        "formatVersion": FORMAT_VERSION,
        "operation": operation,
        "host": host,
        "pin": None if pin is None else _pin_data(pin),
    }
    match output, operation:
        case "json", _:
            return as_json(data)
        case "yaml", _:
            return as_yaml(data)
        case _, "pin" if pin is not None:
            addresses = ", ".join(pin.addresses)
            return f"{host} is pinned to {addresses} until {_end(pin)}."
        case _, "unpin":
            return f"{host} is not pinned any more."
        case _:
            return f"The addresses of {host or 'all hosts'} are forgotten."


def _tables_text(
    names: Sequence[NameHealth] | None,
    pins: Sequence[Pin],
    kept: Sequence[KeptName],
    output: str,
    width: int,
) -> str:
    parts: list[str] = []
    for title, head, lines in _tables(names, pins, kept):
        is_markdown = output == "markdown"
        table = markdown(head, lines) if is_markdown else fitted(head, lines, width)
        empty = ["none"] if is_markdown else ["  none"]
        parts += [title, *(table if lines else empty), ""]
    return "\n".join(parts[:-1])


def _tables(
    names: Sequence[NameHealth] | None, pins: Sequence[Pin], kept: Sequence[KeptName]
) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    if names is not None:
        yield "Names in the cache of the server:", _NAMES, [*map(_name_line, names)]
    yield (
        "Pins:",
        _PINS,
        [*map(_pin_line, pins)],
    )
    yield (
        "Last good addresses:",
        _KEPT,
        [(k.host, ", ".join(k.addresses), moment(k.kept)) for k in kept],
    )


def _pin_line(pin: Pin) -> tuple[str, ...]:
    addresses = ", ".join(pin.addresses)
    return pin.host, addresses, _end(pin), pin.origin.value, pin.by, pin.reason


def _name_line(name: NameHealth) -> tuple[str, ...]:
    return (
        name.host,
        name_status(name).value,
        name.source.value if name.source else "none",
        ", ".join(name.addresses),
        "" if name.age is None else f"{name.age:.0f} s",
        f"{name.ttl:g} s",
        str(name.failures),
        name.problem,
    )


def _data(
    names: Sequence[NameHealth] | None, pins: Sequence[Pin], kept: Sequence[KeptName]
) -> dict[str, Any]:
    return {
        "kind": "NameList",
        "formatVersion": FORMAT_VERSION,
        "names": None if names is None else [*map(_name_data, names)],
        "pins": [*map(_pin_data, pins)],
        "kept": [
            {
                "host": one.host,
                "addresses": list(one.addresses),
                "lastConfirmed": moment(one.kept),
            }
            for one in kept
        ],
    }


def _name_data(name: NameHealth) -> dict[str, Any]:
    return {
        "host": name.host,
        "status": name_status(name).value,
        "source": name.source.value if name.source else None,
        "addresses": list(name.addresses),
        "ageSeconds": None if name.age is None else round(name.age, 1),
        "ttlSeconds": name.ttl,
        "failures": name.failures,
        "problem": name.problem,
        "nextRefreshSeconds": round(name.next_refresh, 1),
        "successRate": round(success_rate(name), 4),
    }


def _pin_data(pin: Pin) -> dict[str, Any]:
    return {
        "host": pin.host,
        "addresses": list(pin.addresses),
        "until": _end(pin) or None,
        "origin": pin.origin.value,
        "by": pin.by,
        "reason": pin.reason,
    }


def _end(pin: Pin) -> str:
    # Only the pins of the store have an end.
    return "" if pin.until is None else moment(pin.until)
