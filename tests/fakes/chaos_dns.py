"""Name server with faults: every way in which one fails, over UDP and TCP."""

import socket
import socketserver
import struct
import threading
from collections import Counter
from enum import StrEnum
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Fault(StrEnum):
    """Behaviour of the server."""

    OK = "ok"
    DROP = "drop"
    SLOW = "slow"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    NXDOMAIN = "nxdomain"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    WRONG_ID = "wrong id"
    WRONG_QUESTION = "wrong question"
    LAME = "lame"
    CNAME_LOOP = "cname loop"
    AAAA_ONLY = "aaaa only"
    AAAA_DROPPED = "aaaa dropped"
    AAAA_SERVFAIL = "aaaa servfail"
    FLAPPING = "flapping"


class ChaosDns:
    """Name server on an unused port, by default of the loopback address.

    Attributes:
        fault: Behaviour; may be changed at any time.
        addresses: Addresses of every name; IPv6 ones answer AAAA.
        ttl: TTL of the answers.
        negative_ttl: TTL of the answer that there is nothing.
        queries: Number of queries by record type, over UDP and TCP.
        slow: Event that ends the wait of the fault ``slow``.
        asked: Event that is set by a query.
    """

    def __init__(self, *addresses: str, ttl: int = 60, host: str = "127.0.0.1") -> None:
        self._host = host
        self.fault = Fault.OK
        self.addresses = addresses or ("127.0.0.1",)
        self.ttl = ttl
        self.negative_ttl = 5
        self.queries: Counter[str] = Counter()
        self.slow, self.asked = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._udp, self._tcp = _bound_pair(self, self._host)
        self.address = (self._host, int(self._udp.socket.getsockname()[1]))
        for server in (self._udp, self._tcp):
            threading.Thread(
                target=server.serve_forever, args=(0.02,), daemon=True
            ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.slow.set()
        for server in (self._udp, self._tcp):
            server.shutdown()
            server.server_close()

    def reply(self, wire: bytes, *, tcp: bool) -> bytes | None:
        """Return the response to a query, or None to stay silent."""
        query = dns.message.from_wire(wire)
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        with self._lock:
            self.queries[kind] += 1
            number = self.queries[kind]
        self.asked.set()
        match self.fault:
            case Fault.DROP:
                return None
            case Fault.AAAA_DROPPED if kind == "AAAA":
                return None
            case Fault.SLOW:
                self.slow.wait(5)
            case Fault.GARBAGE:
                return b"\x00garbage"
            case Fault.WRONG_ID:
                query.id = (query.id + 1) % 2**16
            case Fault.TRUNCATED if not tcp:
                truncated = dns.message.make_response(query)
                truncated.flags |= dns.flags.TC
                return truncated.to_wire()
        return self._response(query, kind, number).to_wire()

    def _response(
        self, query: dns.message.Message, kind: str, number: int
    ) -> dns.message.Message:
        response = dns.message.make_response(query)
        name = query.question[0].name
        codes = {
            Fault.SERVFAIL: dns.rcode.SERVFAIL,
            Fault.REFUSED: dns.rcode.REFUSED,
            Fault.NXDOMAIN: dns.rcode.NXDOMAIN,
        }
        if self.fault is Fault.AAAA_SERVFAIL and kind == "AAAA":
            response.set_rcode(dns.rcode.SERVFAIL)
            return response
        if code := codes.get(self.fault):
            response.set_rcode(code)
        if self.fault is Fault.WRONG_QUESTION:
            response.question = dns.message.make_query("other.test.", kind).question
        if self.fault is Fault.LAME:
            record = dns.rrset.from_text("test.", 60, "IN", "NS", "ns.elsewhere.")
            response.authority.append(record)
            return response
        if self.fault is Fault.CNAME_LOOP:
            target = name.to_text()
            record = dns.rrset.from_text(name, 60, "IN", "CNAME", target)
            response.answer.append(record)
            return response
        found = self._of_kind(kind, number)
        if found and self.fault not in {*codes, Fault.EMPTY}:
            record = dns.rrset.from_text(name, self.ttl, "IN", kind, *found)
            response.answer.append(record)
        else:
            soa = f"ns.test. root.test. 1 60 30 86400 {self.negative_ttl}"
            record = dns.rrset.from_text("test.", self.negative_ttl, "IN", "SOA", soa)
            response.authority.append(record)
        return response

    def _of_kind(self, kind: str, number: int) -> list[str]:
        found = [a for a in self.addresses if (":" in a) == (kind == "AAAA")]
        if kind == "A" and self.fault is Fault.AAAA_ONLY:
            return []
        if self.fault is Fault.FLAPPING and found:
            return [found[number % len(found)]]
        return found


def _bound_pair(
    chaos: ChaosDns, host: str
) -> tuple[socketserver.UDPServer, socketserver.TCPServer]:
    """Return servers for UDP and TCP on one port."""

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, connection = self.request
            if reply := chaos.reply(wire, tcp=False):
                connection.sendto(reply, self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            header = self.rfile.read(2)
            if len(header) == 2:
                (length,) = struct.unpack("!H", header)
                if reply := chaos.reply(self.rfile.read(length), tcp=True):
                    self.wfile.write(struct.pack("!H", len(reply)) + reply)

    class Udp(socketserver.ThreadingUDPServer):
        daemon_threads = True
        max_packet_size = 4096

        def handle_error(self, *_: object) -> None:
            """Stay silent: a client may have gone."""

    class Tcp(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Stay silent: a client may have gone."""

    for _ in range(20):
        udp = Udp((host, 0), Datagram)
        udp.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        try:
            return udp, Tcp(udp.server_address, Stream)
        except OSError:
            udp.server_close()
    message = "no port is free for both UDP and TCP"
    raise OSError(message)
