"""Seals what a payer typed to the vault, inside the request, before anything is written down.

The site has the vault's public key and no other: it can close boxes and open none."""

from __future__ import annotations

from sekisho.crossings.sealing import items_purpose, seal

PUBLIC_KEY_NAME = "vault.seal"


class Sealer:
    """Closes boxes for one client body."""

    def __init__(self, public_key: bytes, client_body: str) -> None:
        self._public_key = public_key
        self._purpose = items_purpose(client_body)

    def seal_items(self, items: dict[str, str]) -> bytes:
        """Return ``items`` (kind to value) in a box that only the vault opens."""
        return seal(self._public_key, items, purpose=self._purpose)
