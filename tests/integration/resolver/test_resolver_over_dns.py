"""The resolver against a real name server, and clients that use its answers."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from aiohttp import ClientConnectorError, ClientSession, TCPConnector, web

from controller.bootstrap.controller import NoFallbacks
from controller.core.errors import NotFoundError, TransientError
from controller.core.resources.fallbacks import KeptAddresses
from controller.emulation.dns import DnsServer
from controller.resolver import Resolver, Source
from controller.resolver.aio import AddressResolver
from tests.fakes.stopped_clock import NOON, StoppedClock

ZONE = "hokusai-test.local"
HOST = f"mlflow.{ZONE}"


@pytest.fixture
def names():
    return {HOST: ["127.0.0.1"], f"empty.{ZONE}": []}


@pytest.fixture
def nameserver(names) -> Iterator[tuple[str, int]]:
    with DnsServer(names.get, [ZONE], ttl=lambda _: 7) as server:
        yield server.address


def resolver(nameserver, timeout=2.0):
    return Resolver(
        NoFallbacks(), StoppedClock(), nameserver=nameserver, timeout=timeout
    )


def test_an_address_comes_with_the_records_time_to_live(nameserver):
    resolution = resolver(nameserver).resolve(HOST)

    assert resolution.addresses == ("127.0.0.1",)
    assert (resolution.source, resolution.ttl) == (Source.DNS, 7)


def test_a_changed_address_is_found_by_the_next_query(nameserver, names):
    moving = resolver(nameserver)
    moving.resolve(HOST)
    names[HOST] = ["127.0.0.2"]

    assert moving.refresh(HOST).addresses == ("127.0.0.2",)


@pytest.mark.parametrize("name", ["nobody", "empty"])
def test_a_name_without_an_address_is_not_found(nameserver, name):
    with pytest.raises(NotFoundError, match=f"{name}.{ZONE}"):
        resolver(nameserver).resolve(f"{name}.{ZONE}")


def test_a_refusal_is_not_an_answer(nameserver):
    with pytest.raises(TransientError, match="REFUSED"):
        resolver(nameserver).resolve("hokus.ai")


def test_a_silent_name_server_is_abandoned_at_the_deadline():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))

        with pytest.raises(TransientError, match=r"within 0\.2 s"):
            resolver(silent.getsockname(), timeout=0.2).resolve(HOST)


class Kept(NoFallbacks):
    """Has one address of each name, from an earlier process."""

    def last_good(self, _host):
        return KeptAddresses(("127.0.0.9",), NOON)


def test_a_kept_address_is_used_while_the_name_server_is_silent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        patient = Resolver(
            Kept(), StoppedClock(), nameserver=silent.getsockname(), timeout=30
        )

        found = [patient.resolve(HOST) for _ in range(100)]

    assert {one.addresses for one in found} == {("127.0.0.9",)}
    assert {one.problem for one in found} == {"DNS has not answered yet"}


async def fetched(nameserver, host):
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.headers["host"])

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    connector = TCPConnector(
        resolver=AddressResolver(resolver(nameserver)), use_dns_cache=False
    )
    try:
        async with (
            ClientSession(connector=connector) as session,
            session.get(f"http://{host}:{port}/") as response,
        ):
            return (await response.text()).partition(":")[0]
    finally:
        await runner.cleanup()


def test_aiohttp_connects_to_the_address_and_sends_the_name(nameserver):
    assert asyncio.run(fetched(nameserver, HOST)) == HOST


def test_aiohttp_raises_its_own_error_for_a_name_without_an_address(nameserver):
    with pytest.raises(ClientConnectorError, match="does not resolve"):
        asyncio.run(fetched(nameserver, f"nobody.{ZONE}"))
