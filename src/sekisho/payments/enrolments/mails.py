"""What a holder is told by mail of the life of an enrolment. Who has no mail is told on paper by
the client body: its work list at the desk shows who that is."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sekisho.crossings import vault
from sekisho.payments import post_orders
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows
from sekisho.transport.outbox import post
from sekisho.vocabulary.twins import live_of

MailTemplate = Literal[
    "card_change", "card_changed", "card_expires", "enrolment_ended", "enrolment_reinstated"
]


class Holder(NamedTuple):
    """What a mail needs of an enrolment."""

    enrolment_id: str
    client_body: str
    site: str
    email_token: str | None
    language: str
    product_ja: str
    product_en: str
    brand: str
    last_four: str
    step: int


def holder_of(rows: Rows, enrolment_id: str | None) -> Holder | None:
    """Return it as it is now."""
    row = rows.one(
        "SELECT e.id, e.client_body, e.site, e.email_token, e.language, o.product_ja,"
        " o.product_en, e.brand, e.last_four, e.step FROM enrolment e"
        " JOIN policy o ON o.id = e.policy_id WHERE e.id = %s",
        [enrolment_id],
    )
    return Holder(*row) if row else None


def mail_card_in_use(rows: Rows, payment: Payment) -> None:
    """Confirm an enrolment whose card is good, or that another card is in use from now on."""
    changed = rows.one("SELECT card_change FROM payment WHERE id = %s", [payment.id])
    if changed is None or not changed[0]:
        post_orders.mail_enrolled(rows, payment)
        return
    tell_holder(rows, payment.enrolment_id, "card_changed", {"reference": payment.reference})


def tell_holder(
    rows: Rows,
    enrolment_id: str | None,
    template: MailTemplate,
    facts: dict[str, str | int],
    *,
    link_token: str = "",
) -> bool:
    """Send a mail about an enrolment, once for each of its steps; return whether there is an
    address to send it to. ``link_token``: the vault makes a link to the site's card page of it."""
    holder = holder_of(rows, enrolment_id)
    if holder is None or holder.email_token is None:
        return False
    japanese = holder.language == "ja"
    product = holder.product_ja if japanese else holder.product_en or holder.product_ja
    post(
        vault.SendMail(
            key=f"{template}:{holder.enrolment_id}:{holder.step}",
            token=holder.email_token,
            client_body=holder.client_body,
            template=template,
            language="ja" if japanese else "en",
            facts={
                "product": product,
                "card": f"{holder.brand} **** {holder.last_four}",
                "site": live_of(holder.site),
                **facts,
            },
            link_token=link_token,
        )
    )
    return True
