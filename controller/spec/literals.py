"""Detection of literal secrets in the document."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from controller.core.errors import Diagnostic
from controller.spec.node import Node, Path, dotted

_NAME = re.compile(
    r"(?:^|[_.-])(?:PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|SECRET|SECRET_?KEY|API_?KEY"
    r"|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)(?:_[0-9]+)?$",
    re.IGNORECASE,
)
# Names that count as secret only with a long random value.
_DOUBTFUL_NAME = re.compile(
    r"(?:KEY|AUTH|SALT|PEPPER|SEED|SIGNATURE|SESSION|COOKIE|PASS)$", re.IGNORECASE
)
_SHAPES = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an API key": r"\b(?:hk|sk)_(?:live|test)_[A-Za-z0-9]{8,}",
    "a token": r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|xox[abp]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)",
    "credentials in a URL": r"\b[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@",
}
_SHAPE = re.compile("|".join(f"({pattern})" for pattern in _SHAPES.values()))
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null", ""})
# Random text of 24 characters has about 4 bits per character; prose and paths have 3.
_LONG, _BITS = 24, 3.7


def literal_secrets(root: Node) -> Iterator[Diagnostic]:
    """Yield a problem for each value that looks like a secret; never the value."""
    for path, node in root.scalars():
        if not isinstance(node.value, str):
            continue
        name = _name(root, path)
        if found := _recognised(path, name, node.value):
            what = f"looks like {found}; secrets are not allowed in the document"
            yield Diagnostic(node.place, dotted(path), what, _reference(path, name))


def looks_secret(name: str, value: str) -> bool:
    """Return True if the value of the field ``name`` looks like a secret."""
    return bool(_recognised((name,), name, value))


def _name(root: Node, path: Path) -> str:
    """Return the name of the value at ``path``.

    AWS fields have the form ``{name: TOKEN, value: ...}`` instead of ``TOKEN: ...``.
    """
    if path[-1:] == ("value",):
        for key in ("name", "key"):
            sibling = root.nearest(path[:-1]).child(key)
            if sibling is not None and isinstance(sibling.value, str):
                return sibling.value
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _recognised(path: Path, name: str, value: str) -> str:
    """Return the kind of secret that ``value`` looks like; "" for none."""
    if shape := _SHAPE.search(value):
        return list(_SHAPES)[(shape.lastindex or 1) - 1]
    if "secrets" in path or value.lower() in _WORDS:
        return ""
    if path[-3:-2] == ("tags",) and name == "key":
        # In AWS fields the key of a tag is itself a name, which may be long.
        return ""
    if _NAME.search(name) or (_DOUBTFUL_NAME.search(name) and _is_random(value)):
        return "a secret"
    return ""


def _is_random(value: str) -> bool:
    if len(value) < _LONG or re.search(r"[\s/]", value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) >= _BITS


def _reference(path: Path, name: str) -> str:
    if "environment" in path:
        return f'refer to it under secrets: {name}: {{secretsmanager: "name:key"}}'
    return "store it in Secrets Manager or SSM and write a reference"
