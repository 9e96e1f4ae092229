"""A page without a framework, for processes that have little to say: the shared look, two tongues,
nothing but escaped text."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from sekisho.edge.look.shelf import LOOK

Start = Callable[..., Any]


def plain_page(title: str, body: str, *, language: str = "ja") -> bytes:
    """A whole HTML page. `title` is escaped here; `body` is HTML that the caller escaped."""
    style, integrity = LOOK.address("sekisho.css"), LOOK.integrity("sekisho.css")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f'<link rel="stylesheet" href="{style}" integrity="{integrity}">\n</head>\n'
        f'<body class="page">\n<div class="frame">\n<main>\n<h1>{escape(title)}</h1>\n'
        f"{body}\n</main>\n</div>\n</body>\n</html>\n"
    ).encode()


def answer(start: Start, body: bytes, *, status: str = "200 OK") -> Iterable[bytes]:
    """Answer a request with a page that nobody keeps."""
    start(
        status,
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ],
    )
    return [body]


def not_found(start: Start) -> Iterable[bytes]:
    """Answer that there is no such page."""
    text = '<p>このページはありません。</p>\n<p lang="en">There is no such page.</p>'
    return answer(start, plain_page("ページがありません", text), status="404 Not Found")
