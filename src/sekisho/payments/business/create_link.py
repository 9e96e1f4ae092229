"""A client body makes a page's address where one bill can be paid: a printed one, or one that is
made for the link and has no slip."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CreateLink, LinkShown, ToPay
from sekisho.payments.business.link_token import link_token, token_hash
from sekisho.payments.business.put_bill import MAX_ITEM_CHARACTERS
from sekisho.payments.business.read_link import read_link
from sekisho.payments.business.whose import (
    Said,
    check_by,
    check_text,
    is_key_taken,
    made_before,
    note_made,
    one_body,
    said,
)
from sekisho.payments.charge_fee import charge_fee
from sekisho.payments.read_bill import bill_by_id, refuse_unpayable
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import TOKYO
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.money import MAX_AMOUNT_YEN
from sekisho.vocabulary.twins import id_prefix, live_of, twin_of

LINK_LIFE = timedelta(days=30)
MAX_LINK_LIFE = timedelta(days=365)
MAX_RETURN_URL_CHARACTERS = 1_000
NO_SLIP = ""
"""The payee number of a bill that was made for a link: no slip's numbers find it."""

_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,40}")
_BILL_NUMBER = "bill_number"


def create_link(room: Room, caller: Caller, message: CreateLink) -> LinkShown:
    """Make a link, or return the one that the same key made. Raises ``Refusal`` as ``CreateLink``
    describes."""
    body, by = one_body(room, message.client_body), check_by(caller, message.by)
    deed, now = said(message, body, message.key), room.now()
    if (message.bill_id is None) == (message.to_pay is None):
        raise Refusal("what_wrong", "say either bill_id or to_pay", "bill_id")
    _check_return_url(message.return_url)
    try:
        with acting_for(body) as rows:
            before = made_before(rows, deed)
            if before is None:
                before = _make(room, rows, deed, message, by=by, now=now)
            return read_link(room, rows, before)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name == _BILL_NUMBER:
            raise _taken() from None
        if not is_key_taken(violation):
            raise
    with acting_for(body) as rows:
        return read_link(room, rows, made_before(rows, deed) or "")


def _taken() -> Refusal:
    return Refusal("reference_taken", "another payment has this reference", "to_pay.reference")


def _make(
    room: Room, rows: Rows, deed: Said, message: CreateLink, *, by: str, now: datetime
) -> str:
    expires_at = _expiry(message.expires_at, now)
    if message.to_pay is not None:
        rules = _site(room, deed.client_body, message.site, None)
        bill_id = _make_bill(rows, rules, message.to_pay, expires_at, now)
    else:
        bill_id = message.bill_id or ""
        rules = _check_bill(room, rows, deed.client_body, message.site, bill_id, now)
    link_id = new_id(id_prefix("link", deed.client_body))
    rows.do(
        "INSERT INTO payment_link (id, client_body, site, bill_id, token_hash, return_url,"
        " created_at, created_by, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            link_id,
            deed.client_body,
            rules.site,
            bill_id,
            token_hash(link_token(room.link_key, link_id)),
            message.return_url,
            now,
            by,
            expires_at,
        ],
    )
    note_made(rows, deed, link_id)
    evidence.append(
        kind="payments.link_made",
        subject=link_id,
        facts={"client_body": deed.client_body, "bill_id": bill_id, "by": by},
    )
    return link_id


def _expiry(asked: datetime | None, now: datetime) -> datetime:
    if asked is None:
        return now + LINK_LIFE
    if asked.tzinfo is None:
        raise Refusal("expires_wrong", "needs its time zone, such as +09:00", "expires_at")
    if not now < asked <= now + MAX_LINK_LIFE:
        days = MAX_LINK_LIFE.days
        raise Refusal("expires_wrong", f"in the future, at most {days} days on", "expires_at")
    return asked


def _check_return_url(url: str) -> None:
    """An address of the body's own: https and nothing odd in it, as the payer is sent there."""
    if not url:
        return
    detail = f"an https address of at most {MAX_RETURN_URL_CHARACTERS} plain characters"
    if len(url) > MAX_RETURN_URL_CHARACTERS or not re.fullmatch(r"[!-~]+", url):
        raise Refusal("return_url_wrong", detail, "return_url")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise Refusal("return_url_wrong", detail, "return_url") from None
    if parts.scheme != "https" or not host or parts.username is not None or "\\" in url:
        raise Refusal("return_url_wrong", detail, "return_url")


def _site(room: Room, body: str, asked: str | None, payee_number: str | None) -> SiteRules:
    """Return on whose page it is paid: the one asked for (its own name stands for its twin too), or
    the only one that may."""
    fit = {
        rules.site: rules
        for rules in room.sites.values()
        if rules.client_body == body
        and (not payee_number or payee_number in rules.section.payee_numbers)
    }
    if asked is not None:
        found = fit.get(asked) or fit.get(twin_of(asked))
        if found is None:
            raise Refusal("site_unknown", f"there are: {_names(fit)}", "site")
        return found
    if len(fit) != 1:
        raise Refusal("site_needed", f"say one of: {_names(fit)}", "site")
    return next(iter(fit.values()))


def _names(fit: dict[str, SiteRules]) -> str:
    return ", ".join(sorted(live_of(name) for name in fit)) or "none"


def _check_bill(
    room: Room, rows: Rows, body: str, site: str | None, bill_id: str, now: datetime
) -> SiteRules:
    """Return the site on which the body's bill can be paid by a link. One that is not payable yet
    may have a link already."""
    check_text(bill_id, "bill_id", most=100, code="bill_unknown")
    bill = bill_by_id(rows, bill_id)
    if bill is None:
        raise Refusal("bill_unknown", "", "bill_id")
    rules = _site(room, body, site, bill.payee_number or None)
    try:
        refuse_unpayable(bill, rules, max(now, bill.first_payable_at))
    except Refusal as refusal:
        raise Refusal(refusal.code, refusal.detail, "bill_id") from None
    return rules


def _make_bill(
    rows: Rows, rules: SiteRules, to_pay: ToPay, expires_at: datetime, now: datetime
) -> str:
    """Write the bill down that is paid by the link alone, as long as the link is good."""
    _check(to_pay, rules)
    held = rows.one(
        "SELECT 1 FROM bill WHERE client_body = %s AND payee_number = %s AND payment_number = %s",
        [rules.client_body, NO_SLIP, to_pay.reference],
    )
    if held is not None:
        raise _taken()
    bill_id = new_id(id_prefix("bill", rules.client_body))
    today, last_day = now.astimezone(TOKYO).date(), expires_at.astimezone(TOKYO).date()
    # A fiscal year begins on 1 April.
    fiscal_year = today.year if today.month >= 4 else today.year - 1
    rows.do(
        "INSERT INTO bill (id, client_body, payee_number, payment_number, confirmation_number,"
        " category_number, item_ja, item_en, fiscal_year, term, amount_yen, first_payable_at,"
        " due_date, payable_until) VALUES (%s, %s, %s, %s, '', '', %s, %s, %s, '', %s, %s, %s, %s)",
        [
            bill_id,
            rules.client_body,
            NO_SLIP,
            to_pay.reference,
            to_pay.item_ja,
            to_pay.item_en or to_pay.item_ja,
            fiscal_year,
            to_pay.amount_yen,
            now,
            last_day,
            expires_at,
        ],
    )
    return bill_id


def _check(to_pay: ToPay, rules: SiteRules) -> None:
    if not _REFERENCE.fullmatch(to_pay.reference):
        detail = "1 to 40 letters, digits or - . _"
        raise Refusal("reference_wrong", detail, "to_pay.reference")
    check_text(to_pay.item_ja, "to_pay.item_ja", least=1, most=MAX_ITEM_CHARACTERS)
    check_text(to_pay.item_en, "to_pay.item_en", most=MAX_ITEM_CHARACTERS)
    if not 1 <= to_pay.amount_yen <= MAX_AMOUNT_YEN:
        detail = f"from 1 to {MAX_AMOUNT_YEN} yen"
        raise Refusal("amount_out_of_bounds", detail, "to_pay.amount_yen")
    fee = charge_fee(to_pay.amount_yen, rules.section.fee)
    if to_pay.amount_yen + fee.total_yen > rules.section.card_limit_yen:
        detail = f"with its fee at most {rules.section.card_limit_yen} yen"
        raise Refusal("bill_over_limit", detail, "to_pay.amount_yen")
