"""Keeps an upload's pieces on disk under a key that lives in memory only.

A policy file holds dates of birth in clear until its rows are sealed; on disk they must not. A
process that dies forgets the key, and with it every file that was on its way."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE_BYTES = 1 << 20
"""Every piece but the last has this size, in bytes."""

MAX_UPLOAD_BYTES = 300 * PIECE_BYTES
"""Largest file taken at the desk: about two million bills."""


class Pieces:
    """The pieces of all uploads of this life of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cipher = AESGCM(secrets.token_bytes(32))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)

    def _path(self, upload_id: str, number: int) -> Path:
        return self._folder / upload_id / str(number)

    @staticmethod
    def _place(upload_id: str, number: int) -> bytes:
        return f"{upload_id} {number}".encode()

    def keep(self, upload_id: str, number: int, content: bytes) -> None:
        """Keep a piece; said again it is the same."""
        path = self._path(upload_id, number)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        nonce = secrets.token_bytes(12)
        sealed = self._cipher.encrypt(nonce, content, self._place(upload_id, number))
        path.write_bytes(nonce + sealed)

    def read(self, upload_id: str, number: int) -> bytes:
        """Return a piece, ``b""`` past the last."""
        try:
            sealed = self._path(upload_id, number).read_bytes()
        except FileNotFoundError:
            return b""
        return self._cipher.decrypt(sealed[:12], sealed[12:], self._place(upload_id, number))

    def drop(self, upload_id: str) -> None:
        """Forget an upload's pieces."""
        shutil.rmtree(self._folder / upload_id, ignore_errors=True)

    def open(self, upload_id: str) -> PiecedFile:
        """Return the whole file, readable more than once."""
        return PiecedFile(lambda number: self.read(upload_id, number))


class PiecedFile(io.RawIOBase):
    """A file in pieces of ``PIECE_BYTES``, one held in memory at a time."""

    def __init__(self, read_piece: Callable[[int], bytes]) -> None:
        super().__init__()
        self._read_piece = read_piece
        self._at = 0
        self._number = -1
        self._piece = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("an uploaded file is read from its beginning")
        self._at = offset
        return offset

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        number, start = divmod(self._at, PIECE_BYTES)
        if number != self._number:
            self._number, self._piece = number, self._read_piece(number)
        content = self._piece[start : start + len(view)]
        view[: len(content)] = content
        self._at += len(content)
        return len(content)
