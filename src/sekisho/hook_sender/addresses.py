"""Where a webhook may go: public addresses alone.

A body's staff type the address; without this door it would be a way into our own network (OWASP
API7:2023, server side request forgery). The name is resolved once and the connection made to the
very addresses that were checked, so that a second answer of the name server changes nothing."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from sekisho.crossings.hook_sender import MAX_URL_CHARACTERS
from sekisho.hook_sender.errors import AddressRefused
from sekisho.hook_sender.limits import MAX_ADDRESSES_TRIED
from sekisho.hook_sender.reach import HTTP_PORT, HTTPS_PORT, Reach

MAX_NAME_CHARACTERS = 253
"""RFC 1035 2.3.4, without the closing dot."""

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_IN_A_PATH = "/%:@!$&'()*+,;=-._~?"

_CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ),
    )
)
"""IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and the reserved rest. Written
out: what ``ipaddress`` calls global differs between versions of Python."""

_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 that is given out (IANA IPv6 Address Space)."""

_CLOSED_V6 = tuple(
    map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
)
"""Teredo and other protocols, documentation, 6to4 (it carries any IPv4 address)."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address, judged by its own rule."""

_REHEARSAL = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""Open in a rehearsal. Link-local stays shut: cloud machines hand out their keys there."""

Resolve = Callable[[str, int], list[str]]


class Called(NamedTuple):
    """An address as it was read: ``host`` in lower-case ASCII, ``path`` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The address as it is kept and shown."""
        usual = HTTPS_PORT if self.scheme == "https" else HTTP_PORT
        port = "" if self.port == usual else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"


class Target(NamedTuple):
    """``addresses``: what to connect to, checked; ``called``: what to say there."""

    called: Called
    addresses: tuple[str, ...]


def read_url(url: str, reach: Reach) -> Called:
    """Return what ``url`` calls. Raises ``AddressRefused``: only ``https`` (plain ``http`` where a
    rehearsal allows it), no user, no fragment, no bare number address, no other port."""
    if len(url) > MAX_URL_CHARACTERS:
        raise AddressRefused("too_long", f"at most {MAX_URL_CHARACTERS} characters")
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise AddressRefused("unreadable", "it has a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused("unreadable", "it is no address; write https://…") from None
    if parts.scheme != "https" and not (reach.allow_plain and parts.scheme == "http"):
        raise AddressRefused("scheme", "it must begin with https://")
    if "@" in parts.netloc:
        raise AddressRefused("user", "leave user name and password out; deliveries are signed")
    if parts.fragment or url.endswith("#"):
        raise AddressRefused("fragment", "leave out what stands behind #")
    host = _read_host(parts.hostname or "", reach)
    port = port if port is not None else HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
    if port not in reach.allowed_ports():
        ports = ", ".join(map(str, sorted(reach.allowed_ports())))
        raise AddressRefused("port", f"port {ports} only")
    path = quote(parts.path or "/", safe=_IN_A_PATH)
    query = quote(parts.query, safe=_IN_A_PATH)
    called = Called(parts.scheme, host, port, f"{path}?{query}" if query else path)
    if len(called.url) > MAX_URL_CHARACTERS:
        raise AddressRefused(
            "too_long", f"at most {MAX_URL_CHARACTERS} characters once written in ASCII"
        )
    return called


def _read_host(host: str, reach: Reach) -> str:
    host = host.removesuffix(".")
    if not host.isascii():
        host = _in_ascii(host)
    if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
        # A last label that is a number makes the whole an address (WHATWG URL 3.5): 127.1, 0x7f.1.
        if not reach.allow_private or not _is_plain_address(host):
            raise AddressRefused(
                "number_address", "give a name, such as hooks.example.jp, not a number address"
            )
        return host
    if not _NAME.fullmatch(host) or len(host) > MAX_NAME_CHARACTERS:
        raise AddressRefused("host", "the host name is none")
    if "." not in host and not reach.allow_private:
        raise AddressRefused("host", "the host must be a full name, such as hooks.example.jp")
    return host


def _in_ascii(host: str) -> str:
    # Its tables are large; most names never need them.
    import idna

    try:
        return idna.encode(host, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
    except (idna.IDNAError, UnicodeError):
        raise AddressRefused("host", "the host name is none") from None


def _is_plain_address(host: str) -> bool:
    try:
        return isinstance(ipaddress.ip_address(host), ipaddress.IPv4Address)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Return whether ``address`` (IPv4 or IPv6, as a resolver writes it) is one of the open
    internet. What is not known to be open is shut."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _CLOSED_V4)
    if parsed in _NAT64:
        return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)))
    return parsed in _OPEN_V6 and not any(parsed in network for network in _CLOSED_V6)


def may_connect(address: str, reach: Reach) -> bool:
    """Return whether a delivery may go to ``address``."""
    if is_public(address):
        return True
    if not reach.allow_private:
        return False
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _REHEARSAL if network.version == parsed.version)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host`` in the order to try them. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def find_target(url: str, reach: Reach, resolve: Resolve = resolve) -> Target:
    """Resolve ``url`` once and return where to connect. Raises ``AddressRefused`` when its name
    has no address or *any* of them is not open: a name that answers with both is a trick."""
    called = read_url(url, reach)
    try:
        addresses = resolve(called.host, called.port)
    except (OSError, UnicodeError):
        addresses = []
    if not addresses:
        raise AddressRefused("not_public", f"{called.host} has no public address")
    for address in addresses:
        if not may_connect(address, reach):
            # The same words as for an unknown name: they must not draw a map of our network.
            raise AddressRefused("not_public", f"{called.host} has no public address")
    return Target(called, tuple(addresses[:MAX_ADDRESSES_TRIED]))
