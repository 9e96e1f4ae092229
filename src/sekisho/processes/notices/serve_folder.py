"""Serves the notices folder as it is: a static site that stands when everything else is stopped."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sekisho.edge import LOOK_PAGE, PageRule
from sekisho.edge.look import serve as serve_look
from sekisho.edge.look.plain_page import Start, answer, not_found, plain_page

MAX_FILE_BYTES = 2 * 1024 * 1024
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".xml": "application/atom+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
}
PAGES = (LOOK_PAGE, PageRule(r"/(?:[a-z0-9-]{1,80}/){0,4}(?:[a-z0-9._-]{1,80})?"))

NOTHING_YET = """<p>現在、お知らせはありません。</p>
<p lang="en">There are no notices at present.</p>"""


def serve_folder(folder: Path) -> Any:
    """A WSGI application for the files below `folder`; links out of it lead nowhere."""

    def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        name = path.lstrip("/") + ("index.html" if path.endswith("/") else "")
        file = (folder / name).resolve()
        inside = file.is_relative_to(folder.resolve()) and file.suffix in TYPES
        if inside and file.is_file() and file.stat().st_size <= MAX_FILE_BYTES:
            body = file.read_bytes()
            headers = [("Content-Type", TYPES[file.suffix]), ("Content-Length", str(len(body)))]
            start("200 OK", [*headers, ("Cache-Control", "no-cache")])
            return [body]
        if path == "/":
            return answer(start, plain_page("お知らせ / Notices", NOTHING_YET))
        return not_found(start)

    return serve_look(application)
