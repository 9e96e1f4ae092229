"""Where payers' pages stand, for the addresses of links."""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.vocabulary.twins import live_of

_SITES: dict[str, str] = {}


def set_sites(addresses: Mapping[str, str]) -> None:
    """Take the sites out of the process's public ``addresses`` (``payer_site.<site>``)."""
    _SITES.clear()
    for name, address in addresses.items():
        zone, _, site = name.partition(".")
        if zone == "payer_site" and site:
            _SITES[site] = address.rstrip("/")


def link_address(site: str, path: str) -> str:
    """Return the whole address of a link's page; a twin's pages stand on its
    live site's."""
    address = _SITES.get(site) or _SITES.get(live_of(site), "")
    return address + path
