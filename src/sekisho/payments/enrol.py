"""Enrol: a holder finds the policy, applies, and has the card checked.

The card check is a payment of kind ``card_check``: 3-D Secure and an authorisation of 0 yen (or 1
yen, given back). When the issuer says that the card is good the enrolment is active and the vault
keeps the card for the yearly charge; the security code is gone by then (PCI DSS 3.3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import psycopg

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    FindPolicy,
    PaymentStarted,
    PolicyFound,
    StartEnrolment,
)
from sekisho.crossings.vault import MatchItem, StoreItems
from sekisho.payments import limits
from sekisho.payments.count_tries import Asking, count_wrong, refuse_too_many
from sekisho.payments.open_card_form import already_begun, check_addresses, open_card_form
from sekisho.payments.read_bill import refuse_closed
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room, who
from sekisho.payments.show_payment import policy_facts
from sekisho.payments.site_rules import SiteRules
from sekisho.payments.write_payment import (
    START_KEY,
    NewPayment,
    find_started,
    supersede_others,
    write_payment,
)
from sekisho.transport import cross
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.identifiers import new_id

_NO_TOKEN = "none"  # noqa: S105 - asked for when there is no policy, so that both take as long

SELECT_POLICY = (
    "SELECT o.id, o.policy_number, o.product_ja, o.product_en, o.yearly_premium_yen,"
    " o.joined_month, o.ended, o.date_of_birth_token, EXISTS (SELECT FROM enrolment e"
    " WHERE e.policy_id = o.id AND e.status = 'active'),"
    " EXISTS (SELECT FROM payment p WHERE p.held_for = o.id) FROM policy o"
)


class Applicant(NamedTuple):
    """Who applies: tokens of the vault, and the language of the mails."""

    subject: str
    email_token: str | None
    language: str


def first_charge_month(applied_on: date, joined_month: int) -> str:
    """Return the first month (``YYYY-MM``) in which the premium is charged by card: the next month
    of joining (1-12) after the month of the application, as the charge is prepared by the end of
    the month before. Raises ``ValueError`` for no month."""
    if not 1 <= joined_month <= 12:
        raise ValueError("a month is from 1 to 12")
    year = applied_on.year if joined_month > applied_on.month else applied_on.year + 1
    return f"{year:04d}-{joined_month:02d}"


def find_policy(room: Room, caller: Caller, message: FindPolicy) -> PolicyFound:
    """Return the policy whose number and holder's date of birth are right. Raises ``Refusal`` as
    ``FindPolicy`` describes."""
    rules = _policy_site(room, caller)
    number = message.policy_number
    least, most = limits.POLICY_DIGITS
    if not (number.isascii() and number.isdigit() and least <= len(number) <= most):
        raise Refusal("number_wrong", f"{least} to {most} digits", "policy_number")
    if len(message.sealed_date_of_birth) > limits.MAX_BOX_BYTES:
        raise Refusal("box_broken", "too large", "sealed_date_of_birth")
    now = room.now()
    refuse_closed(rules, now)
    asking = Asking(message.source, message.session, number)
    with acting_for(rules.client_body) as rows:
        room.card_entries.refuse_closed(rows, rules.site)
        refuse_too_many(rows, rules, asking, now)
        policy = rows.one(
            SELECT_POLICY + " WHERE o.client_body = %s AND o.policy_number = %s",
            [rules.client_body, number],
        )
    if not _date_of_birth_is_right(rules, policy, message.sealed_date_of_birth):
        with acting_for(rules.client_body) as rows:
            count_wrong(rows, rules, asking, now)
        raise Refusal("policy_unknown")
    return PolicyFound(policy=policy_facts(refuse_unenrollable(policy)[:6]))


def _policy_site(room: Room, caller: Caller) -> SiteRules:
    rules = room.site_of(caller)
    if rules.section.kind != "policies":
        raise Refusal("policy_unknown", "this site takes no policies")
    return rules


def _date_of_birth_is_right(rules: SiteRules, policy: Row | None, box: bytes) -> bool:
    """Ask the vault; also when there is no policy, so that the time taken tells nothing."""
    try:
        matched = cross(
            MatchItem(
                token=policy[7] if policy else _NO_TOKEN,
                client_body=rules.client_body,
                kind="date_of_birth",
                box=box,
            )
        )
    except Refusal as refusal:
        if refusal.code == "token_unknown":
            return False
        raise
    return matched.matches and policy is not None


def refuse_unenrollable(policy: Row | None) -> Row:
    """Return the policy (``SELECT_POLICY``) if somebody may apply for it. Raises ``Refusal``
    ``policy_unknown``, ``policy_ended``, ``policy_enrolled``."""
    if policy is None:
        raise Refusal("policy_unknown")
    _, _, _, _, _, _, ended, _, enrolled, in_check = policy
    if ended:
        raise Refusal("policy_ended")
    if enrolled or in_check:
        raise Refusal("policy_enrolled")
    return policy


def start_enrolment(room: Room, caller: Caller, message: StartEnrolment) -> PaymentStarted:
    """Apply and have the card form opened. Raises ``Refusal`` ``policy_unknown``,
    ``policy_ended``, ``policy_enrolled``, ``site_closed``, ``key_reused``, and the vault's
    (``item_invalid`` with the field, ``box_broken``); nothing is written then."""
    rules = _policy_site(room, caller)
    _check_start(message)
    payment_id, by, now = new_id("pay"), who(caller), room.now()
    with acting_for(rules.client_body) as rows:
        earlier = find_started(rows, rules.site, message.key)
        if earlier is None:
            refuse_closed(rules, now)
            room.card_entries.refuse_closed(rows, rules.site)
            _policy_by_id(rows, message.policy_id)
    try:
        if earlier is None:
            stored = cross(
                StoreItems(key=payment_id, client_body=rules.client_body, box=message.box)
            )
            with acting_for(rules.client_body) as rows:
                policy = _policy_by_id(rows, message.policy_id)
                enrolment_id = write_enrolment(
                    rows,
                    rules,
                    policy,
                    Applicant(stored.subject, stored.tokens.get("email"), message.language),
                    applied_on=business_date(now),
                    today=business_date(now),
                    by=by,
                )
                new = _check_of(rules, message, enrolment_id, payment_id, stored.tokens)
                started = write_payment(rows, rules, new, by=by, now=now)
                supersede_others(rows, new, by=by, now=now)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != START_KEY:
            raise
        with acting_for(rules.client_body) as rows:
            earlier = find_started(rows, rules.site, message.key)
    if earlier is not None:
        started = earlier.same_as(message.policy_id, rules.section.card_check_yen)
        if not earlier.open:
            return already_begun(started)
    return open_card_form(
        rules, started, parent_origin=message.parent_origin, return_url=message.return_url
    )


def _check_of(
    rules: SiteRules,
    message: StartEnrolment,
    enrolment_id: str,
    payment_id: str,
    tokens: Mapping[str, str],
) -> NewPayment:
    return NewPayment(
        key=message.key,
        kind="card_check",
        language=message.language,
        amount_yen=rules.section.card_check_yen,
        policy_id=message.policy_id,
        enrolment_id=enrolment_id,
        payment_id=payment_id,
        email_token=tokens.get("email"),
    )


def _check_start(message: StartEnrolment) -> None:
    if not 1 <= len(message.key) <= limits.MAX_KEY_CHARACTERS:
        raise Refusal("key_wrong", f"1 to {limits.MAX_KEY_CHARACTERS} characters", "key")
    if len(message.box) > limits.MAX_BOX_BYTES:
        raise Refusal("box_broken", "too large", "box")
    check_addresses(message.parent_origin, message.return_url)


def _policy_by_id(rows: Rows, policy_id: str) -> Row:
    return refuse_unenrollable(rows.one(SELECT_POLICY + " WHERE o.id = %s", [policy_id]))


def write_enrolment(
    rows: Rows,
    rules: SiteRules,
    policy: Row,
    applicant: Applicant,
    *,
    applied_on: date,
    today: date,
    by: str,
    channel: str = "site",
) -> str:
    """Write an enrolment down in status *applied* and return its id. ``policy`` as read by
    ``SELECT_POLICY``; the first charge lies after ``today``, however old the paper is."""
    enrolment_id = new_id("enrol")
    rows.do(
        "INSERT INTO enrolment (id, client_body, site, policy_id, subject, email_token, language,"
        " applied_on, first_charge_month, channel, moved_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            enrolment_id,
            rules.client_body,
            rules.site,
            policy[0],
            applicant.subject,
            applicant.email_token,
            applicant.language,
            applied_on,
            first_charge_month(today, policy[5]),
            channel,
            by,
        ],
    )
    return enrolment_id
