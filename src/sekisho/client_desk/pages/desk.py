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
from sekisho.client_desk.pages.menu import menu_of
from sekisho.client_desk.records.models import Invitation, Passkey, Person, Visit
from sekisho.client_desk.records.scope import enter_body
from sekisho.edge.look import Shelf
from sekisho.sign_in.frame import WORDS as SIGN_IN_WORDS
from sekisho.sign_in.frame import Frame, accent_of
from sekisho.sign_in.gate import Gate
from sekisho.sign_in.pages import SignIn, language_of
from sekisho.sign_in.passkeys import Party
from sekisho.sign_in.ring import Ring
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.sign_in.words import load_words
from sekisho.vocabulary.twins import twin_of

_HERE = Path(__file__).parent
FILES = Shelf("/desk/", _HERE / "static")

VIEW_COOKIE = "sekisho_desk_view"
"""Says ``test`` while somebody looks at the test twin of their body."""


@dataclass(frozen=True)
class Desk:
    """``address``: base URL that invitations point to."""

    sign_in: SignIn
    pieces: Pieces
    worker: Worker
    address: str
    vault_key: bytes
    """The vault's public key: what is typed from paper is sealed to it."""
    vault_origin: str
    """Of the card form that a page of the desk frames."""


_desk: Desk | None = None


def open_desk(folder: Path, *, address: str, vault_key: bytes, vault_origin: str = "") -> Desk:
    """Open the desk of this process on its own folder."""
    global _desk
    own_words = _HERE / "words"
    topics = sorted({file.parent for file in own_words.glob("*/*.toml")})
    words = load_words(SIGN_IN_WORDS, own_words, *topics)
    gate = Gate(
        zone="client_desk",
        person=Person,
        invitation=Invitation,
        visit=Visit,
        keeper=SecretKeeper.from_folder(folder),
        ring=Ring(Party(address, "sekisho desk"), Passkey, Visit),
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
    worker = Worker(pieces, vault_key)
    _desk = Desk(sign_in, pieces, worker, address, vault_key, vault_origin)
    return _desk


def the_desk() -> Desk:
    """Return this process's desk. Raises ``RuntimeError`` before ``open_desk``."""
    if _desk is None:
        raise RuntimeError("the desk is not open")
    return _desk


def in_test_view(request: HttpRequest) -> bool:
    """Return whether the signed-in person looks at the test twin of their body."""
    return request.COOKIES.get(VIEW_COOKIE) == "test"


def acts_for(request: HttpRequest) -> str:
    """Return the client body that every crossing of this request names: the signed-in person's own,
    or its test twin. Never from the request's fields; the cookie chooses between these two only."""
    person: Any = request.person  # type: ignore[attr-defined]
    own: str = person.client_body
    return twin_of(own) if in_test_view(request) else own


def _frame(request: HttpRequest, words: dict[str, Any]) -> Frame:
    language = language_of(request)
    w = words[language]
    person = getattr(request, "person", None)
    body = client_bodies().get(person.client_body) if person else None
    name = "" if body is None else body.name_ja if language == "ja" else body.name_en
    menu, pages = menu_of(person.roles, request.path, w) if person else ([], [])
    return Frame(
        body=name or w["desk_for"],
        site=w["desk"],
        colophon=w["colophon"],
        accent=accent_of(body.colour) if body else None,
        menu=menu,
        pages=pages,
        test_view=in_test_view(request) if person else None,
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
