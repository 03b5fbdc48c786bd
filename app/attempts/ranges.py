"""The address range that a caller belongs to: what one subscriber, or one attacker, has at hand."""

import ipaddress

IPV4_BITS, IPV6_BITS = 24, 48


def range_of(address: str | None) -> str:
    """`192.0.2.0/24` of an IPv4 address, the /48 of an IPv6 one; empty where there is no address.

    An IPv4 address written as an IPv6 one (RFC 4291 §2.5.5.2) is what it stands for.
    """
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = IPV4_BITS if parsed.version == 4 else IPV6_BITS
    return str(ipaddress.ip_network((parsed, bits), strict=False))
