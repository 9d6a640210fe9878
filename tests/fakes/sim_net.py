"""Names, probes and receivers, in memory."""

import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.clients.probe import Probe
from controller.core.errors import (
    DriverError,
    NotFoundError,
    OutcomeUnknownError,
    ThrottledError,
)
from controller.core.resources.fallbacks import Fallbacks
from controller.core.webhooks.delivery import Answer, Answered, Unanswered
from controller.core.webhooks.signature import hokusai_verified
from tests.fakes.sim_aws import SimulatedAws
from tests.fakes.sim_wire import Wire


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a resolver says of a name."""

    addresses: Sequence[str]
    source: str


class SimulatedDns:
    """Names of Cloud Map, and others that were written down."""

    name = "dns"

    def __init__(self, wire: Wire, aws: SimulatedAws, fallbacks: Fallbacks) -> None:
        self._wire = wire
        self._aws = aws
        self._fallbacks = fallbacks
        self.names: dict[str, tuple[str, ...]] = {}

    def saved(self) -> bytes:
        """Return the names that were written down."""
        return pickle.dumps(self.names)

    def load(self, saved: bytes) -> None:
        """Become what it was."""
        self.names = pickle.loads(saved)  # noqa: S301 - our own bytes

    def resolve(self, host: str) -> Resolved:
        """Return the addresses; nothing is cached here."""
        return self.refresh(host)

    def refresh(self, host: str) -> Resolved:
        """Ask now, and answer with what is remembered if nobody answers."""
        try:
            found = self._wire.call(
                self, host, writes=False, perform=lambda: self.lookup(host)
            )
        except DriverError:
            kept = self._fallbacks.last_good(host)
            if not kept:
                raise
            return Resolved(kept, "store")
        if not found:
            msg = f"{host} does not exist"
            raise NotFoundError(msg)
        return Resolved(found, "dns")

    def lookup(self, host: str) -> tuple[str, ...]:
        """Return the addresses of ``host``, without a call."""
        label, _, zone = host.partition(".")
        service = self._aws.map.things.get(label)
        if zone != self._aws.map.namespace or service is None:
            return self.names.get(host, ())
        instances = self._aws.ecs.around.instances.get(service["Arn"], {})
        return tuple(sorted(instances.values()))


class SimulatedProbe(Probe):
    """Finds that every address answers, but those said to be dead."""

    def __init__(self) -> None:
        super().__init__()
        self.dead: set[str] = set()

    def connect(self, address: str, port: int) -> str:
        """Return why no connection can be made."""
        return "no connection: refused" if address in self.dead else ""

    def request(self, url: str, address: str, **_how: Any) -> str:
        """Return why there is no good answer."""
        return self.connect(address, 0)


@dataclass
class SimulatedReceiver:
    """Somebody who is told, checks the signature and counts.

    Attributes:
        secrets: Whose signatures it takes.
        told: How often each event id arrived.
        refused: How often a signature did not fit.
    """

    name: str
    secrets: tuple[bytes, ...]
    told: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def saved(self) -> bytes:
        """Return nothing: what it heard stays heard."""
        return b""

    def load(self, saved: bytes) -> None:
        """Do nothing."""

    def hear(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take one event, if it is signed."""
        signature = headers["X-Hokusai-Signature"]
        if not hokusai_verified(self.secrets, body, signature):
            self.refused += 1
            return Answered(503)
        self.told[headers["X-Hokusai-Idempotency-Key"]] += 1
        return Answered(200)


def post(
    wire: Wire, receiver: SimulatedReceiver, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Send one event and return the answer, as the real sender words it."""
    try:
        answer: Answer = wire.call(
            receiver,
            "POST",
            writes=True,
            perform=lambda: receiver.hear(headers, body),
        )
    except ThrottledError:
        return Answered(429)
    except OutcomeUnknownError as error:
        return Unanswered(str(error))
    except DriverError:
        return Answered(503)
    return answer
