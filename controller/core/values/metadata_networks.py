"""Networks in which credentials and metadata are served without authentication.

No pin and no declaration of a webhook target permits an address in them:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from ipaddress import IPv4Address, IPv6Address, ip_network

METADATA_NETWORKS = tuple(
    map(ip_network, ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"))
)


def unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address in an IPv4-mapped one (RFC 4291, section 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_metadata_address(address: IPv4Address | IPv6Address) -> bool:
    """Return True for a link-local or metadata address, IPv4-mapped or not."""
    plain = unmapped(address)
    return any(plain in network for network in METADATA_NETWORKS)
