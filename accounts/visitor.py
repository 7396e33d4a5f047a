"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from django.http import HttpRequest

_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP")


def address_of(request: HttpRequest) -> str:
    """The network address that limits count by: `203.0.113.7`, or the /64 of an IPv6 address.

    Only what the server itself saw: a header can be made up. Behind a proxy the ASGI server puts
    the client's address here, when it is told to trust that proxy.
    """
    raw = request.META.get("REMOTE_ADDR") or ""
    try:
        address = ip_address(raw.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        # One customer holds 2^64 addresses, and would else have as many limits.
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def is_from_this_machine(request: HttpRequest) -> bool:
    """True for a person at this machine: no proxy between, no foreign page that sent their browser here."""
    try:
        address = ip_address((request.META.get("REMOTE_ADDR") or "").partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if not (mapped or address).is_loopback or any(request.META.get(name) for name in _FORWARDED):
        return False
    origin = request.META.get("HTTP_ORIGIN")
    return origin is None or urlsplit(origin).netloc == request.get_host()
