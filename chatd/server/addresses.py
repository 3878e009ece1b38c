"""Addresses of hosts, as they are counted and compared."""

from ipaddress import IPv6Address, ip_address


def unmap_ipv4(host: str) -> str:
    """`host`, as IPv4 writes it where IPv6 only carries it (``::ffff:10.35.11.112``)."""
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return host if mapped is None else str(mapped)
