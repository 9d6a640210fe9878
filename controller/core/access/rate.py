"""Rates of requests: how many in which time, and how many at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

_UNITS: Mapping[str, float] = MappingProxyType(
    {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
)
# Text of a rate.
FORM = re.compile(r"([1-9][0-9]{0,8})/(s|min|h|d)(?: burst ([1-9][0-9]{0,8}))?")


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
    """Rate of requests.

    Attributes:
        count: Requests in ``seconds``.
        seconds: Length of the window in seconds.
        burst: Requests that may come at once.
    """

    count: int
    seconds: float
    burst: int

    def __str__(self) -> str:
        unit = next((u for u, s in _UNITS.items() if s == self.seconds), None)
        burst = "" if self.burst == self.count else f" burst {self.burst}"
        return f"{self.count}/{unit or f'{self.seconds:g}s'}{burst}"

    def shared(self, replicas: int) -> "RequestRate":
        """Return the share of one of ``replicas``; at least one request at a time.

        The shares add up to this rate, and their bursts to this burst, unless there
        are more replicas than requests in the burst.
        """
        burst = max(1, self.burst // replicas)
        return RequestRate(self.count, self.seconds * replicas, burst)


# Limits of a caller that has no others. A page of a person makes tens of requests, a
# training run hundreds; a guessed key is not worth more than a few.
DEFAULT_RATES: Mapping[RequestClass, RequestRate] = MappingProxyType(
    {
        RequestClass.PREDICT: RequestRate(600, 60, 600),
        RequestClass.MLFLOW_READ: RequestRate(3_000, 60, 3_000),
        RequestClass.MLFLOW_WRITE: RequestRate(3_000, 60, 3_000),
        RequestClass.ARTIFACTS: RequestRate(600, 60, 600),
        RequestClass.CONTROL: RequestRate(600, 60, 600),
        RequestClass.FAILED_AUTH: RequestRate(30, 60, 30),
    }
)


def rate(text: str) -> RequestRate:
    """Return the rate that ``text`` denotes, as in ``600/min`` or ``10/s burst 50``.

    Without a burst, all requests of the window may come at once.

    Raises:
        ValueError: The text is no rate.
    """
    found = FORM.fullmatch(text)
    if found is None:
        msg = "is no rate: write, for example, 600/min or 10/s burst 50"
        raise ValueError(msg)
    count = int(found[1])
    return RequestRate(count, _UNITS[found[2]], int(found[3] or count))


def rates(text: str) -> Mapping[RequestClass, RequestRate]:
    """Return the rates that ``text`` denotes, as in ``predict=600/min,control=10/s``.

    Raises:
        ValueError: A part has another form, an unknown class or an unknown rate, or a
            class has two rates.
    """
    found: dict[RequestClass, RequestRate] = {}
    for part in text.split(","):
        name, _, written = (word.strip() for word in part.partition("="))
        if name not in list(RequestClass):
            msg = f"has a part that names no class of {', '.join(RequestClass)}"
            raise ValueError(msg)
        if RequestClass(name) in found:
            msg = f"has two rates for {name}"
            raise ValueError(msg)
        try:
            found[RequestClass(name)] = rate(written)
        except ValueError:
            msg = f"has no rate for {name}, as in 600/min or 10/s burst 50"
            raise ValueError(msg) from None
    return found
