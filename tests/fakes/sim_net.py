"""DNS, probes and webhook receivers in memory."""

import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from controller.clients.probe import Handshake, Probe
from controller.core.dns.health import NameReport
from controller.core.dns.pins import Pin
from controller.core.errors import (
    DriverError,
    NotFoundError,
    OutcomeUnknownError,
    ThrottledError,
)
from controller.core.resources.fallbacks import Fallbacks
from controller.core.values.certificate import ServerCertificate
from controller.core.webhooks.answers import Answer, Answered, Queued, Unanswered
from controller.core.webhooks.ping import PING
from controller.core.webhooks.signature import hokusai_verified
from tests.fakes.sim_aws import SimulatedAws
from tests.fakes.sim_wire import Wire

# Of a hostile edit; RFC 5737: nobody has it.
HOSTILE_ADDRESS = "192.0.2.66"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Result of a name resolution."""

    addresses: Sequence[str]
    source: str


class SimulatedDns:
    """Names of Cloud Map, and fixed names."""

    name = "dns"

    def __init__(self, wire: Wire, aws: SimulatedAws, fallbacks: Fallbacks) -> None:
        self._wire = wire
        self._aws = aws
        self._fallbacks = fallbacks
        self.names: dict[str, tuple[str, ...]] = {}
        self.pinned: dict[str, tuple[str, ...]] = {}

    def saved(self) -> bytes:
        """Return the fixed and the pinned names."""
        return pickle.dumps((self.names, self.pinned))

    def load(self, saved: bytes) -> None:
        """Restore the fixed and the pinned names."""
        self.names, self.pinned = pickle.loads(saved)  # noqa: S301 - our own bytes

    def resolve(self, host: str) -> Resolved:
        """Return the addresses without a cache."""
        return self.refresh(host)

    def refresh(self, host: str) -> Resolved:
        """Query DNS, and return the stored addresses if it does not answer."""
        try:
            found = self._wire.call(
                self, host, writes=False, perform=lambda: self.lookup(host)
            )
        except DriverError:
            kept = self._fallbacks.last_good(host)
            if kept is None:
                raise
            return Resolved(kept.addresses, "store")
        if not found:
            msg = f"{host} does not exist"
            raise NotFoundError(msg)
        return Resolved(found, "dns")

    def report(self, host: str) -> NameReport:
        """Return the pinned addresses, and no failures."""
        addresses = self.pinned.get(host)
        return NameReport(pin=Pin(host, addresses) if addresses else None)

    def lookup(self, host: str) -> tuple[str, ...]:
        """Return the addresses of ``host``, without a call."""
        label, _, zone = host.partition(".")
        service = self._aws.map.things.get(label)
        if zone != self._aws.map.namespace or service is None:
            return self.names.get(host, ())
        instances = self._aws.ecs.around.instances.get(service["Arn"], {})
        return tuple(sorted(instances.values()))


class SimulatedProbe(Probe):
    """Probe that succeeds for every address except those in ``dead``.

    Attributes:
        dead: Addresses that accept no connection; at first the one of hostile edits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dead: set[str] = {HOSTILE_ADDRESS}

    def connect(self, address: str, port: int) -> str:
        """Return the reason that the connection fails, or ""."""
        return "no connection: refused" if address in self.dead else ""

    def request(self, url: str, address: str, **_how: Any) -> str:
        """Return the reason that the request fails, or ""."""
        return self.connect(address, 0)

    def handshake(
        self, host: str, address: str, port: int, context: Any = None
    ) -> Handshake:
        """Return a certificate that is valid for long, unless the address is dead."""
        problem = self.connect(address, port)
        if problem:
            return Handshake(problem=problem)
        return Handshake(ServerCertificate(datetime(2050, 1, 1, tzinfo=UTC), "1.3"))

    def speaks_tls(self, address: str, port: int) -> bool:
        """Return False: no simulated server speaks TLS on a plain port."""
        return False


@dataclass
class SimulatedReceiver:
    """Webhook receiver that checks signatures and counts events.

    Attributes:
        secrets: Keys of accepted signatures.
        told: Number of accepted deliveries by event id.
        refused: Number of deliveries with an invalid signature.
        bodies: Accepted bodies by event id.
        payloads: Payload profiles that were declared for the receiver.
        refuses: True to refuse every event for good.
    """

    name: str
    secrets: tuple[bytes, ...]
    told: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    payloads: set[str] = field(default_factory=set)
    refuses: bool = False

    def saved(self) -> bytes:
        """Return nothing: received events are never rolled back."""
        return b""

    def load(self, saved: bytes) -> None:
        """Do nothing."""

    def hear(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Accept one event if its signature is valid."""
        signature = headers["X-Hokusai-Signature"]
        if headers["X-Hokusai-Event"] == PING:
            is_known = hokusai_verified(self.secrets, body, signature)
            return Answered(200 if is_known else 401)
        if not hokusai_verified(self.secrets, body, signature):
            self.refused += 1
            return Answered(503)
        if self.refuses:
            return Answered(422)
        self.told[headers["X-Hokusai-Idempotency-Key"]] += 1
        self.bodies[headers["webhook-id"]] = body
        return Answered(200)


class SimulatedQueue(SimulatedReceiver):
    """Redis queue that takes each message once."""

    def push(self, event_id: str) -> Answer:
        """Take a message unless it is known."""
        is_new = event_id not in self.told
        self.told[event_id] += is_new
        return Queued(is_new)


def push(wire: Wire, queue: SimulatedQueue, event_id: str) -> Answer:
    """Push one message and return the answer, as the real client does."""
    try:
        answer: Answer = wire.call(
            queue, "PUSH", writes=True, perform=lambda: queue.push(event_id)
        )
    except OutcomeUnknownError as error:
        return Unanswered(str(error), is_sent=True)
    except DriverError as error:
        return Unanswered(str(error))
    return answer


def post(
    wire: Wire, receiver: SimulatedReceiver, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Send one event and return the answer, as the real sender does."""
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
        return Unanswered(str(error), is_sent=True)
    except DriverError:
        return Answered(503)
    return answer
