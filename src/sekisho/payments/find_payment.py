"""Find a payment again by what its payer has in hand."""

from __future__ import annotations

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FindPayment, PaymentShown
from sekisho.payments.count_tries import Asking, count_wrong, refuse_too_many
from sekisho.payments.records.session import acting_for
from sekisho.payments.room import Room
from sekisho.payments.show_payment import read_shown
from sekisho.transport.doors import Caller
from sekisho.vocabulary.twins import twin_of

_SELECT = (
    "SELECT p.id, p.site FROM payment p"
    " LEFT JOIN bill b ON b.id = p.bill_id"
    " LEFT JOIN enrolment e ON e.id = p.enrolment_id"
    " LEFT JOIN policy o ON o.id = e.policy_id"
    " WHERE p.reference = %s AND p.site = ANY(%s) AND p.kind <> 'charge'"
    " AND %s IN (b.payment_number, o.policy_number)"
)


def find_payment(room: Room, caller: Caller, message: FindPayment) -> PaymentShown:
    """Return what the payer may see. Raises ``Refusal`` ``payment_unknown`` when reference and
    number do not belong together on this site, and ``too_many_tries``: a reference has 60 random
    bits, but whoever found one shall not get at its bill by guessing numbers."""
    rules = room.site_of(caller)
    twin = room.sites[twin_of(rules.site)]
    now = room.now()
    asking = Asking(message.source, message.session, f"reference {message.reference}")
    with acting_for(f"{rules.client_body},{twin.client_body}") as rows:
        refuse_too_many(rows, rules, asking, now)
        found = rows.one(_SELECT, [message.reference, [rules.site, twin.site], message.number])
        if found is not None:
            return read_shown(rows, *found)
        count_wrong(rows, rules, asking, now)
    raise Refusal("payment_unknown")
