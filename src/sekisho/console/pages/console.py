"""The open console: what its pages and doors share in one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from sekisho.console.records.models import Invitation, Passkey, Person, Visit
from sekisho.console.roles import may
from sekisho.sign_in.frame import WORDS as SIGN_IN_WORDS
from sekisho.sign_in.frame import Frame
from sekisho.sign_in.gate import Gate
from sekisho.sign_in.pages import SignIn, language_of
from sekisho.sign_in.passkeys import Party
from sekisho.sign_in.ring import Ring
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.sign_in.words import Words, load_words

_HERE = Path(__file__).parent

MENU = (
    ("/", "menu_now", "look"),
    ("/payments", "menu_payments", "look_into_payments"),
    ("/cases", "menu_cases", "see_cases"),
    ("/alarms", "menu_alarms", "look"),
    ("/disputes", "menu_disputes", "look_into_payments"),
    ("/guard", "menu_guard", "look_into_payments"),
    ("/ledger", "menu_ledger", "look_into_payments"),
    ("/settlement", "menu_settlement", "see_cases"),
    ("/reconciliations", "menu_reconciliations", "look_into_payments"),
    ("/account", "menu_account", "look"),
)


@dataclass(frozen=True)
class Console:
    """``address``: base URL that invitations point to."""

    sign_in: SignIn
    address: str


_console: Console | None = None


def open_console(folder: Path, *, address: str) -> Console:
    """Open the console of this process on its own folder."""
    global _console
    own_words = _HERE / "words"
    topics = sorted(file.parent for file in own_words.glob("*/ja.toml"))
    words = load_words(SIGN_IN_WORDS, own_words, *topics)
    gate = Gate(
        zone="console",
        person=Person,
        invitation=Invitation,
        visit=Visit,
        keeper=SecretKeeper.from_folder(folder),
        ring=Ring(Party(address, "sekisho console"), Passkey, Visit),
    )
    sign_in = SignIn(
        gate=gate,
        words=words,
        cookie="sekisho_console",
        issuer="sekisho console",
        tenants=False,
        secure=address.startswith("https:"),
        facts=lambda request: {"frame": _frame(request, words)},
    )
    _console = Console(sign_in, address)
    return _console


def the_console() -> Console:
    """Return this process's console. Raises ``RuntimeError`` before ``open_console``."""
    if _console is None:
        raise RuntimeError("the console is not open")
    return _console


def _frame(request: HttpRequest, words: dict[str, Words]) -> Frame:
    w = words[language_of(request)]
    person = getattr(request, "person", None)
    return Frame(
        body="sekisho",
        site=w["console"],
        colophon=w["colophon"],
        menu=[
            (address, w[label], _is_below(request.path, address))
            for address, label, right in MENU
            if person is not None and may(person.roles, right)
        ],
    )


def _is_below(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address + "/"))


class AdmitOperators:
    """Django middleware: who is this."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        the_console().sign_in.admit(request)
        return self._get_response(request)
