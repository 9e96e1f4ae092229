"""Whose request it is: the peer, or what a proxy that we trust says of it."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Sequence
from typing import Any, Final

UNKNOWN: Final = "0.0.0.0"  # noqa: S104 (an address that is no client's, not one to bind to)
IPV6_CLIENT_PREFIX_BITS: Final = 64
ADDRESSES_REMEMBERED: Final = 1_024
MAX_ADDRESS_CHARS: Final = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks of the proxies that we trust. Raises ValueError for one that is none."""
    return tuple(ipaddress.ip_network(text) for text in texts)


@functools.lru_cache(ADDRESSES_REMEMBERED)
def _read(text: str) -> Address | None:
    if len(text) > MAX_ADDRESS_CHARS:
        return None
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def client_address(environ: dict[str, Any], trusted: Sequence[Network]) -> str:
    """The client's address as text; UNKNOWN when the server gives none (a Unix socket).

    X-Forwarded-For is read from its right end, over trusted proxies only: all that stands left of
    the first address we do not trust was written by the client himself (RFC 7239 8.1).
    """
    address = _read(str(environ.get("REMOTE_ADDR", "")))
    if address is None:
        return UNKNOWN
    forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    while trusted and forwarded and any(address in network for network in trusted):
        nearer = _read(forwarded.pop())
        if nearer is None:
            break
        address = nearer
    return str(address)


def rate_key(address: str) -> str:
    """What a rate counts as one client: an IPv4 address, or an IPv6 /64, which one line gets."""
    read = _read(address)
    if isinstance(read, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(read), IPV6_CLIENT_PREFIX_BITS), strict=False))
    return address
