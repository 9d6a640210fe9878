"""The sender connects to permitted addresses only, whatever the name resolves to.

Of the loopback network, 127.0.0.2 is permitted here, and every other address is not.
"""

import asyncio
import socket
import ssl

import pytest
import trustme

from controller.bootstrap.controller import NoFallbacks
from controller.clients.webhook import Sender, is_own_address
from controller.core.dns.answers import Found
from controller.core.webhooks.address_policy import PUBLIC_ADDRESSES
from controller.core.webhooks.answers import Answered, NotPermitted, Unanswered
from controller.emulation.dns import DnsServer
from controller.resolver import Resolver
from controller.resolver.aio import AddressResolver
from tests.builders.http_receiver import LOOPBACK, answering, only, receiver
from tests.fakes.stopped_clock import StoppedClock

ZONE = "hokusai-test.local"
HOST = f"hooks.{ZONE}"
PERMITTED = only("127.0.0.2/32")
METADATA = "169.254.169.254"


def asked(nameserver):
    """Return the controller's resolver, which asks ``nameserver``."""
    return Resolver(NoFallbacks(), StoppedClock(), nameserver=nameserver, timeout=2)


class Uncached(Resolver):
    """Asks again for each caller."""

    async def resolve_async(self, host):
        self.flush()
        return await super().resolve_async(host)


def scripted(*answers):
    """Return a resolver that gives each of ``answers`` once, without a cache."""
    left = list(answers)
    found = lambda _: Found(tuple(left.pop(0)), 0)  # noqa: E731
    return Uncached(NoFallbacks(), StoppedClock(), query=found)


def post(resolver, host="127.0.0.2", times=1, permitted=PERMITTED, served="127.0.0.2"):
    """Send ``times`` times to ``host``, and return the answers and the receiver."""

    async def send():
        async with (
            receiver(answering(200, connection="close"), host=served) as there,
            Sender(StoppedClock(), resolver=AddressResolver(resolver)) as sender,
        ):
            url = f"http://{host}:{there.port}/hook"
            answers = [
                await sender.send(url, {}, b"{}", 5, permitted) for _ in range(times)
            ]
            return answers, there

    return asyncio.run(send())


def test_an_internal_name_is_resolved_by_the_configured_name_server():
    with DnsServer({HOST: ["127.0.0.2"]}.get, [ZONE]) as server:
        (answer,), there = post(asked(server.address), HOST)

    assert answer == Answered(200)
    assert there.requests[0][1]["Host"].startswith(HOST)


def test_a_name_with_a_denied_address_gets_nothing():
    with DnsServer({HOST: ["127.0.0.1"]}.get, [ZONE]) as server:
        (answer,), there = post(asked(server.address), HOST, served="127.0.0.1")

    reason = "127.0.0.1 is a loopback address"
    assert answer == NotPermitted(f"{HOST} has no permitted address: {reason}")
    assert there.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_a_literal_address_is_checked_without_dns(host):
    served = "::1" if host == "[::1]" else "127.0.0.1"

    (answer,), there = post(scripted(), host, served=served)

    assert isinstance(answer, NotPermitted)
    assert "loopback address" in answer.reason
    assert there.requests == []


def test_a_public_policy_denies_the_local_machine():
    (answer,), there = post(scripted(), permitted=PUBLIC_ADDRESSES)

    assert answer == NotPermitted("127.0.0.2 is a loopback address")
    assert there.requests == []


def test_a_declared_address_of_ip_version_6_is_permitted():
    resolver = scripted(["::1"])

    (answer,), _ = post(resolver, HOST, permitted=only("::1/128"), served="::1")

    assert answer == Answered(200)


@pytest.mark.parametrize("address", [METADATA, "fd00:ec2::254", "64:ff9b::a9fe:a9fe"])
def test_metadata_is_denied_by_name_whatever_is_declared(address):
    everything = only("0.0.0.0/0", "::/0")

    (answer,), _ = post(scripted([address]), HOST, permitted=everything)

    assert isinstance(answer, NotPermitted)
    assert answer.reason.endswith("which is never permitted")


def test_a_name_that_is_rebound_gets_nothing_from_then_on():
    resolver = scripted(["127.0.0.2"], ["127.0.0.1"])

    answers, there = post(resolver, HOST, times=2)

    assert answers[0] == Answered(200)
    assert isinstance(answers[1], NotPermitted)
    assert len(there.requests) == 1


def test_a_second_address_is_no_way_around_the_policy():
    """The permitted address does not answer, the denied one would."""
    resolver = scripted(["127.0.0.2", "127.0.0.1"])

    (answer,), there = post(resolver, HOST, served="127.0.0.1")

    assert isinstance(answer, Unanswered)
    assert "127.0.0.2" in answer.error
    assert there.requests == []


def test_a_denied_address_does_not_keep_from_using_a_permitted_one():
    (answer,), _ = post(scripted(["127.0.0.1", "127.0.0.2"]), HOST)

    assert answer == Answered(200)


def test_a_connection_of_one_target_is_not_used_for_another():
    async def send():
        resolver = AddressResolver(scripted(["127.0.0.2"], ["127.0.0.2"]))
        async with (
            receiver(answering(200), host="127.0.0.2") as there,
            Sender(StoppedClock(), resolver=resolver) as sender,
        ):
            url = f"http://{HOST}:{there.port}/hook"
            policies = (PERMITTED, only("10.0.0.0/8"))
            return [await sender.send(url, {}, b"{}", 5, p) for p in policies]

    first, second = asyncio.run(send())

    assert first == Answered(200)
    assert isinstance(second, NotPermitted)


def test_plain_http_does_not_reach_a_public_address():
    (answer,), _ = post(scripted(["8.8.8.8"]), HOST)

    assert answer == NotPermitted(
        f"{HOST} has no permitted address: 8.8.8.8 is a public address"
    )


def test_dns_counts_against_the_deadline():
    async def send():
        ended = asyncio.Event()

        class Silent(AddressResolver):
            async def resolve(self, *_):
                await ended.wait()

        async with Sender(StoppedClock(), resolver=Silent(scripted())) as sender:
            url = f"http://{HOST}/hook"
            return await sender.send(url, {}, b"{}", 0.1, LOOPBACK)

    assert asyncio.run(send()) == Unanswered("no answer within 0.1 s")


def certified(name):
    """Return the contexts of a server with a certificate for ``name``, and a client."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


def post_over_tls(host, certificate_name):
    server, client = certified(certificate_name)
    seen: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: seen.append(name)

    async def send():
        resolver = AddressResolver(scripted(["127.0.0.2"]))
        async with (
            receiver(answering(200), server, host="127.0.0.2") as there,
            Sender(StoppedClock(), resolver=resolver, new_tls=lambda: client) as sender,
        ):
            url = f"https://{host}:{there.port}/hook"
            return await sender.send(url, {}, b"{}", 5, PERMITTED)

    return asyncio.run(send()), seen


def test_the_certificate_is_checked_for_the_name_and_not_the_address():
    answer, seen = post_over_tls(HOST, HOST)

    assert answer == Answered(200)
    assert seen == [HOST]


def test_a_certificate_for_another_name_is_refused():
    answer, _ = post_over_tls(HOST, f"other.{ZONE}")

    assert isinstance(answer, Unanswered)
    assert "ertificate" in answer.error
    assert not answer.is_sent


def test_versions_of_tls_before_1_2_are_not_offered():
    hello = bytearray()

    async def listen(reader, writer):
        hello.extend(await reader.read(4096))
        writer.close()

    async def send():
        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        async with server, Sender(StoppedClock(), new_tls=lambda: tls) as sender:
            return await sender.send(url, {}, b"{}", 5, LOOPBACK)

    answer = asyncio.run(send())

    # The extension supported_versions (43) of RFC 8446, section 4.2.1.
    assert isinstance(answer, Unanswered)
    assert b"\x00\x2b\x00\x05\x04\x03\x04\x03\x03" in hello


def own_listener(host, own_port=True):
    """Send to ``host``, where this process listens itself; return answer and receiver."""

    async def send():
        async with receiver(answering(200), host=host) as there:
            ports = frozenset({there.port if own_port else there.port + 1})
            shown = f"[{host}]" if ":" in host else host
            async with Sender(StoppedClock(), own_ports=ports) as sender:
                url = f"http://{shown}:{there.port}/hook"
                return await sender.send(url, {}, b"{}", 5, LOOPBACK), there

    return asyncio.run(send())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_listener_of_the_controller_is_never_a_receiver(host):
    answer, there = own_listener(host)

    assert isinstance(answer, NotPermitted)
    assert "a listener of the controller" in answer.reason
    assert there.requests == []


def test_another_port_of_the_own_address_is_a_receiver():
    answer, _ = own_listener("127.0.0.1", own_port=False)

    assert answer == Answered(200)


def test_an_address_of_an_interface_of_this_machine_is_an_own_address():
    found = {
        info[4][0]
        for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
    }

    assert all(is_own_address(address) for address in found)
    assert not is_own_address("8.8.8.8")
    assert not is_own_address("2001:4860:4860::8888")


def test_a_public_address_with_another_port_is_denied_before_the_connection():
    (answer,), _ = post(scripted(["8.8.8.8"]), HOST, permitted=PUBLIC_ADDRESSES)

    assert isinstance(answer, NotPermitted)


def test_a_public_name_on_a_port_that_is_not_declared_is_denied():
    async def send():
        resolver = AddressResolver(scripted(["8.8.8.8"]))
        async with Sender(StoppedClock(), resolver=resolver) as sender:
            return await sender.send("https://hooks.example:6379/x", {}, b"", 5)

    assert asyncio.run(send()) == NotPermitted(
        "hooks.example has no permitted address: port 6379 of 8.8.8.8 is not permitted: "
        "declare it in allow_ports"
    )
