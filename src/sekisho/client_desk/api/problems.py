"""Every way in which the API says no: a stable code, its HTTP status, what it means (RFC 9457).

One table for all: what doors of other zones refuse, what the desk refuses, and what the edge
refuses before the desk is asked. A code never changes its meaning; new ones may come."""

from __future__ import annotations

from typing import NamedTuple

UNNAMED = "refused"
"""Of a refusal that this table does not know; a test keeps it out of use."""


class Kind(NamedTuple):
    """``status``: HTTP. ``title``: the same for every occurrence."""

    status: int
    title: str


PROBLEMS: dict[str, Kind] = {
    # --- before anything is looked at: who asks, how it is sent ---------------------------------
    "malformed": Kind(400, "The request can't be read: bad JSON, a name said twice, a bad escape."),
    "idempotency_key_missing": Kind(400, "A POST needs an Idempotency-Key header."),
    "idempotency_key_wrong": Kind(
        400, "An Idempotency-Key is 1 to 255 letters, digits and -._: characters."
    ),
    "key_missing": Kind(401, "There is no API key: Authorization: Bearer sk_..."),
    "key_not_good": Kind(401, "The API key is unknown, has expired or was revoked."),
    "scope_needed": Kind(403, "The API key lacks the scope that this needs."),
    "second_person_needed": Kind(
        403, "Above the limit that one may give back alone: ask for it on the portal."
    ),
    "not_accepted": Kind(403, "The request looks like an attack and was not accepted."),
    "path_unknown": Kind(404, "There is nothing at this address."),
    "method_not_allowed": Kind(405, "The address does not take this method."),
    "length_required": Kind(411, "The length of the body must be said."),
    "body_too_large": Kind(413, "The body, or a text in it, is too long."),
    "address_too_long": Kind(414, "The address is too long."),
    "content_type_wrong": Kind(415, "The body must be application/json in UTF-8, not compressed."),
    "headers_too_large": Kind(431, "The headers are too large."),
    "invalid": Kind(422, "A field of the request is not as it must be; `errors` names each."),
    "key_reused": Kind(422, "The Idempotency-Key was used with another request."),
    "in_flight": Kind(409, "The same request is being worked on: say it again shortly."),
    "too_many_requests": Kind(429, "Too many requests: wait as Retry-After says."),
    "too_many_exports": Kind(429, "Too many exports are under way: wait as Retry-After says."),
    "fault": Kind(500, "Something broke. Say it again with the same Idempotency-Key."),
    "sender_away": Kind(503, "The sender of webhooks is away: say it again with the same key."),
    "unavailable": Kind(503, "What the answer needs is away: say it again with the same key."),
    # --- there is no such thing (also when it is another client body's) ---------------------------
    "bill_unknown": Kind(404, "No such bill."),
    "link_unknown": Kind(404, "No such payment link."),
    "payment_unknown": Kind(404, "No such payment."),
    "refund_unknown": Kind(404, "No such refund."),
    "dispute_unknown": Kind(404, "No such dispute."),
    "enrolment_unknown": Kind(404, "No such enrolment."),
    "run_unknown": Kind(404, "No such charge run."),
    "settlement_unknown": Kind(404, "No such settlement."),
    "payout_unknown": Kind(404, "No such payout."),
    "event_unknown": Kind(404, "No such event."),
    "endpoint_unknown": Kind(404, "No such webhook endpoint."),
    "delivery_unknown": Kind(404, "No such delivery."),
    "client_body_unknown": Kind(404, "The key's client body is not set up for this."),
    # --- it is in no state for that ---------------------------------------------------------------
    "bill_paid": Kind(409, "The bill is paid."),
    "bill_in_payment": Kind(409, "A payment holds the bill, perhaps with an unknown outcome."),
    "bill_withdrawn": Kind(409, "The bill was withdrawn."),
    "bill_over_limit": Kind(409, "The bill is over what may be paid by card."),
    "reference_taken": Kind(409, "The reference belongs to another bill already."),
    "not_capturable": Kind(409, "The payment does not wait for its capture."),
    "not_voidable": Kind(409, "The payment holds no authorisation to give back."),
    "not_captured": Kind(409, "The payment was not captured, so nothing can be given back."),
    "left_changed": Kind(409, "What is left to give back is not what the request says."),
    "in_dispute": Kind(409, "The payment is disputed: its money is not here."),
    "dispute_over": Kind(409, "The dispute is over."),
    "dispute_answered": Kind(409, "The dispute was answered already."),
    "too_late": Kind(409, "The day to answer by is past."),
    "endpoint_off": Kind(409, "The webhook endpoint is switched off."),
    "too_many_endpoints": Kind(409, "There are as many webhook endpoints as there may be."),
    "not_active": Kind(409, "The enrolment is not active."),
    "not_ended": Kind(409, "The enrolment has not ended."),
    "card_forgotten": Kind(409, "The enrolment's card was forgotten: it needs another one."),
    "policy_ended": Kind(409, "The policy has ended."),
    "policy_enrolled": Kind(409, "The policy has another enrolment."),
    "no_mail": Kind(409, "The holder's e-mail address is not known."),
    "asked_lately": Kind(409, "The holder was asked a short while ago."),
    # --- a field says what can't be ---------------------------------------------------------------
    "cursor_wrong": Kind(422, "The cursor is none that was given for this list."),
    "limit_wrong": Kind(422, "The limit is out of bounds."),
    "filter_wrong": Kind(422, "A filter is not as it must be."),
    "after_wrong": Kind(422, "The cursor is none that was given for this list."),
    "state_unknown": Kind(422, "No such state."),
    "kind_unknown": Kind(422, "No such kind of event."),
    "kinds_wrong": Kind(422, "A kind of event is not there."),
    "url_refused": Kind(422, "Nothing can be sent to the address; `detail` says why."),
    "description_wrong": Kind(422, "The description is too long or has control characters."),
    "day_wrong": Kind(422, "The day is out of bounds."),
    "payee_unknown": Kind(422, "The payee number is none of the client body's."),
    "wrong_length": Kind(422, "A number has the wrong length."),
    "amount_out_of_bounds": Kind(422, "The amount is out of bounds."),
    "amount_wrong": Kind(422, "The amount is not as it must be."),
    "text_wrong": Kind(422, "A text is empty, too long or has characters that can't be kept."),
    "year_wrong": Kind(422, "The fiscal year is out of bounds."),
    "dates_in_wrong_order": Kind(422, "Dates are in the wrong order."),
    "reference_wrong": Kind(422, "The reference has other characters than letters, digits, -._/."),
    "expires_wrong": Kind(422, "The end is past or too far away."),
    "return_url_wrong": Kind(422, "The return address is no https address."),
    "site_unknown": Kind(422, "No such site of the client body."),
    "site_needed": Kind(422, "The client body has several sites: say which."),
    "what_wrong": Kind(422, "Say either a bill or what to pay, not both."),
    "reason_wrong": Kind(422, "The reason is empty or too long."),
    "grounds_wrong": Kind(422, "The grounds are empty or too long."),
    "by_wrong": Kind(422, "Who asks is not as it must be."),
    "key_wrong": Kind(422, "The key of the order is not as it must be."),
    UNNAMED: Kind(409, "The request was refused; `detail` says why."),
}

BY_STATUS = {
    400: "malformed",
    403: "not_accepted",
    404: "path_unknown",
    405: "method_not_allowed",
    411: "length_required",
    413: "body_too_large",
    414: "address_too_long",
    415: "content_type_wrong",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "fault",
    503: "unavailable",
}
"""What a bare status without a code means: Django's and the edge's own answers."""


def kind_of(code: str) -> Kind:
    """Return status and title of ``code``."""
    return PROBLEMS.get(code, PROBLEMS[UNNAMED])


class Problem(Exception):
    """A no of the desk itself, with a code of the table."""

    def __init__(
        self, code: str, detail: str = "", field: str | None = None, retry_seconds: int = 0
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_seconds = retry_seconds
