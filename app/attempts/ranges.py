"""The address range that a caller belongs to: what one subscriber, or one attacker, has at hand."""

import ipaddress

IPV4_BITS, IPV6_BITS = 24, 48
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def range_of(address: str | None) -> str:
    """`192.0.2.0/24` of an IPv4 address, the /48 of an IPv6 one; empty where there is no address.

    An IPv4 address written as an IPv6 one (RFC 4291 §2.5.5.2, RFC 6052 §2.1) is what it stands for,
    and one of 6to4 (RFC 3056 §2) is of who has that IPv4 address.
    """
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = _embedded(parsed) or parsed
    bits = IPV4_BITS if parsed.version == 4 else IPV6_BITS
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
