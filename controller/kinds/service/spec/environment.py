"""Types of environment variables, and variables that name the same setting."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias
from urllib.parse import urlsplit

# Hokusai's services read one setting by different names, depending on their age.
_ALIASES: tuple[tuple[str, ...], ...] = (
    ("AUTH_SERVICE_URL", "HOKUSAI_AUTH_SERVICE_URL"),
    ("AUTH_SERVICE_ID", "HOKUSAI_AUTH_SERVICE_ID"),
    ("MLFLOW_TRACKING_URI", "MLFLOW_SERVER_URL"),
    ("WEBHOOK_SECRET", "WEBHOOK_SECRET_KEY", "HOKUSAI_SITE_WEBHOOK_SECRET"),
    ("HOKUSAI_API_ENDPOINT", "HOKUSAI_API_URL"),
)
_FIRST = {name: group[0] for group in _ALIASES for name in group}
_DATABASE = re.compile(r"DATABASE_(?=HOST|PORT|NAME|USER|PASSWORD|URL)")

_HIGHEST_PORT = 65_535
_TRUTHS = frozenset({"true", "false", "1", "0"})
# RFC 1918 addresses that are not part of a longer number or name.
_PRIVATE = re.compile(
    r"(?<![\w.])(?:10(?:\.[0-9]{1,3}){3}|192\.168(?:\.[0-9]{1,3}){2}"
    r"|172\.(?:1[6-9]|2[0-9]|3[01])(?:\.[0-9]{1,3}){2})(?![\w.])"
)
_RANGE = re.compile("/[0-9]{1,2}(?![\\w/.])")
_TYPE = re.compile(
    r"(any|int|bool|port|host)"
    r"|(url|enum)\(\s*([^(),\s]+(?:\s*,\s*[^(),\s]+)*)\s*\)"
    r"|(host in namespace)"
)
TYPES = "any, int, bool, port, host, host in namespace, url(http, https) or enum(a, b)"


@dataclass(frozen=True, slots=True)
class ExpectedType:
    """The type of an environment variable.

    Attributes:
        name: Word before the parentheses, such as ``url``.
        choices: Words in parentheses: the schemes of a URL, the values of an enum.
    """

    name: str
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = ", ".join(self.choices)
        return f"{self.name}({words})" if words else self.name


def parsed_type(text: str) -> ExpectedType | None:
    """Parse a type expression such as ``url(http, https)``; None if it is not one."""
    found = _TYPE.fullmatch(text.strip())
    if found is None:
        return None
    plain, with_choices, choices, in_namespace = found.groups()
    if with_choices:
        return ExpectedType(with_choices, tuple(re.split(r"\s*,\s*", choices)))
    return ExpectedType(plain or in_namespace)


def misfit(value: str, type_: ExpectedType, namespace: str) -> str:
    """Explain why ``value`` is not of ``type_``, without the value; empty if it is."""
    match type_.name:
        case "int":
            fits, rule = bool(re.fullmatch("-?[0-9]+", value)), "a whole number"
        case "bool":
            fits, rule = value.lower() in _TRUTHS, "true or false"
        case "enum":
            fits, rule = value in type_.choices, " or ".join(type_.choices)
        case "port":
            fits, rule = _is_port(value), "a port: 1 to 65535"
        case "url":
            schemes = " or ".join(f"{scheme}://" for scheme in type_.choices)
            fits, rule = (
                _is_url(value, type_.choices),
                f"a URL that starts with {schemes}",
            )
        case "host":
            fits, rule = _is_host(value), "a host, without scheme or port"
        case "host in namespace":
            fits = _is_host(value) and value.endswith(f".{namespace}")
            rule = f"a host that ends in .{namespace}"
        case _:
            fits, rule = True, ""
    return "" if fits else f"must be {rule}"


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    """Return True if ``value`` has one of ``schemes`` and a host.

    A URL in a parameter once lost its scheme, and every deployment rolled back.
    """
    try:
        parts = urlsplit(value)
        ported = parts.port is None or 0 < parts.port <= _HIGHEST_PORT
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and ported


def _is_port(value: str) -> bool:
    return value.isascii() and value.isdecimal() and 0 < int(value) <= _HIGHEST_PORT


def _is_host(value: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?", value))


def private_address(value: str) -> str:
    """Return the private address in ``value``; empty if there is none.

    A replaced task gets another address, so a declared address becomes stale.
    """
    for found in _PRIVATE.finditer(value):
        in_url = value[: found.start()].endswith(("//", "@"))
        if in_url or not _RANGE.match(value, found.end()):
            return found[0]
    return ""


def same_setting(name: str) -> str:
    """Return the canonical name of the setting ``name``."""
    return _FIRST.get(name) or _DATABASE.sub("DB_", name)


Pair: TypeAlias = tuple[str, str]


def contradictions(environment: Mapping[str, str]) -> Iterator[Pair]:
    """Yield pairs of variables that set the same setting to different values."""
    key: Callable[[str], str] = same_setting
    for _, group in groupby(sorted(sorted(environment), key=key), key=key):
        first, *others = group
        for other in others:
            if environment[other] != environment[first]:
                yield first, other
