"""DNS server for the names of the local platform.

The server is authoritative for its zones and refuses all other names. It caches
nothing: the next query finds the new address of a replaced task.
"""

import logging
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Self, TypeAlias

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from controller.emulation.loopback import require_loopback

log = logging.getLogger(__name__)

Lookup: TypeAlias = Callable[[str], Sequence[str] | None]
Zones: TypeAlias = Sequence[str] | Callable[[], Sequence[str]]
DEFAULT_TTL = 10
# Seconds for which resolvers may cache NXDOMAIN.
NEGATIVE_TTL = 5
# Seconds until a listening thread notices a shutdown.
_POLL = 0.05
_UDP_LIMIT = 512
_EDNS_LIMIT = 1232


class DnsAnswers:
    """Responses to DNS queries; pure except for the lookup.

    Attributes:
        zones: Zones of this server, or a function that returns them.
        records: Fixed addresses by name, in addition to the lookup.
    """

    def __init__(
        self,
        lookup: Lookup,
        zones: Zones,
        records: Mapping[str, Sequence[str]] | None = None,
        ttl: Callable[[str], int] | None = None,
    ) -> None:
        self.zones = zones
        self.records = {_normalized(k): tuple(v) for k, v in (records or {}).items()}
        self._lookup = lookup
        self._ttl = ttl or (lambda _: DEFAULT_TTL)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the response to a query."""
        response = dns.message.make_response(query)
        if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            response.set_rcode(dns.rcode.NOTIMP)
            return response
        question = query.question[0]
        name = _normalized(question.name.to_text())
        zone = self._zone_of(name)
        if zone is None and name not in self.records:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        response.flags |= dns.flags.AA
        self._fill(response, question, name, zone or name)
        return response

    def _fill(
        self, response: dns.message.Message, question: Any, name: str, zone: str
    ) -> None:
        addresses = self._addresses(name)
        if addresses is None and name != zone:
            response.set_rcode(dns.rcode.NXDOMAIN)
        asks_address = question.rdtype in {dns.rdatatype.A, dns.rdatatype.ANY}
        if addresses and asks_address:
            ttl = self._ttl(name)
            rrset = dns.rrset.from_text(question.name, ttl, "IN", "A", *addresses)
            response.answer.append(rrset)
        elif question.rdtype == dns.rdatatype.SOA and name == zone:
            response.answer.append(_soa(zone))
        else:
            response.authority.append(_soa(zone))

    def _addresses(self, name: str) -> Sequence[str] | None:
        """Return the addresses of a name; None if it does not exist."""
        if name in self.records:
            return self.records[name]
        found = self._lookup(name)
        return None if found is None else sorted(found)

    def _zone_of(self, name: str) -> str | None:
        zones = self.zones() if callable(self.zones) else self.zones
        names = (_normalized(zone) for zone in zones)
        return next((z for z in names if name == z or name.endswith(f".{z}")), None)


def _normalized(name: str) -> str:
    return name.rstrip(".").lower()


def _soa(zone: str) -> dns.rrset.RRset:
    text = f"ns.{zone}. hostmaster.{zone}. 1 60 30 86400 {NEGATIVE_TTL}"
    return dns.rrset.from_text(f"{zone}.", NEGATIVE_TTL, "IN", "SOA", text)


class DnsServer:
    """DNS server for UDP and TCP on one loopback port, with its own threads.

    Attributes:
        answers: Responses; zones and records may be changed at any time.
    """

    def __init__(
        self,
        lookup: Lookup,
        zones: Zones,
        *,
        records: Mapping[str, Sequence[str]] | None = None,
        ttl: Callable[[str], int] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.answers = DnsAnswers(lookup, zones, records, ttl)
        self._address = (require_loopback(host), port)
        self._servers: list[socketserver.BaseServer] = []
        self._threads: list[threading.Thread] = []

    @property
    def address(self) -> tuple[str, int]:
        """Address and port; the port is valid after the start."""
        return self._address

    def start(self) -> None:
        """Listen on the same port for UDP and TCP."""
        udp, tcp = _bound_pair(self._address, self.answers)
        self._address = (self._address[0], udp.server_address[1])
        self._servers = [udp, tcp]
        for server in self._servers:
            serve = partial(server.serve_forever, _POLL)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    answers: DnsAnswers


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    answers: DnsAnswers


def _bound_pair(
    address: tuple[str, int], answers: DnsAnswers
) -> tuple[_UdpServer, _TcpServer]:
    """Bind both protocols to one port; try another if TCP cannot use it."""
    for _ in range(20):
        udp = _UdpServer(address, _UdpHandler)
        try:
            tcp = _TcpServer((address[0], udp.server_address[1]), _TcpHandler)
        except OSError:
            udp.server_close()
            if address[1]:
                raise
            continue
        udp.answers = tcp.answers = answers
        return udp, tcp
    msg = f"no port of {address[0]} is free for both UDP and TCP"
    raise OSError(msg)


def _respond(answers: DnsAnswers, wire: bytes, limit: int | None) -> bytes | None:
    """Return the encoded response; None if ``wire`` is not a DNS query."""
    try:
        query = dns.message.from_wire(wire)
    except Exception:  # noqa: BLE001 - clients may send any bytes
        return None
    if query.flags & dns.flags.QR:
        return None
    size = limit and (min(query.payload, _EDNS_LIMIT) if query.edns >= 0 else limit)
    try:
        return answers.answer(query).to_wire(max_size=size or 0)
    except dns.exception.TooBig:
        truncated = dns.message.make_response(query)
        truncated.flags |= dns.flags.TC
        return truncated.to_wire()


class _UdpHandler(socketserver.BaseRequestHandler):
    """Handler of one datagram."""

    def handle(self) -> None:
        wire, connection = self.request
        answers: DnsAnswers = self.server.answers  # type: ignore[attr-defined]
        if reply := _respond(answers, wire, _UDP_LIMIT):
            connection.sendto(reply, self.client_address)


class _TcpHandler(socketserver.StreamRequestHandler):
    """Handler of the queries of one connection."""

    timeout = 5

    def handle(self) -> None:
        answers: DnsAnswers = self.server.answers  # type: ignore[attr-defined]
        try:
            while header := self.rfile.read(2):
                (length,) = struct.unpack("!H", header)
                reply = _respond(answers, self.rfile.read(length), None)
                if reply is None:
                    return
                self.wfile.write(struct.pack("!H", len(reply)) + reply)
        except (OSError, struct.error) as error:
            log.debug("DNS client disconnected", extra={"error": str(error)})
