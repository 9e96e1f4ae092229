"""The desk behind its edge: what staff send passes, what no page takes is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.core.handlers.wsgi import WSGIHandler

from sekisho.client_desk.pages.page_rules import PIECE_TYPE, page_rules
from sekisho.edge import FORM, Edge, default_crs_dir, stand_before
from tests.rooms.bill_files.files import HEADINGS, with_fields
from tests.rooms.client_desk.staff import desk, invite

pytestmark = pytest.mark.usefixtures("clean")


class Front(NamedTuple):
    """The desk's edge and where it logs."""

    edge: Edge
    log_folder: Path

    def logged(self) -> str:
        """Return what was logged so far."""
        return "".join(file.read_text() for file in self.log_folder.glob("*.jsonl"))


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Any:
    log_folder: Path = tmp_path_factory.mktemp("log")
    edge = stand_before(
        WSGIHandler(),
        process="client_desk",
        log_dir=log_folder,
        pages=page_rules(desk),
        crs_dir=default_crs_dir(),
    )
    yield Front(edge, log_folder)
    edge.close()


def send(
    front: Front, method: str, path: str, body: bytes = b"", content_type: str = ""
) -> tuple[int, str]:
    """Return status and verdict: who answered, the ``edge`` or the ``desk``."""
    address, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": address,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "7004",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost:7004",
        "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
        "HTTP_ACCEPT": "text/html",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    said: list[Any] = []
    answer = front.edge(environ, lambda status, headers, exc=None: said.append((status, headers)))
    b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    status, headers = said[-1]
    by_desk = any(name == "Cross-Origin-Opener-Policy" for name, _ in headers) and any(
        name in ("Location", "Vary") for name, _ in headers
    )
    return int(status.split()[0]), "desk" if by_desk else "edge"


def test_every_page_of_the_sign_in_passes(front: Front) -> None:
    link = invite()
    for path in ("/", "/files", "/sign-in", "/sign-in?lang=en", "/sign-in?new=1", link):
        assert send(front, "GET", path)[1] == "desk", path
    assert send(front, "GET", link + "/code") == (302, "desk")


def test_a_password_that_looks_like_an_attack_is_a_good_password(front: Front) -> None:
    typed = {
        "client_body": "mihon_to",
        "name": "hanako.mihon+1@mihon.example",
        "password": "' OR 1=1; <script>alert(1)</script> ../../etc/passwd",
    }
    # Django refuses it for want of its CSRF token, so it did arrive.
    status, _ = send(front, "POST", "/sign-in", urlencode(typed).encode(), FORM)
    assert status == 403
    line = front.logged().splitlines()[-1]
    assert '"verdict":"pass"' in line
    assert "alert" not in line


def test_a_piece_of_a_file_passes(front: Front) -> None:
    rows = [with_fields(item_ja="固定資産税 ' OR 1=1 --", payment_number="9" * 20)] * 20
    body = "\n".join([HEADINGS, *rows]).encode("cp932")
    path = "/files/upload_" + "0" * 26 + "/0"
    status, _ = send(front, "POST", path, body, PIECE_TYPE)
    assert status == 403
    line = front.logged().splitlines()[-1]
    assert '"verdict":"pass"' in line


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status"),
    [
        ("GET", "/admin", b"", "", 404),
        ("GET", "/files/upload_x/0", b"", "", 404),
        ("POST", "/", b"a=b", FORM, 405),
        ("POST", "/sign-in", b"name=a&extra=b", FORM, 400),
        ("POST", "/sign-in", b"{}", "application/json", 415),
        ("POST", "/files/upload_" + "0" * 26 + "/0", b"x" * (2**20 + 1), PIECE_TYPE, 413),
        ("POST", "/files/upload_" + "0" * 26 + "/0", b"a=b", FORM, 415),
        ("GET", "/sign-in?lang=en&next=//evil.example", b"", "", 400),
    ],
)
def test_what_no_page_takes_is_refused(
    front: Front, method: str, path: str, body: bytes, content_type: str, status: int
) -> None:
    assert send(front, method, path, body, content_type)[0] == status


def test_the_token_of_an_invitation_is_not_in_the_request_log(front: Front) -> None:
    link = invite()
    send(front, "GET", link)
    assert "/invitation/" in front.logged()
    assert link.rsplit("/", 1)[1] not in front.logged()
