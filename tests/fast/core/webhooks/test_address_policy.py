"""Addresses that a delivery may be sent to."""

from ipaddress import ip_network

import pytest

from controller.core.webhooks.address_policy import (
    LOOPBACK_NETWORKS,
    PRIVATE_NETWORKS,
    PUBLIC_ADDRESSES,
    AddressPolicy,
    declared_addresses,
    is_internal_network,
)

INTERNAL = AddressPolicy((*PRIVATE_NETWORKS, *LOOPBACK_NETWORKS))
EVERYTHING = AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0")))
METADATA = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.169.253",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
)
TRANSLATED = (
    "2002:a9fe:a9fe::1",
    "2002:7f00:1::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::7f00:1",
    "2001:0:a9fe:a9fe::1",
    "::ffff:0:127.0.0.1",
)
PRIVATE = (
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.0.3",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
)
SPECIAL = (
    "0.0.0.0",  # noqa: S104 - an address to deny
    "0.1.2.3",
    "::",
    "::7f00:1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "100::1",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
)
PUBLIC = ("8.8.8.8", "76.76.21.21", "2606:4700::1111", "::ffff:8.8.8.8")


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_permitted(address):
    assert PUBLIC_ADDRESSES.denial_reason(address) == ""
    assert INTERNAL.denial_reason(address) == ""


@pytest.mark.parametrize("address", [*METADATA, *TRANSLATED, *PRIVATE, *SPECIAL])
def test_every_other_address_is_denied_by_its_name(address):
    assert PUBLIC_ADDRESSES.denial_reason(address).startswith(f"{address} is ")


@pytest.mark.parametrize("address", PRIVATE)
def test_a_declared_network_permits_its_addresses(address):
    assert INTERNAL.denial_reason(address) == ""


@pytest.mark.parametrize("address", ["10.2.0.1", "::ffff:10.2.0.1", "fd00::1"])
def test_a_declared_network_permits_no_other_address(address):
    policy = AddressPolicy((ip_network("10.1.0.0/16"),))

    assert policy.denial_reason("10.1.0.1") == ""
    assert policy.denial_reason(address).endswith("a private address")


@pytest.mark.parametrize("address", [*METADATA, *TRANSLATED])
def test_no_declaration_permits_metadata_or_translated_addresses(address):
    assert EVERYTHING.denial_reason(address).endswith("which is never permitted")


@pytest.mark.parametrize("text", ["", "hokus.ai", "127.1", "2130706433", "0177.0.0.1"])
def test_text_that_is_no_canonical_address_is_denied(text):
    assert EVERYTHING.denial_reason(text) == f"{text} is not an IP address"


@pytest.mark.parametrize("address", PUBLIC)
def test_an_internal_policy_denies_public_addresses(address):
    reason = INTERNAL.internal_only().denial_reason(address)

    assert reason.endswith("a public address")
    assert INTERNAL.internal_only().denial_reason("10.0.0.1") == ""


@pytest.mark.parametrize(
    ("network", "internal"),
    [
        ("10.0.0.0/8", True),
        ("10.20.0.0/16", True),
        ("192.168.1.7/32", True),
        ("127.0.0.0/8", True),
        ("fd12:3456::/32", True),
        ("0.0.0.0/0", False),
        ("10.0.0.0/7", False),
        ("8.8.8.0/24", False),
        ("169.254.0.0/16", False),
        ("fc00::/7", False),
        ("fd00:ec2::/32", False),
        ("fe80::/10", False),
        ("::/0", False),
    ],
)
def test_only_private_and_loopback_networks_can_be_declared(network, internal):
    assert is_internal_network(ip_network(network)) is internal


@pytest.mark.parametrize("port", [443, 8443])
def test_the_ports_of_https_are_permitted_at_public_addresses(port):
    assert PUBLIC_ADDRESSES.denial_reason("8.8.8.8", port) == ""


@pytest.mark.parametrize("port", [1, 22, 25, 80, 6379, 8444, 65_535])
def test_another_port_of_a_public_address_must_be_declared(port):
    declared = declared_addresses((), "production", (port,))

    assert PUBLIC_ADDRESSES.denial_reason("8.8.8.8", port) == (
        f"port {port} of 8.8.8.8 is not permitted: declare it in allow_ports"
    )
    assert declared.denial_reason("8.8.8.8", port) == ""
    assert declared.denial_reason("8.8.8.8", 443) == ""


def test_a_declared_port_permits_no_internal_address():
    declared = declared_addresses((), "production", (6379,))

    assert declared.denial_reason("10.0.0.1", 6379).endswith("a private address")


def test_a_declared_network_is_permitted_at_each_port():
    assert INTERNAL.denial_reason("10.0.0.1", 6379) == ""
