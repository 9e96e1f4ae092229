"""Shelves of static files, held in memory: a few stylesheets and scripts, addressed by content.

An address carries the file's digest, so a browser may keep it for ever and a changed file has a
new address; the ``integrity`` value lets a page pin it (PCI DSS 6.4.3: each script authorised,
its integrity assured)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho.edge.look.accent import AccentUnreadable, accent_stylesheet

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]

KEEP_SECONDS = 31_536_000
MAX_FILE_BYTES = 262_144
"""A stylesheet or script larger than this does not belong on a payer's page."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


class ShelfMissing(LookupError):
    """A page names a static file that is not on the shelf."""


@dataclass(frozen=True, slots=True)
class Held:
    body: bytes
    content_type: str
    digest: str
    integrity: str


def _hold(name: str, body: bytes) -> Held:
    if len(body) > MAX_FILE_BYTES:
        raise ValueError(f"{name} is larger than {MAX_FILE_BYTES} bytes")
    sha = hashlib.sha384(body).digest()
    return Held(
        body=body,
        content_type=_TYPES[Path(name).suffix],
        digest=sha.hex()[:16],
        integrity="sha384-" + base64.b64encode(sha).decode(),
    )


class Shelf:
    """Files under one ``prefix`` such as ``/look/``, read once."""

    def __init__(self, prefix: str, folder: Path, bundles: dict[str, Path] | None = None) -> None:
        self.prefix = prefix
        self._held = {
            path.name: _hold(path.name, path.read_bytes())
            for path in sorted(folder.iterdir())
            if path.suffix in _TYPES
        }
        for name, parts in (bundles or {}).items():
            texts = [path.read_bytes() for path in sorted(parts.glob(f"*{Path(name).suffix}"))]
            self._held[name] = _hold(name, b"\n".join(texts))

    def names(self) -> list[str]:
        """Return the names of the files on the shelf."""
        return sorted(self._held)

    def _named(self, name: str) -> Held:
        try:
            return self._held[name]
        except KeyError:
            raise ShelfMissing(f"{self.prefix}{name} is not on the shelf") from None

    def address(self, name: str) -> str:
        """Return the address of file ``name``, with its digest. Raises ``ShelfMissing``."""
        return f"{self.prefix}{self._named(name).digest}/{name}"

    def integrity(self, name: str) -> str:
        """Return the subresource-integrity value of ``name``. Raises ``ShelfMissing``."""
        return self._named(name).integrity

    def find(self, path: str) -> Held | None:
        """Return the file at ``path``; nothing for another digest or another name."""
        if not path.startswith(self.prefix):
            return None
        digest, _, name = path[len(self.prefix) :].partition("/")
        held = self._held.get(name or digest)
        return held if held and (not name or held.digest == digest) else None


LOOK = Shelf(
    "/look/",
    Path(__file__).parent / "files",
    bundles={"sekisho.css": Path(__file__).parent / "parts"},
)


def _accent(path: str) -> Held | None:
    start, end = "/look/accent/", ".css"
    if not (path.startswith(start) and path.endswith(end)):
        return None
    try:
        return _hold("accent.css", accent_stylesheet("#" + path[len(start) : -len(end)]))
    except AccentUnreadable:
        return None


def _answer(held: Held, start: Start, method: str) -> Iterable[bytes]:
    start(
        "200 OK",
        [
            ("Content-Type", held.content_type),
            ("Content-Length", str(len(held.body))),
            ("Cache-Control", f"public, max-age={KEEP_SECONDS}, immutable"),
            ("ETag", f'"{held.digest}"'),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ],
    )
    return [b"" if method == "HEAD" else held.body]


def serve(application: Application, *shelves: Shelf) -> Application:
    """Return a WSGI application that answers GETs for ``LOOK`` and ``shelves`` from memory and
    leaves every other request to ``application``."""
    every = (LOOK, *shelves)
    prefixes = tuple(shelf.prefix for shelf in every)

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if not path.startswith(prefixes) or method not in ("GET", "HEAD"):
            return application(environ, start)
        held = next((found for s in every if (found := s.find(path))), None) or _accent(path)
        if held is None:
            start("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return [b""]
        return _answer(held, start, method)

    return answer
