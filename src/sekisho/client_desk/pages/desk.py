"""The open desk: what its pages and doors share in one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.import_bills.keep_pieces import Pieces
from sekisho.client_desk.import_bills.work_through import Worker
from sekisho.client_desk.records.models import Invitation, Person, Visit
from sekisho.client_desk.records.scope import enter_body
from sekisho.edge.look import Shelf
from sekisho.sign_in.frame import WORDS as SIGN_IN_WORDS
from sekisho.sign_in.frame import Frame, accent_of
from sekisho.sign_in.gate import Gate
from sekisho.sign_in.pages import SignIn, language_of
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.sign_in.words import load_words

_HERE = Path(__file__).parent
FILES = Shelf("/desk/", _HERE / "static")

MENU = (("/", "menu_home"), ("/files", "menu_files"))


@dataclass(frozen=True)
class Desk:
    """``address``: base URL that invitations point to."""

    sign_in: SignIn
    pieces: Pieces
    worker: Worker
    address: str


_desk: Desk | None = None


def open_desk(folder: Path, *, address: str, vault_key: bytes) -> Desk:
    """Open the desk of this process on its own folder."""
    global _desk
    words = load_words(SIGN_IN_WORDS, _HERE / "words")
    gate = Gate(
        zone="client_desk",
        person=Person,
        invitation=Invitation,
        visit=Visit,
        keeper=SecretKeeper.from_folder(folder),
        enter_body=enter_body,
    )
    sign_in = SignIn(
        gate=gate,
        words=words,
        cookie="sekisho_desk",
        issuer="sekisho desk",
        tenants=True,
        secure=address.startswith("https:"),
        facts=lambda request: {"frame": _frame(request, words)},
    )
    pieces = Pieces(folder / "uploads")
    _desk = Desk(sign_in, pieces, Worker(pieces, vault_key), address)
    return _desk


def the_desk() -> Desk:
    """Return this process's desk. Raises ``RuntimeError`` before ``open_desk``."""
    if _desk is None:
        raise RuntimeError("the desk is not open")
    return _desk


def _frame(request: HttpRequest, words: dict[str, Any]) -> Frame:
    language = language_of(request)
    w = words[language]
    person = getattr(request, "person", None)
    body = client_bodies().get(person.client_body) if person else None
    name = "" if body is None else body.name_ja if language == "ja" else body.name_en
    return Frame(
        body=name or w["desk_for"],
        site=w["desk"],
        colophon=w["colophon"],
        accent=accent_of(body.colour) if body else None,
        menu=[
            (address, w[label], request.path == address or request.path.startswith(address + "/"))
            for address, label in MENU
        ],
    )


class AdmitStaff:
    """Django middleware: who is this, and whose rows may they see; nobody's after the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            the_desk().sign_in.admit(request)
            return self._get_response(request)
        finally:
            enter_body("")
