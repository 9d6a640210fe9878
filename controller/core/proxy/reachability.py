"""Refusal of requests at once while MLflow cannot be reached."""

from dataclasses import dataclass

# One request in this time tries the connection; the others do not wait for its timeout.
PROBE_SECONDS = 1.0


@dataclass(slots=True)
class Reachability:
    """Result of the last attempts to connect.

    Attributes:
        next_attempt: Monotonic time in seconds from which one request may try again;
            None while MLflow is reachable.
    """

    next_attempt: float | None = None

    def may_connect(self, now: float) -> bool:
        """Return True if a request may connect; the next one waits its turn."""
        if self.next_attempt is None:
            return True
        if now < self.next_attempt:
            return False
        self.next_attempt = now + PROBE_SECONDS
        return True

    def connected(self) -> None:
        """Record a connection."""
        self.next_attempt = None

    def failed(self, now: float) -> None:
        """Record a failed connection."""
        self.next_attempt = now + PROBE_SECONDS
