"""Where the topmost keys live. ``file`` (embedded default) and ``pkcs11`` (a security module) keep
the same promises and pass the same tests."""

from sekisho.vault.keystore.interface import KeyStore
from sekisho.vault.keystore.opening import open_keystore

__all__ = ["KeyStore", "open_keystore"]
