"""Signed test event for one receiver; it announces nothing and is not stored."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from controller.core.values.identity import derived_uuid
from controller.core.webhooks.answers import Answer, AnswerMeaning, meaning_of
from controller.core.webhooks.signature import (
    DEFAULT_SCHEME,
    SignatureScheme,
    hokusai_headers,
    standard_headers,
    with_aliases,
)

PING = "ping"


@dataclass(frozen=True, slots=True)
class PingRequest:
    """Request with a ping.

    Attributes:
        id: Id of the event.
        headers: Headers with the signatures.
        body: Signed bytes.
    """

    id: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class PingResult:
    """Answer to a ping.

    Attributes:
        target: Name of the target.
        url: URL of the receiver, or name of the destination in AWS.
        id: Id of the event.
        answer: Answer of the receiver.
        duration: Time until the answer.
    """

    target: str
    url: str
    id: str
    answer: Answer
    duration: timedelta

    @property
    def is_accepted(self) -> bool:
        """True if the receiver answered with 2xx, or AWS took the event."""
        return meaning_of(self.answer) is AnswerMeaning.ACCEPTED


def ping_body(target: str, now: datetime) -> tuple[str, bytes]:
    """Return the id and the body of a ping for ``target``."""
    id_ = str(derived_uuid(PING, target, now.isoformat()))
    payload = {
        "event_type": PING,
        "idempotency_key": id_,
        "timestamp": now.isoformat(timespec="milliseconds"),
        "schema_version": "1",
    }
    return id_, json.dumps(payload, separators=(",", ":")).encode()


def ping_request(
    target: str,
    keys: Sequence[bytes],
    now: datetime,
    scheme: SignatureScheme = DEFAULT_SCHEME,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> PingRequest:
    """Return a ping for ``target``, signed with ``keys``, the current one first."""
    id_, body = ping_body(target, now)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "hokusai-controller",
        **hokusai_headers(scheme, keys[0], now, id_, body),
        "X-Hokusai-Idempotency-Key": id_,
        "X-Hokusai-Event": PING,
        "X-Hokusai-Attempt": "1",
        **standard_headers(id_, now, body, keys),
    }
    return PingRequest(id_, with_aliases(headers, aliases), body)
