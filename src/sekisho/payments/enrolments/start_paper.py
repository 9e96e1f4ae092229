"""First entry of an application on paper, or of another card that came on paper.

The desk seals what a clerk types to the vault; here are the policy's number, the date on the paper
and tokens. The card goes from the clerk's browser to the vault's own form."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import psycopg

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    Language,
    PaperFormOpened,
    StartPaper,
    StartPaperCardChange,
)
from sekisho.crossings.vault import MatchItem, OpenPaperCardForm, StoreItems
from sekisho.payments import limits as room_limits
from sekisho.payments.after_payment.asker import person
from sekisho.payments.enrol import (
    SELECT_POLICY,
    Applicant,
    refuse_unenrollable,
    write_enrolment,
)
from sekisho.payments.enrolments import limits
from sekisho.payments.enrolments.papers import Paper, paper_of_key, paper_shown, read_paper
from sekisho.payments.enrolments.show import read_enrolment
from sekisho.payments.open_card_form import check_addresses
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.payments.write_payment import NewPayment, supersede_others, write_payment
from sekisho.transport import cross
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.twins import id_prefix

_ONCE = frozenset({"paper_start_key", "payment_start_key"})


def policy_rules(room: Room, client_body: str) -> SiteRules:
    """Return the rules of the body's site for policies. Raises ``Refusal``
    ``client_body_unknown``: one body, never all."""
    for rules in room.sites.values():
        if rules.client_body == client_body and rules.section.kind == "policies":
            return rules
    raise Refusal("client_body_unknown", "no site of it takes policies", "client_body")


def start_paper(room: Room, caller: Caller, message: StartPaper) -> PaperFormOpened:
    """Take the first entry and open the card form. Raises ``Refusal`` as ``StartPaper``
    describes; nothing is written then."""
    rules, by = policy_rules(room, message.client_body), person(caller, message.by)
    now = room.now()
    _check_key(message.key)
    check_addresses(message.parent_origin, message.return_url)
    check_box(message.box)
    check_date(message.applied_on, now)
    with acting_for(rules.client_body) as rows:
        earlier = paper_of_key(rows, rules.client_body, message.key)
        if earlier is None:
            room.card_entries.refuse_closed(rows, rules.site)
            policy = _policy(rows, rules, message.policy_number)
    if earlier is None:
        _match_birth(rules, policy, message.box)
        payment_id = new_id(id_prefix("pay", rules.site))
        stored = cross(StoreItems(key=payment_id, client_body=rules.client_body, box=message.box))
        applicant = Applicant(stored.subject, stored.tokens.get("email"), "ja")
        try:
            with acting_for(rules.client_body) as rows:
                policy = _policy(rows, rules, message.policy_number)
                enrolment_id = write_enrolment(
                    rows,
                    rules,
                    policy,
                    applicant,
                    applied_on=message.applied_on,
                    today=business_date(now),
                    by=by,
                    channel="paper",
                )
                new = _check(rules, policy[0], enrolment_id, payment_id, message.key)
                new = new._replace(email_token=applicant.email_token)
                paper = _write(rows, rules, new, "application", message.applied_on, by=by, now=now)
        except psycopg.errors.UniqueViolation as violation:
            if violation.diag.constraint_name not in _ONCE:
                raise
            with acting_for(rules.client_body) as rows:
                earlier = paper_of_key(rows, rules.client_body, message.key)
    if earlier is not None:
        paper = _same(earlier, message.policy_number, "application")
    return open_form(room, paper, message.language, message.parent_origin, message.return_url)


def start_paper_card_change(
    room: Room, caller: Caller, message: StartPaperCardChange
) -> PaperFormOpened:
    """Take another card for an active enrolment from paper. Raises ``Refusal`` as
    ``StartPaperCardChange`` describes."""
    rules, by = policy_rules(room, message.client_body), person(caller, message.by)
    now = room.now()
    _check_key(message.key)
    check_addresses(message.parent_origin, message.return_url)
    try:
        with acting_for(rules.client_body) as rows:
            room.card_entries.refuse_closed(rows, rules.site)
            shown = read_enrolment(rows, message.enrolment_id)
            earlier = paper_of_key(rows, rules.client_body, message.key)
            if earlier is None:
                if shown.status != "active":
                    raise Refusal("not_active", f"the enrolment is {shown.status}", "enrolment_id")
                payment_id = new_id(id_prefix("pay", rules.site))
                new = _check(
                    rules, shown.policy.policy_id, shown.enrolment_id, payment_id, message.key
                )._replace(card_change=True)
                today = business_date(now)
                paper = _write(rows, rules, new, "card_change", today, by=by, now=now)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name not in _ONCE:
            raise
        with acting_for(rules.client_body) as rows:
            earlier = paper_of_key(rows, rules.client_body, message.key)
    if earlier is not None:
        paper = _same(earlier, shown.policy.policy_number, "card_change")
    return open_form(room, paper, message.language, message.parent_origin, message.return_url)


def _check_key(key: str) -> None:
    most = room_limits.MAX_KEY_CHARACTERS - len("paper:")
    if not 1 <= len(key) <= most:
        raise Refusal("key_wrong", f"1 to {most} characters", "key")


def check_box(box: bytes) -> None:
    """Raise ``Refusal`` ``box_broken`` for a box that is too large to pass on."""
    if len(box) > room_limits.MAX_BOX_BYTES:
        raise Refusal("box_broken", "too large", "box")


def check_date(applied_on: date, now: datetime) -> None:
    """Raise ``Refusal`` ``date_wrong`` for a paper of tomorrow or of long ago."""
    today = business_date(now)
    if applied_on > today:
        raise Refusal("date_wrong", "lies in the future", "applied_on")
    if applied_on < today - timedelta(days=limits.MAX_PAPER_AGE_DAYS):
        most = limits.MAX_PAPER_AGE_DAYS
        raise Refusal("date_wrong", f"lies more than {most} days back", "applied_on")


def _policy(rows: Rows, rules: SiteRules, number: str) -> Row:
    found = rows.one(
        SELECT_POLICY + " WHERE o.client_body = %s AND o.policy_number = %s",
        [rules.client_body, number[:40]],
    )
    try:
        return refuse_unenrollable(found)
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, "policy_number") from None


def _match_birth(rules: SiteRules, policy: Row, box: bytes) -> None:
    """The date of birth on the paper must be the policy's: else it is another holder's paper, or
    the number was mistyped."""
    birth = MatchItem(token=policy[7], client_body=rules.client_body, kind="date_of_birth", box=box)
    if not cross(birth).matches:
        raise Refusal("birth_differs", "not the date of birth of this policy", "date_of_birth")


def _check(
    rules: SiteRules, policy_id: str, enrolment_id: str, payment_id: str, key: str
) -> NewPayment:
    return NewPayment(
        key=f"paper:{key}",
        kind="card_check",
        language="ja",
        amount_yen=rules.section.card_check_yen,
        policy_id=policy_id,
        enrolment_id=enrolment_id,
        payment_id=payment_id,
        lasts=limits.PAPER_OPEN,
    )


def _write(
    rows: Rows,
    rules: SiteRules,
    new: NewPayment,
    purpose: str,
    applied_on: date,
    *,
    by: str,
    now: datetime,
) -> Paper:
    write_payment(rows, rules, new, by=by, now=now)
    supersede_others(rows, new, by=by, now=now)
    application_id = new_id("paper")
    rows.do(
        "INSERT INTO paper_application (id, client_body, enrolment_id, payment_id, start_key,"
        " purpose, check_kind, applied_on, entered_by, entered_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            application_id,
            rules.client_body,
            new.enrolment_id,
            new.payment_id,
            new.key.removeprefix("paper:"),
            purpose,
            rules.section.paper_check,
            applied_on,
            by,
            now,
        ],
    )
    return read_paper(rows, application_id)


def _same(earlier: Paper, policy_number: str, purpose: str) -> Paper:
    if (earlier.policy_number, earlier.purpose) != (policy_number, purpose):
        raise Refusal("key_reused", "this key began another application", "key")
    return earlier


def open_form(
    room: Room,
    paper: Paper,
    language: Language,
    parent_origin: str,
    return_url: str,
    *,
    compare_with: str = "",
) -> PaperFormOpened:
    """Open a fresh card form for the application, unless no card is asked for any more.
    ``compare_with``: the first entry's card, for the second entry."""
    if paper.status not in ("card_awaited", "check_awaited", "differs"):
        return PaperFormOpened(paper=paper_shown(paper), card_form_url="")
    rules = room.sites[paper.site]
    opened = cross(
        OpenPaperCardForm(
            payment_id=paper.payment_id,
            client_body=paper.client_body,
            site=paper.site,
            language=language,
            parent_origin=parent_origin,
            return_url=return_url.replace("{application_id}", paper.id),
            accepted_brands=list(rules.section.brands),
            expires_at=min(paper.expires_at, room.now() + limits.PAPER_FORM_OPEN),
            compare_with=compare_with,
        )
    )
    return PaperFormOpened(paper=paper_shown(paper), card_form_url=opened.url)
