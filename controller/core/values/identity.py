"""Deterministic names and keys, derived from content and never random.

A repetition after a crash computes the same name, finds the object that it created
before, and creates nothing twice. Every hash carries the version of its rule: when the
rule changes, resources get a new stamp but no rollout.
"""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

HASH_VERSION = "v1"
OWNER_TAG = "hokusai.ai/managed-by"
APPLIED_TAG = "hokusai.ai/applied"
# Id of the ECS deployment that the controller's last update began.
DEPLOYMENT_TAG = "hokusai.ai/deployment"
# Optional fields that the last applied document contained.
MANAGED_TAG = "hokusai.ai/managed"

# Root of every derived id.
NAMESPACE = UUID("5c1a4a5e-6f0b-5d59-9d3c-6a5b0c1f7e21")


def canonical_json(value: Any) -> str:
    """Return ``value`` as canonical JSON: sorted keys, no spaces.

    Raises:
        TypeError: ``value`` is not plain data.
        ValueError: it contains NaN or an infinity, which JSON cannot express.
    """
    return json.dumps(
        _plain(value),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def content_hash(value: Any) -> str:
    """Return ``v1:`` and 24 hexadecimal digits; equal for equal content."""
    digest = sha256(canonical_json(value).encode()).hexdigest()
    return f"{HASH_VERSION}:{digest[:24]}"


def derived_uuid(*parts: str) -> UUID:
    """Return the UUIDv5 (RFC 9562) of ``parts``; their boundaries are significant."""
    return uuid5(NAMESPACE, canonical_json(list(parts)))


def client_token(*parts: str) -> str:
    """Return an idempotency token of 32 characters, as ECS accepts (at most 36)."""
    return sha256(canonical_json(list(parts)).encode()).hexdigest()[:32]


def _plain(value: Any) -> Any:
    """Return ``value`` with sets sorted and tuples as lists."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=canonical_json)
        case _:
            return value
