"""Keys as files of 32 random bytes, mode 0600, in the vault's own folder: the embedded default.

Its protection is the folder's (the sandbox shows it to no other process). Whoever takes the
database alone has nothing; whoever takes the database and this folder has everything, so keep
their backups apart. A security module (``pkcs11``) removes that case."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.vault.envelope import KEY_BYTES, NONCE_BYTES, TAG_BYTES
from sekisho.vault.errors import EnvelopeBroken, KeyMissing, KeyStoreError
from sekisho.vault.keystore.interface import KeyKind, checked

SUFFIX = ".key"


class FileKeyStore:
    """A folder of keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, bytes] = {}
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def ensure(self, key_id: str, kind: KeyKind) -> None:
        path = self._path(key_id)
        if path.exists():
            return
        fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(KEY_BYTES))
                file.flush()
                os.fsync(file.fileno())
            # A link never replaces: two that make the same key at once end with one of them.
            os.link(fresh, path)
            self._sync_folder()
        except FileExistsError:
            pass
        finally:
            fresh.unlink()

    def has(self, key_id: str) -> bool:
        return self._path(key_id).exists()

    def key_ids(self) -> list[str]:
        return sorted(path.stem for path in self._folder.glob(f"[a-z]*{SUFFIX}"))

    def wrap(self, key_id: str, key: bytes | bytearray, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key(key_id)).encrypt(nonce, bytes(key), context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytearray:
        if len(wrapped) < NONCE_BYTES + TAG_BYTES:
            raise EnvelopeBroken(f"{key_id}: too short to be a wrapped key")
        try:
            cipher = AESGCM(self._key(key_id))
            clear = cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag:
            raise EnvelopeBroken(f"{key_id}: the wrapped key does not open here") from None
        return bytearray(clear)

    def mac(self, key_id: str, message: bytes) -> bytes:
        return hmac.new(self._key(key_id), message, hashlib.sha256).digest()

    def destroy(self, key_id: str) -> None:
        path = self._path(key_id)
        with self._lock:
            self._held.pop(key_id, None)
            try:
                # Overwritten first for disks that write in place; on others the file system may
                # keep the old block until it is used again, which a security module does not.
                with path.open("r+b") as file:
                    file.write(os.urandom(KEY_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                path.unlink()
            except FileNotFoundError:
                return
        self._sync_folder()

    def close(self) -> None:
        with self._lock:
            self._held.clear()

    def _path(self, key_id: str) -> Path:
        return self._folder / f"{checked(key_id)}{SUFFIX}"

    def _key(self, key_id: str) -> bytes:
        with self._lock:
            held = self._held.get(key_id)
            if held is None:
                held = self._held[key_id] = self._read(key_id)
        return held

    def _read(self, key_id: str) -> bytes:
        path = self._path(key_id)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyStoreError(f"{path} may be read by others: chmod 600, and rotate this key")
            raw = path.read_bytes()
        except FileNotFoundError:
            raise KeyMissing(f"{key_id} is not in the key store") from None
        if len(raw) != KEY_BYTES:
            raise KeyStoreError(f"{path} must hold {KEY_BYTES} bytes; restore it from the backup")
        return raw

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
