"""Which addresses a webhook may go to: whatever form they are written in, public ones alone."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.hook_sender.addresses import find_target, is_public, may_connect, read_url
from sekisho.hook_sender.errors import AddressRefused
from sekisho.hook_sender.reach import Reach

PRODUCTION = Reach()
REHEARSAL = Reach(allow_private=True, allow_plain=True, ports=frozenset({8080}))

CLOSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "",
    "localhost",
]
OPEN = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2400:cb00::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", CLOSED)
def test_a_closed_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_an_open_address_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_not_global_is_never_open(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """A second opinion: the standard library's table of the same registries."""
    if is_public(str(address)) and address not in ipaddress.ip_network("64:ff9b::/96"):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_ipv6_is_no_way_around(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for wrapped in (
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80 | 1),
        ipaddress.IPv6Address(0x20010000 << 96 | 0xFFFFFFFF ^ number),
    ):
        assert not is_public(str(wrapped))
    nat64 = ipaddress.IPv6Address(0x64FF9B << 96 | number)
    assert is_public(str(nat64)) == is_public(str(address))


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=5))
def test_one_closed_address_among_open_ones_closes_the_name(addresses: list[str]) -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        return addresses

    if all(is_public(address) for address in addresses):
        target = find_target("https://hooks.example.jp/", PRODUCTION, resolve)
        assert set(target.addresses) <= set(addresses)
    else:
        with pytest.raises(AddressRefused):
            find_target("https://hooks.example.jp/", PRODUCTION, resolve)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.jp",
        "//hooks.example.jp/",
        "http://hooks.example.jp/",
        "ftp://hooks.example.jp/",
        "file:///etc/passwd",
        "gopher://hooks.example.jp/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user@hooks.example.jp/",
        "https://user:password@hooks.example.jp/",
        "https://@hooks.example.jp/",
        "https://8.8.8.8@127.0.0.1/",
        "https://hooks.example.jp/#part",
        "https://hooks.example.jp/#",
        "https://hooks.example.jp:8443/",
        "https://hooks.example.jp:22/",
        "https://hooks.example.jp:0/",
        "https://hooks.example.jp:99999/",
        "https://hooks.example.jp:x/",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://8.8.8.8/",
        "https://1.1/",
        "https://１２７.0.0.1/",
        "https://①②⑦.⓪.⓪.①/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[2606:4700::1111]/",
        "https://[::1%25lo]/",
        "https://hooks..example.jp/",
        "https://hooks.example.jp../",
        "https://.example.jp/",
        "https://-hooks.example.jp/",
        "https://hooks_.example.jp/",
        "https://hooks%2eexample.jp/",
        "https://hooks.example.jp%00.evil.example/",
        "https://hooks.example.jp\\@evil.example/",
        "https://hooks.example.jp\t/",
        "https://hooks.example.jp/ path",
        "https://hooks.example.jp/\r\nx: y",
        "https://" + "a" * 64 + ".jp/",
        "https://" + "a." * 130 + "jp/",
        "https://hooks.example.jp/" + "a" * 500,
        "https://hooks.example.jp/" + "あ" * 100,
        "https://xn--.jp℀.example/",
    ],
)
def test_a_bad_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        read_url(url, PRODUCTION)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://hooks.example.jp", "https://hooks.example.jp/"),
        ("https://Hooks.Example.JP/In?a=b", "https://hooks.example.jp/In?a=b"),
        ("https://hooks.example.jp./in", "https://hooks.example.jp/in"),
        ("https://hooks.example.jp:443/in", "https://hooks.example.jp/in"),
        ("HTTPS://hooks.example.jp/", "https://hooks.example.jp/"),
        ("https://見本.jp/", "https://xn--8pvz87e.jp/"),
        ("https://ｈｏｏｋｓ.example。jp/", "https://hooks.example.jp/"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://hooks.example.jp/受信?種=税", None),
        ("https://hooks.example.jp/a%20b", "https://hooks.example.jp/a%20b"),
    ],
)
def test_a_good_address_is_read_in_one_form(url: str, called: str | None) -> None:
    read = read_url(url, PRODUCTION)
    assert read.url.isascii()
    assert read_url(read.url, PRODUCTION) == read
    if called is not None:
        assert read.url == called


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "https:", ""]))
def test_whatever_is_typed_is_read_or_refused_in_words(text: str, before: str) -> None:
    try:
        read = read_url(before + text, PRODUCTION)
    except AddressRefused as refused:
        assert str(refused)
        return
    assert read.scheme == "https"
    assert read.port == 443
    assert "." in read.host
    assert read.url.isascii()


def test_a_rehearsal_opens_only_what_it_says() -> None:
    assert read_url("http://localhost:8080/in", REHEARSAL).url == "http://localhost:8080/in"
    assert read_url("http://127.0.0.1/", REHEARSAL).port == 80
    assert may_connect("127.0.0.1", REHEARSAL)
    assert may_connect("::1", REHEARSAL)
    for shut in ("169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254"):
        assert not may_connect(shut, REHEARSAL)
    with pytest.raises(AddressRefused):
        read_url("http://localhost:9000/in", REHEARSAL)


def test_the_words_draw_no_map_of_our_network() -> None:
    said = []

    def nothing(_host: str, _port: int) -> list[str]:
        raise OSError

    ways: list[Any] = [nothing, lambda _h, _p: ["10.0.0.7"], lambda _h, _p: []]
    for resolve in ways:
        with pytest.raises(AddressRefused) as refused:
            find_target("https://vault.example.jp/", PRODUCTION, resolve)
        said.append(str(refused.value))
    assert len(set(said)) == 1


@given(
    st.one_of(
        *(
            st.ip_addresses(network=network)
            for network in ("169.254.0.0/16", "224.0.0.0/4", "fe80::/10", "ff00::/8")
        )
    )
)
def test_a_rehearsal_never_opens_link_local(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert not may_connect(str(address), REHEARSAL)
