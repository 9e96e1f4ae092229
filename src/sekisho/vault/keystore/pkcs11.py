"""Keys in a security module by PKCS#11 (SoftHSM in tests): made inside, not extractable, used
inside. Data keys are encrypted by the module with AES-GCM, card numbers hashed by it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sekisho.vault.envelope import NONCE_BYTES, TAG_BYTES
from sekisho.vault.errors import EnvelopeBroken, KeyMissing, KeyStoreError
from sekisho.vault.keystore.interface import KeyKind, checked

KEY_BITS = 256
TAG_BITS = TAG_BYTES * 8


_SESSION_LOST = frozenset(
    {
        "DeviceRemoved",
        "KeyHandleInvalid",
        "ObjectHandleInvalid",
        "SessionClosed",
        "SessionHandleInvalid",
        "TokenNotPresent",
        "UserNotLoggedIn",
    }
)
"""Errors after which a fresh session may help: the module was restarted or reached anew."""

_NOT_OURS = frozenset(
    {"DataInvalid", "EncryptedDataInvalid", "EncryptedDataLenRange", "GeneralError"}
)
"""What modules answer to a ciphertext whose tag does not fit (SoftHSM: the general error)."""

Result = TypeVar("Result")


class Pkcs11KeyStore:
    """A token of a security module, found by its label and opened with its PIN."""

    def __init__(self, *, library: str, token_label: str, pin_file: Path) -> None:
        import pkcs11

        self._pkcs11: Any = pkcs11
        self._library = library
        self._token_label = token_label
        self._pin_file = pin_file
        if pin_file.stat().st_mode & 0o077:
            raise KeyStoreError(f"{pin_file} may be read by others: chmod 600, and change the PIN")
        self._held: dict[str, Any] = {}
        # One session serves one operation at a time (PKCS #11 v2.40, 2.6.7).
        self._lock = threading.RLock()
        self._session = self._open()

    def ensure(self, key_id: str, kind: KeyKind) -> None:
        def make() -> None:
            if self._find(key_id) is None:
                self._make(key_id, kind)

        checked(key_id)
        self._do(make)

    def has(self, key_id: str) -> bool:
        return self._do(lambda: self._find(key_id) is not None)

    def key_ids(self) -> list[str]:
        secret = self._pkcs11.ObjectClass.SECRET_KEY
        wanted = {self._pkcs11.Attribute.CLASS: secret}
        return self._do(lambda: sorted(key.label for key in self._session.get_objects(wanted)))

    def wrap(self, key_id: str, key: bytes | bytearray, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        how = self._gcm(nonce, context)
        return nonce + self._do(lambda: bytes(self._key(key_id).encrypt(bytes(key), **how)))

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytearray:
        if len(wrapped) < NONCE_BYTES + TAG_BYTES:
            raise EnvelopeBroken(f"{key_id}: too short to be a wrapped key")
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        how = self._gcm(nonce, context)
        return self._do(lambda: bytearray(self._key(key_id).decrypt(sealed, **how)), opens=key_id)

    def mac(self, key_id: str, message: bytes) -> bytes:
        mechanism = self._pkcs11.Mechanism.SHA256_HMAC
        return self._do(lambda: bytes(self._key(key_id).sign(message, mechanism=mechanism)))

    def destroy(self, key_id: str) -> None:
        def end() -> None:
            self._held.pop(key_id, None)
            key = self._find(key_id)
            if key is not None:
                key.destroy()

        self._do(end)

    def close(self) -> None:
        with self._lock, contextlib.suppress(self._pkcs11.PKCS11Error):
            self._held.clear()
            self._session.close()

    def _open(self) -> Any:
        try:
            token = self._pkcs11.lib(self._library).get_token(token_label=self._token_label)
            pin = self._pin_file.read_text(encoding="ascii").strip()
            return token.open(user_pin=pin, rw=True)
        except (self._pkcs11.PKCS11Error, RuntimeError) as error:
            raise KeyStoreError(
                f"the security module's token {self._token_label!r} can't be opened"
                f" ({type(error).__name__}); check library, label and PIN file"
            ) from None

    def _do(self, operation: Callable[[], Result], *, opens: str | None = None) -> Result:
        """Run ``operation`` with the session, once more on a fresh one if the session was lost.

        ``opens``: the key that a ciphertext should open with, for the error when it does not."""
        with self._lock:
            try:
                return operation()
            except self._pkcs11.PKCS11Error as error:
                if type(error).__name__ not in _SESSION_LOST:
                    raise self._told(error, opens) from None
            self._held.clear()
            self._session = self._open()
            try:
                return operation()
            except self._pkcs11.PKCS11Error as error:
                raise self._told(error, opens) from None

    def _told(self, error: Exception, opens: str | None) -> Exception:
        name = type(error).__name__
        if opens is not None and name in _NOT_OURS:
            return EnvelopeBroken(f"{opens}: the wrapped key does not open here")
        return KeyStoreError(f"the security module refused ({name})")

    def _gcm(self, nonce: bytes, context: bytes) -> dict[str, Any]:
        from pkcs11 import GCMParams

        return {
            "mechanism": self._pkcs11.Mechanism.AES_GCM,
            "mechanism_param": GCMParams(nonce, context, TAG_BITS),
        }

    def _make(self, key_id: str, kind: KeyKind) -> None:
        attribute, key_type = self._pkcs11.Attribute, self._pkcs11.KeyType
        wraps = kind == "wrap"
        self._session.generate_key(
            key_type.AES if wraps else key_type.GENERIC_SECRET,
            KEY_BITS,
            label=checked(key_id),
            id=key_id.encode(),
            store=True,
            template={
                attribute.SENSITIVE: True,
                attribute.EXTRACTABLE: False,
                attribute.ENCRYPT: wraps,
                attribute.DECRYPT: wraps,
                attribute.SIGN: not wraps,
                attribute.VERIFY: not wraps,
            },
        )

    def _find(self, key_id: str) -> Any | None:
        attribute = self._pkcs11.Attribute
        found = self._session.get_objects(
            {
                attribute.CLASS: self._pkcs11.ObjectClass.SECRET_KEY,
                attribute.LABEL: checked(key_id),
            }
        )
        return next(iter(list(found)), None)

    def _key(self, key_id: str) -> Any:
        held = self._held.get(key_id)
        if held is None:
            held = self._find(key_id)
            if held is None:
                raise KeyMissing(f"{key_id} is not in the security module")
            self._held[key_id] = held
        return held
