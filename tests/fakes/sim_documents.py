"""Documents generated from the published schema by a seed."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.faults.plan import drawn

_SCHEMA = Path(__file__).parents[2] / "schemas" / "hokusai.schema.json"
# Values of fields that the schema does not restrict enough, or that must stay within
# the simulated cluster.
_VALUES: dict[str, tuple[Any, ...]] = {
    "image": ("hokusai/api:1", "hokusai/api:2", "hokusai/web:7"),
    "desired_count": (0, 1, 2),
    "source": ("s3://models/one", "s3://models/two", "s3://models/three"),
    "experiment": ("scoring",),
    "aliases": ({}, {"production": "latest"}, {"production": 1}),
    "minimum": (0.5, 0.7),
    "secrets": ([{"env": "SITE_SECRET"}],),
    "announce": ("all",),
    "url": ("https://hokus.ai/api/webhooks/site",),
    "queue": ("site",),
    "bus": ("site",),
    "body": ("{version: registered_version}",),
    "port": (8001, 5000),
    "host": ("api.hokusai-development.local", "registry.hokus.ai"),
    "protocol": ("http", "https", "tcp"),
}
_LEFT_OUT = frozenset(
    {
        *("suspend", "ignore", "mode", "name", "id", "cluster", "namespace", "owner"),
        *("depends_on", "adopt", "interval", "network", "log_group", "run"),
        *("artifact_location", "registry", "events", "region", "account"),
    }
)
_KEYS = {
    "services": ("api", "web"),
    "experiments": ("scoring", "routing"),
    "models": ("leads", "router"),
    "endpoints": ("api", "registry"),
    "webhooks": ("site",),
}


@cache
def schema() -> dict[str, Any]:
    """Return the published schema."""
    found: dict[str, Any] = json.loads(_SCHEMA.read_text())
    return found


class Draw:
    """Sequence of choices that a seed determines."""

    def __init__(self, seed: int) -> None:
        self._seed, self._number = seed, 0

    def below(self, many: int) -> int:
        """Return a number below ``many``."""
        self._number += 1
        return drawn(self._seed, self._number, many)

    def one(self, *of: Any) -> Any:
        """Return one of several."""
        return of[self.below(len(of))]


def body(seed: int) -> str:
    """Return the resources of a document that matches the schema.

    The document may still be refused: the schema does not express every dependency
    between fields.
    """
    return _written(_sections(seed))


def _written(sections: dict[str, Any]) -> str:
    return yaml.safe_dump(sections, sort_keys=False) if sections else ""


def accepted_body(seed: int, refused: Callable[[str], Iterable[str]]) -> str:
    """Return the resources of a document without what is refused in it.

    Args:
        seed: Determines the document.
        refused: Returns the dotted paths of a document that are wrong; none if it is
            accepted.
    """
    sections = _sections(seed)
    while paths := list(refused(text := _written(sections))):
        removed = [_remove(sections, path.split(".")) for path in paths]
        assert any(removed), paths
    return text


def _remove(value: Any, path: list[str]) -> bool:
    """Remove what is at ``path``, or at the last part of it; return False for nothing."""
    holder, key = value, path[0]
    for part in path:
        index: Any = int(part) if isinstance(value, list) and part.isdecimal() else part
        if isinstance(value, list):
            found = isinstance(index, int) and index < len(value)
        else:
            found = isinstance(value, dict) and index in value
        if not found:
            break
        holder, key, value = value, index, value[index]
    if holder is value:
        return False
    del holder[key]
    return True


def _sections(seed: int) -> dict[str, Any]:
    draw = Draw(seed)
    sections: dict[str, Any] = {}
    for section, keys in _KEYS.items():
        pattern = schema()["properties"][section]["patternProperties"]
        entry = next(iter(pattern.values()))
        entries = {key: _value(entry, draw) for key in keys if draw.below(3)}
        if entries:
            sections[section] = entries
    return sections


def _value(rule: dict[str, Any], draw: Draw) -> Any:
    if "$ref" in rule:
        return _value(schema()["$defs"][rule["$ref"].rpartition("/")[2]], draw)
    if "anyOf" in rule or "oneOf" in rule:
        return _either(rule, draw)
    if "const" in rule or "enum" in rule:
        return draw.one(*rule.get("enum", [rule.get("const")]))
    return _of_type(rule, draw)


def _either(rule: dict[str, Any], draw: Draw) -> Any:
    options = [o for o in rule.get("anyOf", rule.get("oneOf", ())) if o != _NULL]
    if all("required" in option and "type" not in option for option in options):
        required = frozenset(draw.one(*options)["required"])
        every = {name for option in options for name in option["required"]}
        without = every - required if "oneOf" in rule else frozenset()
        return _object(rule, draw, required, frozenset(without))
    return _value(options[0], draw)


def _of_type(rule: dict[str, Any], draw: Draw) -> Any:
    match rule.get("type"):
        case "object":
            return _object(rule, draw, frozenset(rule.get("required", ())))
        case "array":
            return [_value(rule["items"], draw)] if draw.below(2) else []
        case "boolean":
            return bool(draw.below(2))
        case "integer" | "number":
            return rule.get("minimum", 1) + draw.below(3)
        case _:
            return draw.one("one", "two")


_NULL = {"type": "null"}


def _object(
    rule: dict[str, Any],
    draw: Draw,
    required: frozenset[str],
    without: frozenset[str] = frozenset(),
) -> Any:
    fields = rule.get("properties", {})
    chosen = {}
    for name, field in fields.items():
        if name in _LEFT_OUT | without or (name not in required and draw.below(2)):
            continue
        chosen[name] = _field(name, field, draw)
    return chosen


def _field(name: str, rule: dict[str, Any], draw: Draw) -> Any:
    if name in _VALUES and not (name == "secrets" and rule.get("type") == "object"):
        return draw.one(*_VALUES[name])
    if rule.get("examples"):
        return draw.one(*rule["examples"])
    return _value(rule, draw)


def mangled(text: str, seed: int) -> bytes:
    """Return ``text`` with a few random corruptions."""
    draw, data = Draw(seed), bytearray(text.encode())
    for _ in range(1 + draw.below(4)):
        at = draw.below(max(1, len(data)))
        match draw.below(7):
            case 0:
                data[at : at + 1 + draw.below(20)] = b""
            case 1:
                data[at:at] = bytes([draw.below(256)])
            case 2:
                data[at:at] = draw.one(
                    b"&a ", b"*a ", b"!!x ", b"? ", b"- ", b"{", b"]"
                )
            case 3:
                data[at:at] = draw.one(
                    b"\n", b"\t", b"  ", b"\n---\n", b": ", b"#", b"'"
                )
            case 4:
                piece = bytes(data[at : at + draw.below(80)])
                data[at:at] = piece * (1 + draw.below(3))
            case 5:
                data[at : at + 6] = draw.one(b"null", b"~", b"1e999", b".nan", b"0x1F")
            case _:
                data = data[:at]
    return bytes(data)
