"""Redaction of secrets in output, logs and files."""

import re
from collections.abc import Iterable

MASK = "***"
_CREDENTIALS_IN_URL = re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")
# Shorter values would mask ordinary words.
_SHORTEST = 4


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` without any of ``secrets`` and without credentials in URLs.

    Longer secrets are masked first, so that one that contains another leaves
    nothing behind.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, MASK)
    return _CREDENTIALS_IN_URL.sub(MASK, text)


_NAMED_SECRET = re.compile(
    r"((?:pass(?:word|wd)?|secret|token|api_?key|private_?key|credentials?)"
    r"[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;}]+)",
    re.IGNORECASE,
)


def redact_line(line: str) -> str:
    """Return a log line of another program, with named secrets masked."""
    return _NAMED_SECRET.sub(rf"\g<1>{MASK}", redact(line, ()))


# Names whose values count as secrets.
_SECRET_NAME = re.compile(
    r"pass(word|wd)?$|secret|token$|api_?key|private_?key|credential|auth_?token",
    re.IGNORECASE,
)


def masked(path: str, value: object) -> object:
    """Return ``value`` of the field at ``path``, with apparent secrets masked.

    Entries of mappings and lists are masked by their own names: a whole field must show
    no more than its parts. References stay: they name a location, not a value.
    """
    match value:
        case dict():
            return {key: masked(f"{path}.{key}", item) for key, item in value.items()}
        case list() | tuple():
            return [masked(path, item) for item in value]
        case str() if not value.startswith("arn:"):
            name = path.rpartition(".")[2]
            return MASK if _SECRET_NAME.search(name) else redact(value, ())
        case _:
            return value
