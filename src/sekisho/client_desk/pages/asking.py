"""How the desk's pages ask payments, and show its money and its refusals in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from sekisho import transport
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.message import Crossing
from sekisho.sign_in.pages import language_of
from sekisho.sign_in.words import Words
from sekisho.transport import TransportError

Reply = TypeVar("Reply")


def ask_or_none(message: Crossing[Reply]) -> Reply | None:
    """Return payments' answer to a question that can't be refused, ``None`` while it is away."""
    try:
        return transport.cross(message)
    except TransportError:
        return None


@contextmanager
def rows_of_view(request: HttpRequest) -> Iterator[str]:
    """Show the desk's rows of the body in view (the own one or its test twin) meanwhile."""
    person: Any = request.person  # type: ignore[attr-defined]
    client_body = acts_for(request)
    enter_body(client_body)
    try:
        yield client_body
    finally:
        enter_body(person.client_body)


def in_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return ``view`` with the rows of the body in view shown for its whole length."""

    def shown(request: HttpRequest, **places: Any) -> HttpResponse:
        with rows_of_view(request):
            return view(request, **places)

    return shown


def told(request: HttpRequest, code: str, *, topic: str = "refusal") -> str:
    """Return the sentence for a refusal's ``code``, the general one for a code without its own."""
    words: Words = the_desk().sign_in.words[language(request)]
    return words.get(f"{topic}_{code}") or words[f"{topic}_other"]


def word(request: HttpRequest, key: str) -> str:
    """Return a word, or the key's own last part for a value that has no word yet."""
    words: Words = the_desk().sign_in.words[language(request)]
    return words.get(key) or key.partition("_")[2].replace("_", " ")


def language(request: HttpRequest) -> str:
    """Return the reader's language."""
    return language_of(request)


def yen(amount: int) -> str:
    """Return yen as people read them: 12,345."""
    return f"{amount:,}"
