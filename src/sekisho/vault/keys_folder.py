"""The vault's keys folder: which key store there is, and the keys that are made at ``prepare``,
before there is a database."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from sekisho.vault.errors import KeyStoreError
from sekisho.vault.keystore import KeyStore, open_keystore
from sekisho.vault.seal_key import seal_key

KEYSTORE_FILE = "keystore.toml"
"""Which key store (docs/how-to/use-a-security-module.md); absent: the file key store."""

SEAL_KEY_NAME = "seal"


def read_keystore_settings(keys_folder: Path) -> dict[str, Any]:
    """Return the key store's settings; none: the file key store. Raises ``KeyStoreError``."""
    path = keys_folder / KEYSTORE_FILE
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise KeyStoreError(f"{path}: {error}") from None


def open_keys(keys_folder: Path) -> KeyStore:
    """Return the vault's key store, its standing keys made where they are missing."""
    return open_keystore(keys_folder, read_keystore_settings(keys_folder))


def prepare_keys(keys_folder: Path) -> dict[str, bytes]:
    """Make the vault's keys and return the public ones, raw, by name."""
    keystore = open_keys(keys_folder)
    try:
        public = seal_key(keys_folder, keystore).public_key()
    finally:
        keystore.close()
    return {SEAL_KEY_NAME: public.public_bytes_raw()}
