"""Rates of requests: how many in which time, and how many at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_UNITS: Mapping[str, float] = MappingProxyType(
    {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
)
_FORM = re.compile(r"([1-9][0-9]{0,8})/(s|min|h|d)(?: burst ([1-9][0-9]{0,8}))?")


class RequestClass(StrEnum):
    """Class of requests that has a limit of its own."""

    PREDICT = "predict"
    MLFLOW_READ = "mlflow-read"
    MLFLOW_WRITE = "mlflow-write"
    ARTIFACTS = "artifacts"
    CONTROL = "control"
    FAILED_AUTH = "failed-auth"


@dataclass(frozen=True, slots=True)
class RequestRate:
    """RequestRate of requests.

    Attributes:
        count: Requests in ``seconds``.
        seconds: Length of the window in seconds.
        burst: Requests that may come at once.
    """

    count: int
    seconds: float
    burst: int

    def __str__(self) -> str:
        unit = next(u for u, s in _UNITS.items() if s == self.seconds)
        burst = "" if self.burst == self.count else f" burst {self.burst}"
        return f"{self.count}/{unit}{burst}"

    def shared(self, replicas: int) -> "RequestRate":
        """Return the share of one of ``replicas``; at least one request at a time."""
        return RequestRate(
            max(1, self.count // replicas),
            self.seconds,
            max(1, self.burst // replicas),
        )


def rate(text: str) -> RequestRate:
    """Return the rate that ``text`` denotes, as in ``600/min`` or ``10/s burst 50``.

    Without a burst, all requests of the window may come at once.

    Raises:
        ValueError: The text is no rate.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        msg = "is no rate: write, for example, 600/min or 10/s burst 50"
        raise ValueError(msg)
    count = int(found[1])
    return RequestRate(count, _UNITS[found[2]], int(found[3] or count))
