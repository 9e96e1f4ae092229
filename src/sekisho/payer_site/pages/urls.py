"""Addresses. One errand, one handle; the same for bills and policies from the card on.
``urls_bills`` and ``urls_policies`` are the URL modules of the two kinds of site."""

from __future__ import annotations

from django.urls import path, register_converter
from django.views.decorators.http import require_POST, require_safe

from sekisho.payer_site.pages import (
    bill,
    card,
    card_change,
    confirm,
    entry,
    link,
    outcome,
    policy,
    stay,
    wait,
)
from sekisho.vocabulary.twins import TEST_TOKEN_PREFIX


class Handle:
    """43 characters: ``new_token``."""

    regex = "[A-Za-z0-9_-]{43}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class LinkToken(Handle):
    """``link_token`` of payments; a twin's has its mark before it."""

    regex = f"(?:{TEST_TOKEN_PREFIX})?{Handle.regex}"


register_converter(Handle, "handle")
register_converter(LinkToken, "link_token")

OF_EVERY_SITE = [
    path("", require_safe(entry.entry), name="entry"),
    path("about", require_safe(entry.about), name="about"),
    path("status", outcome.status, name="status"),
    path("pay/<link_token:token>", require_safe(link.pay), name="pay"),
    path("e/<handle:handle>/bill", bill.bill, name="bill"),
    path("e/<handle:handle>/card", require_safe(card.card), name="card"),
    path("e/<handle:handle>/card/done", require_safe(card.card_done), name="card_done"),
    path("e/<handle:handle>/card/another", require_POST(card.another_card), name="another_card"),
    path("e/<handle:handle>/confirm", confirm.confirm, name="confirm"),
    path("e/<handle:handle>/progress", require_safe(wait.progress), name="progress"),
    path("e/<handle:handle>/state", require_safe(wait.state), name="state"),
    path("e/<handle:handle>/challenge", require_safe(wait.challenge), name="challenge"),
    path("e/<handle:handle>/outcome", require_safe(outcome.outcome), name="outcome"),
    path("e/<handle:handle>/extend", require_POST(stay.extend), name="extend"),
    path("e/<handle:handle>/cancel", require_POST(stay.cancel), name="cancel"),
    path("return/<handle:handle>", wait.returned, name="returned"),
]

OF_BILLS = [
    path("bill", bill.find_bill, name="find"),
]

OF_POLICIES = [
    path("policy", policy.find_policy, name="find"),
    path("card/<link_token:token>", card_change.change_card, name="change_card"),
    path("e/<handle:handle>/terms", policy.terms, name="terms"),
    path("e/<handle:handle>/person", policy.person, name="person"),
]
