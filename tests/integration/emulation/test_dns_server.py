import dns.message
import dns.query
import dns.rcode
import pytest

from controller.emulation.dns import DnsServer
from controller.emulation.loopback import NotLoopbackError

MANY = [f"127.65.{high}.{low}" for high in range(2) for low in range(60)]
NAMES = {"web.t.local": ["127.64.0.4"], "many.t.local": MANY}


@pytest.fixture
def server():
    with DnsServer(NAMES.get, ["t.local"]) as server:
        yield server


def over_udp(query, server):
    return dns.query.udp(query, server.address[0], 5, server.address[1])


def over_tcp(query, server):
    return dns.query.tcp(query, server.address[0], 5, server.address[1])


def test_answers_over_udp_and_tcp_on_one_port(server):
    query = dns.message.make_query("web.t.local", "A")

    datagram, stream = over_udp(query, server), over_tcp(query, server)

    assert datagram.answer == stream.answer
    assert datagram.answer[0][0].address == "127.64.0.4"


def test_a_response_too_large_for_udp_is_truncated(server):
    query = dns.message.make_query("many.t.local", "A")

    answer, used_tcp = dns.query.udp_with_fallback(
        query, server.address[0], 5, server.address[1]
    )

    assert used_tcp
    assert len(answer.answer[0]) == len(MANY)


def test_a_changed_record_is_returned_by_the_next_query(server):
    query = dns.message.make_query("new.t.local", "A")
    before = over_udp(query, server)

    server.answers.records["new.t.local"] = ("127.0.0.7",)
    after = over_udp(query, server)

    assert before.rcode() == dns.rcode.NXDOMAIN
    assert after.answer[0][0].address == "127.0.0.7"


def test_a_message_that_is_not_dns_is_not_answered(server):
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"hello", server.address)

    query = dns.message.make_query("web.t.local", "A")
    assert over_udp(query, server).answer


def test_listens_on_loopback_only():
    with pytest.raises(NotLoopbackError):
        DnsServer(NAMES.get, [], host="0.0.0.0")  # noqa: S104
