"""Callers of the API, as their credentials identify them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from controller.core.access.rate import RequestRate
from controller.core.access.scopes import Grants


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    Attributes:
        subject: Name for logs and audit rows: the owner of a key, the subject of a
            token.
        credential: Identifies the key or token; not secret.
        grants: Permissions.
        rates: Limit of each class of requests; classes that are not listed have the
            limits of the server.
        sunset: Time at which a replaced key stops working; None for other credentials.
    """

    subject: str
    credential: str
    grants: Grants
    rates: Mapping[str, RequestRate] = field(default_factory=dict)
    sunset: datetime | None = None
