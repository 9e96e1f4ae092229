"""Opens the key store that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sekisho.vault.errors import KeyStoreError
from sekisho.vault.keystore.file import FileKeyStore
from sekisho.vault.keystore.interface import CARD_MAC, KEPT_WRAP, SEAL_WRAP, KeyStore


def open_keystore(own_folder: Path, settings: Mapping[str, Any]) -> KeyStore:
    """Return the key store of ``settings`` (``{"kind": "file"}`` when empty), with the vault's
    standing keys in it.

    ``{"kind": "pkcs11", "library": …, "token_label": …, "pin_file": …}`` opens a security module;
    a relative ``pin_file`` lies in ``own_folder``. Raises ``KeyStoreError`` naming the setting."""
    kind = settings.get("kind", "file")
    store: KeyStore
    if kind == "file":
        store = FileKeyStore(own_folder / "keystore")
    elif kind == "pkcs11":
        store = _open_module(own_folder, settings)
    else:
        raise KeyStoreError(f"keystore.kind {kind!r} is neither 'file' nor 'pkcs11'")
    store.ensure(SEAL_WRAP, "wrap")
    store.ensure(KEPT_WRAP, "wrap")
    store.ensure(CARD_MAC, "mac")
    return store


def _open_module(own_folder: Path, settings: Mapping[str, Any]) -> KeyStore:
    from sekisho.vault.keystore.pkcs11 import Pkcs11KeyStore

    missing = [name for name in ("library", "token_label", "pin_file") if not settings.get(name)]
    if missing:
        raise KeyStoreError(f"keystore.{missing[0]} is missing")
    return Pkcs11KeyStore(
        library=settings["library"],
        token_label=settings["token_label"],
        pin_file=own_folder / settings["pin_file"],
    )
