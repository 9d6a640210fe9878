"""Rules of a listener, with the semantics of Application Load Balancers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import accumulate
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

Plain: TypeAlias = Mapping[str, Any]
_WILDCARDS = {"*": ".*", "?": "."}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """Parts of a request that conditions can match.

    Attributes:
        host: Host without the port.
        path: Path as sent, without the query.
        method: Method in upper case.
        query: Query string without the question mark.
        source: IP address of the client.
        headers: Headers by name in lower case.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    query: str = ""
    source: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule with its conditions and actions in the form of the API."""

    priority: int
    conditions: Sequence[Plain]
    actions: Sequence[Plain]


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward the request to one of the target groups, by weight."""

    groups: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Answer with a fixed response."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Redirect the client to another URL."""

    status: int
    location: str


Result: TypeAlias = Forward | Fixed | Redirect


def matching_actions(
    rules: Sequence[LiveRule], default: Sequence[Plain], request: HttpRequest
) -> Sequence[Plain]:
    """Return the actions of the first matching rule, or the default actions."""
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if all(matches(condition, request) for condition in rule.conditions):
            return rule.actions
    return default


def result_of(actions: Sequence[Plain], request: HttpRequest, port: int) -> Result:
    """Return the result of the last action, which is the terminating one.

    Args:
        actions: Actions in the form of the API.
        request: Request to answer.
        port: Local port of the listener.
    """
    action = actions[-1]
    match action["Type"]:
        case "forward":
            return Forward(_groups(action))
        case "redirect":
            config = action["RedirectConfig"]
            status = 301 if config["StatusCode"] == "HTTP_301" else 302
            return Redirect(status, _location(config, request, port))
        case "fixed-response":
            config = action["FixedResponseConfig"]
            return Fixed(
                int(config["StatusCode"]),
                config.get("ContentType") or "text/plain",
                config.get("MessageBody") or "",
            )
        case other:
            msg = f"the local load balancer does not support actions of type {other}"
            return Fixed(501, body=msg)


def select_group(groups: Sequence[tuple[str, int]], number: int) -> str | None:
    """Return the target group of request ``number``, in proportion to the weights.

    None if all weights are 0.
    """
    total = sum(weight for _, weight in groups)
    if total == 0:
        return None
    ends = accumulate(weight for _, weight in groups)
    turn = number % total
    return next(arn for (arn, _), end in zip(groups, ends, strict=True) if turn < end)


def matches(condition: Plain, request: HttpRequest) -> bool:
    """Return True if ``request`` matches one of the values of a condition."""
    test = _TESTS.get(condition["Field"])
    return test is not None and test(condition, request)


def matches_pattern(pattern: str, text: str) -> bool:
    """Return True if ``text`` matches: ``*`` is any characters, ``?`` is one."""
    parts = (_WILDCARDS.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _host(condition: Plain, request: HttpRequest) -> bool:
    values = _values(condition, "HostHeaderConfig")
    return any(matches_pattern(value.lower(), request.host.lower()) for value in values)


def _path(condition: Plain, request: HttpRequest) -> bool:
    values = _values(condition, "PathPatternConfig")
    return any(matches_pattern(value, request.path) for value in values)


def _method(condition: Plain, request: HttpRequest) -> bool:
    return request.method in _values(condition, "HttpRequestMethodConfig")


def _header(condition: Plain, request: HttpRequest) -> bool:
    config = condition["HttpHeaderConfig"]
    header = request.headers.get(config["HttpHeaderName"].lower())
    return header is not None and any(
        matches_pattern(value.lower(), header.lower()) for value in config["Values"]
    )


def _query(condition: Plain, request: HttpRequest) -> bool:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    conditions = condition["QueryStringConfig"]["Values"]
    return any(_has_pair(pairs, pattern) for pattern in conditions)


def _source(condition: Plain, request: HttpRequest) -> bool:
    source = ip_address(request.source)
    ranges = _values(condition, "SourceIpConfig")
    return any(source in ip_network(cidr, strict=False) for cidr in ranges)


_TESTS: Mapping[str, Callable[[Plain, HttpRequest], bool]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-request-method": _method,
    "http-header": _header,
    "query-string": _query,
    "source-ip": _source,
}


def _has_pair(pairs: Sequence[tuple[str, str]], pattern: Plain) -> bool:
    key_pattern, value_pattern = pattern.get("Key"), str(pattern["Value"]).lower()
    return any(
        (key_pattern is None or matches_pattern(key_pattern.lower(), key.lower()))
        and matches_pattern(value_pattern, value.lower())
        for key, value in pairs
    )


def _values(condition: Plain, config: str) -> Sequence[str]:
    """Return the values of a condition, which the API accepts in two places."""
    nested = condition.get(config) or {}
    values: Sequence[str] = nested.get("Values") or condition.get("Values") or ()
    return values


def _groups(action: Plain) -> tuple[tuple[str, int], ...]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
    if not groups:
        return ((action["TargetGroupArn"], 1),)
    return tuple((g["TargetGroupArn"], int(g.get("Weight", 1))) for g in groups)


def _location(config: Plain, request: HttpRequest, port: int) -> str:
    """Return the target of a redirect; omitted parts are those of the request."""
    variables = {
        "#{protocol}": "https" if request.headers.get(":scheme") == "https" else "http",
        "#{host}": request.host,
        "#{port}": str(port),
        "#{path}": request.path.lstrip("/"),
        "#{query}": request.query,
    }

    def filled(key: str, default: str) -> str:
        text = str(config.get(key) or default)
        for name, value in variables.items():
            text = text.replace(name, value)
        return text

    protocol = filled("Protocol", "#{protocol}").lower()
    query = filled("Query", "#{query}")
    authority = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
    path = filled("Path", "/#{path}")
    return f"{protocol}://{authority}{path}{'?' if query else ''}{query}"
