"""Which rule of a listener a request follows, as Application Load Balancers decide.

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
    """As much of a request as rules look at.

    Attributes:
        host: Without the port.
        path: As sent, without the query.
        method: In upper case.
        query: What follows the question mark.
        source: The client's address.
        headers: By name, in lower case.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    query: str = ""
    source: str = "127.0.0.1"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule: its conditions and its actions, in the words of the API."""

    priority: int
    conditions: Sequence[Plain]
    actions: Sequence[Plain]


@dataclass(frozen=True, slots=True)
class Forward:
    """Pass the request on to one of these target groups, by weight."""

    groups: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Answer at once."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the client elsewhere."""

    status: int
    location: str


Verdict: TypeAlias = Forward | Fixed | Redirect


def followed(
    rules: Sequence[LiveRule], default: Sequence[Plain], request: HttpRequest
) -> Sequence[Plain]:
    """Return the actions of the first rule that fits, or the default ones."""
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if all(fits(condition, request) for condition in rule.conditions):
            return rule.actions
    return default


def verdict(actions: Sequence[Plain], request: HttpRequest, port: int) -> Verdict:
    """Return what ``actions`` come to; the last of them is what counts.

    Args:
        actions: As in the API.
        request: What is asked.
        port: Where the listener is reached.
    """
    action = actions[-1]
    match action["Type"]:
        case "forward":
            return Forward(_groups(action))
        case "redirect":
            told = action["RedirectConfig"]
            status = 301 if told["StatusCode"] == "HTTP_301" else 302
            return Redirect(status, _location(told, request, port))
        case "fixed-response":
            told = action["FixedResponseConfig"]
            return Fixed(
                int(told["StatusCode"]),
                told.get("ContentType") or "text/plain",
                told.get("MessageBody") or "",
            )
        case other:
            return Fixed(501, body=f"the local load balancer knows no {other}")


def by_weight(groups: Sequence[tuple[str, int]], number: int) -> str | None:
    """Return the group of request ``number``: each as often as it weighs.

    None if no group weighs anything.
    """
    total = sum(weight for _, weight in groups)
    if total == 0:
        return None
    ends = accumulate(weight for _, weight in groups)
    place = number % total
    return next(arn for (arn, _), end in zip(groups, ends, strict=True) if place < end)


def fits(condition: Plain, request: HttpRequest) -> bool:
    """Whether ``request`` meets one condition: one of its values is enough."""
    test = _TESTS.get(condition["Field"])
    return test is not None and test(condition, request)


def like(pattern: str, text: str) -> bool:
    """Whether ``text`` fits ``pattern``: ``*`` is any characters, ``?`` is one."""
    parts = (_WILDCARDS.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _host(condition: Plain, request: HttpRequest) -> bool:
    values = _values(condition, "HostHeaderConfig")
    return any(like(value.lower(), request.host.lower()) for value in values)


def _path(condition: Plain, request: HttpRequest) -> bool:
    values = _values(condition, "PathPatternConfig")
    return any(like(value, request.path) for value in values)


def _method(condition: Plain, request: HttpRequest) -> bool:
    return request.method in _values(condition, "HttpRequestMethodConfig")


def _header(condition: Plain, request: HttpRequest) -> bool:
    told = condition["HttpHeaderConfig"]
    sent = request.headers.get(told["HttpHeaderName"].lower())
    return sent is not None and any(
        like(value.lower(), sent.lower()) for value in told["Values"]
    )


def _query(condition: Plain, request: HttpRequest) -> bool:
    pairs = parse_qsl(request.query, keep_blank_values=True)
    return any(_has(pairs, pair) for pair in condition["QueryStringConfig"]["Values"])


def _source(condition: Plain, request: HttpRequest) -> bool:
    source = ip_address(request.source)
    ranges = _values(condition, "SourceIpConfig")
    return any(source in ip_network(one, strict=False) for one in ranges)


_TESTS: Mapping[str, Callable[[Plain, HttpRequest], bool]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-request-method": _method,
    "http-header": _header,
    "query-string": _query,
    "source-ip": _source,
}


def _has(pairs: Sequence[tuple[str, str]], wanted: Plain) -> bool:
    key, value = wanted.get("Key"), str(wanted["Value"]).lower()
    return any(
        (key is None or like(key.lower(), have.lower())) and like(value, said.lower())
        for have, said in pairs
    )


def _values(condition: Plain, config: str) -> Sequence[str]:
    """Return the values of a condition, from either of its two spellings."""
    told = condition.get(config) or {}
    values: Sequence[str] = told.get("Values") or condition.get("Values") or ()
    return values


def _groups(action: Plain) -> tuple[tuple[str, int], ...]:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups")
    if not groups:
        return ((action["TargetGroupArn"], 1),)
    return tuple((g["TargetGroupArn"], int(g.get("Weight", 1))) for g in groups)


def _location(told: Plain, request: HttpRequest, port: int) -> str:
    """Return where a redirect leads; what it leaves out stays as it was asked."""
    was = {
        "#{protocol}": "https" if request.headers.get(":scheme") == "https" else "http",
        "#{host}": request.host,
        "#{port}": str(port),
        "#{path}": request.path.lstrip("/"),
        "#{query}": request.query,
    }

    def filled(key: str, default: str) -> str:
        text = str(told.get(key) or default)
        for name, value in was.items():
            text = text.replace(name, value)
        return text

    protocol = filled("Protocol", "#{protocol}").lower()
    query = filled("Query", "#{query}")
    place = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}"
    path = filled("Path", "/#{path}")
    return f"{protocol}://{place}{path}{'?' if query else ''}{query}"
