"""Verification of the requests that MLflow's own webhooks send.

MLflow signs as Standard Webhooks (standardwebhooks.com, 1.0.0) does, with the whole
secret as the key and headers of its own.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, digest

DELIVERY_HEADER = "x-mlflow-delivery-id"
TIMESTAMP_HEADER = "x-mlflow-timestamp"
SIGNATURE_HEADER = "x-mlflow-signature"
# A retry of MLflow has the time of the first attempt, seven seconds before at most.
TOLERANCE = timedelta(minutes=5)
_VERSION = "v1,"
_LONGEST_ID = 128


def mlflow_signature(secret: str, delivery: str, timestamp: str, body: bytes) -> str:
    """Return the value of ``X-MLflow-Signature`` for ``body``."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    return _VERSION + b64encode(digest(secret.encode(), signed, sha256)).decode()


def refusal(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: datetime
) -> str:
    """Return the reason to refuse a request; empty if MLflow signed it recently.

    Compares in constant time.

    Args:
        headers: Headers of the request, by name in lower case.
        body: Bytes as they were received.
        secrets: Secrets that are accepted.
        now: Current time.
    """
    delivery = headers.get(DELIVERY_HEADER, "")
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    given = headers.get(SIGNATURE_HEADER, "").encode(errors="surrogateescape")
    if not delivery or not given or len(delivery) > _LONGEST_ID:
        return "the headers of MLflow are missing"
    if not re.fullmatch("[0-9]{1,12}", timestamp):
        return "the timestamp is not valid"
    if not (delivery.isascii() and delivery.isprintable()):
        return "the delivery id is not valid"
    matches = [
        compare_digest(mlflow_signature(s, delivery, timestamp, body).encode(), given)
        for s in secrets
    ]
    if not any(matches):
        return "the signature is not valid"
    age = abs(now.timestamp() - int(timestamp))
    return "the request is too old" if age > TOLERANCE.total_seconds() else ""
