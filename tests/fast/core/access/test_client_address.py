"""Address of a client: the right-most one that no trusted proxy has."""

import pytest

from controller.core.access.client_address import client_address, networks

PROXIES = networks("10.0.0.0/16, fd00::/8")
BALANCER = "10.0.1.7"


def client(peer, *forwarded, trusted=PROXIES):
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return client_address(peer, headers, trusted)


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (["198.51.100.9"], "198.51.100.9"),
        (["203.0.113.1, 198.51.100.9"], "198.51.100.9"),
        (["203.0.113.1", "198.51.100.9"], "198.51.100.9"),
        (["198.51.100.9, 10.0.2.2"], "198.51.100.9"),
        (["10.0.9.9, 198.51.100.9, 10.0.2.2"], "198.51.100.9"),
        (["198.51.100.9:51234"], "198.51.100.9"),
        (["[2001:db8::1]:51234"], "2001:db8::/64"),
        (["::ffff:198.51.100.9"], "198.51.100.9"),
    ],
)
def test_the_right_most_address_outside_of_the_proxies_is_the_client(
    forwarded, expected
):
    assert client(BALANCER, *forwarded) == expected


def test_a_client_without_a_proxy_cannot_choose_its_address():
    assert client("198.51.100.9", "203.0.113.1") == "198.51.100.9"
    assert client(BALANCER, "203.0.113.1", trusted=()) == BALANCER


@pytest.mark.parametrize("garbage", ["", "unknown", "a.b.c.d", "1.2.3", "💥", "," * 9])
def test_what_is_no_address_ends_the_chain_at_the_proxy_that_sent_it(garbage):
    assert client(BALANCER, garbage) == BALANCER
    assert client(BALANCER, f"{garbage}, 10.0.2.2") == "10.0.2.2"


def test_a_chain_of_proxies_only_is_the_first_of_them():
    assert client(BALANCER, "10.0.3.3, 10.0.2.2") == "10.0.3.3"


def test_addresses_of_one_customer_are_one_client():
    assert client("2001:db8::1") == client("2001:db8::2") == "2001:db8::/64"


@pytest.mark.parametrize("peer", [None, "", "/run/socket"])
def test_a_peer_without_an_address_has_a_name(peer):
    assert client(peer, "198.51.100.9") == "unknown"


@pytest.mark.parametrize("text", ["10.0.0.1/16", "x", "", "10.0.0.0/16,"])
def test_what_is_no_network_is_explained(text):
    with pytest.raises(ValueError, match="CIDR"):
        networks(text)
