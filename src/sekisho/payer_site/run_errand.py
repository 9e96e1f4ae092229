"""An errand: what one tab is about, from the number typed to the outcome.

Its handle is in every address, so two tabs are two errands; the visit's cookie must match, so an
address alone (a history, a shared link, what the access control server saw) opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from django.db import transaction

from sekisho.crossings.payments import BillFacts, LinkOpened, PaymentStarted, PolicyFacts
from sekisho.payer_site.errors import ErrandGone
from sekisho.payer_site.keep_visit import digest
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_token

SHOWN_DIGITS = 4
MAX_ERRANDS_PER_VISIT = 30
"""Tabs that one browser may have open; the oldest without a payment goes first."""


def open_errand(visit: Visit, facts: BillFacts | PolicyFacts, number: str) -> str:
    """Begin an errand about a bill or policy; return its handle. ``number`` is what was typed; its
    last digits stay."""
    return _open(visit, facts, number[-SHOWN_DIGITS:])


def open_link_errand(visit: Visit, opened: LinkOpened) -> str:
    """Begin an errand about the bill of a link; return its handle."""
    return _open(
        visit,
        opened.bill,
        opened.payment_number[-SHOWN_DIGITS:] if opened.printed else opened.payment_number,
        link_id=opened.link_id,
        printed=opened.printed,
        test=opened.test,
        return_url=opened.return_url,
    )


def open_change_errand(visit: Visit, facts: PolicyFacts, handle: str, *, test: bool) -> Errand:
    """Begin an errand about another card for an enrolment, under a handle that was given out
    already (the vault's form returns to it)."""
    number = facts.policy_number[-SHOWN_DIGITS:]
    _open(visit, facts, number, handle, card_change=True, test=test, agreed_at=now())
    return find_errand(visit, handle)


def _open(
    visit: Visit,
    facts: BillFacts | PolicyFacts,
    shown_number: str,
    handle: str = "",
    **more: Any,
) -> str:
    handle = handle or new_token()
    stale = Errand.objects.filter(visit=visit, payment_id="").order_by("-opened_at").values("pk")
    Errand.objects.filter(
        pk__in=[row["pk"] for row in stale[MAX_ERRANDS_PER_VISIT - 1 : MAX_ERRANDS_PER_VISIT + 50]]
    ).delete()
    Errand.objects.create(
        handle_digest=digest(handle),
        visit=visit,
        kind="bill" if isinstance(facts, BillFacts) else "policy",
        facts=msgspec.to_builtins(facts),
        shown_number=shown_number,
        payment_key=new_token(),
        opened_at=now(),
        **more,
    )
    return handle


def find_errand(visit: Visit | None, handle: str) -> Errand:
    """Return the errand of ``handle`` if it is this visit's. Raises ``ErrandGone``."""
    if visit is None:
        raise ErrandGone("no visit")
    found = Errand.objects.filter(handle_digest=digest(handle), visit=visit).first()
    if found is None:
        raise ErrandGone("no such errand in this visit")
    return found


def find_returned(handle: str) -> Errand:
    """Return the errand that a challenge came back for: the post from the access control server
    brings no cookie (SameSite=Lax), so its unguessable handle must do. Raises ``ErrandGone``."""
    found = Errand.objects.filter(handle_digest=digest(handle)).exclude(payment_id="").first()
    if found is None:
        raise ErrandGone("no such errand")
    return found


@contextmanager
def one_at_a_time(errand: Errand) -> Iterator[Errand]:
    """Give the errand's row to this request alone, so that two clicks follow one another."""
    with transaction.atomic():
        try:
            yield Errand.objects.select_for_update().get(pk=errand.pk)
        except Errand.DoesNotExist:
            raise ErrandGone("it was removed meanwhile") from None


def facts_of(errand: Errand) -> BillFacts | PolicyFacts:
    """Return what the errand is about."""
    kind: Any = BillFacts if errand.kind == "bill" else PolicyFacts
    found: BillFacts | PolicyFacts = msgspec.convert(errand.facts, kind)
    return found


def key_of_turn(errand: Errand) -> str:
    """Return the idempotency key of this turn: said twice it is one payment."""
    return f"{errand.payment_key}.{errand.turn}"


def note_started(errand: Errand, started: PaymentStarted) -> None:
    """Note the payment that was started; the turn is over."""
    errand.payment_id = started.payment_id
    errand.reference = started.reference
    errand.card_form_url = started.card_form_url
    errand.confirmed_at = None
    errand.turn += 1
    errand.save()


def note_unasked(errand: Errand) -> None:
    """The order to charge was not taken up: it is sure again that nothing was charged."""
    Errand.objects.filter(pk=errand.pk, payment_id=errand.payment_id).update(confirmed_at=None)


def note_done(errand: Errand) -> None:
    """The errand has its outcome: what was typed for it is no longer needed here."""
    if errand.sealed is not None:
        errand.sealed = None
        errand.save(update_fields=["sealed"])
