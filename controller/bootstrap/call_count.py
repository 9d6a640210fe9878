"""Number of calls, by operation and rule."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.clients.aws import CountingAws
from controller.clients.http import Client
from controller.core.resources.kind import Kind

_ROOT = "/api/2.0/mlflow/"


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Count of one operation.

    Attributes:
        name: As in ``ecs:DescribeServices``.
        times: How often.
        writes: How many of these may have changed something.
    """

    name: str
    times: int
    writes: int


@dataclass(frozen=True, slots=True)
class CallsSpent:
    """Cost of work, in calls.

    Attributes:
        calls: By name.
        rules: For each kind, how many calls a look takes.
    """

    calls: tuple[CallCounts, ...]
    rules: Mapping[str, str]

    @property
    def times(self) -> int:
        """Number of calls."""
        return sum(call.times for call in self.calls)

    @property
    def writes(self) -> int:
        """Number of calls that may have changed something."""
        return sum(call.writes for call in self.calls)


class CallCount:
    """Counts the requests that clients for MLflow send."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()

    def follow(self, http: Client) -> None:
        """Count what ``http`` sends from now on."""
        http.event_hooks["request"].append(self._count)

    def calls(self) -> tuple[CallCounts, ...]:
        """Return what was counted, as of now."""
        with self._lock:
            return _calls(self._counts, self._writes)

    def _count(self, request: Any) -> None:
        path = request.url.path.removeprefix(_ROOT)
        name = f"mlflow:{request.method} {path}"
        reads = request.method == "GET" or path.endswith("/search")
        with self._lock:
            self._counts[name] += 1
            self._writes[name] += not reads


def spent_on(
    aws: CountingAws, mlflow: CallCount, kinds: Mapping[str, Kind[Any, Any]]
) -> CallsSpent:
    """Return what was spent until now."""
    rules = {
        name: kind.call_budget
        for name, kind in sorted(kinds.items())
        if kind.call_budget
    }
    return CallsSpent((*_calls(aws.counts, aws.writes), *mlflow.calls()), rules)


def _calls(
    counts: Mapping[str, int], writes: Mapping[str, int]
) -> tuple[CallCounts, ...]:
    return tuple(
        CallCounts(name, times, writes.get(name, 0))
        for name, times in sorted(counts.items())
    )
