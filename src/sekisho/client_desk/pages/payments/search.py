"""Search payments. The filters are the page's address, so that a search can be kept and sent; pages
go from the newest on by a cursor; the same search is a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, get_args
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from sekisho import evidence, transport
from sekisho.client_desk.pages.asking import language, told, word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FindPayments, PaymentLine
from sekisho.crossings.payments.shown import PublicStatus
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import TOKYO

ROWS_PER_PAGE = 50
ROWS_PER_QUESTION = 200
MAX_CSV_ROWS = 100_000
"""Of one file; a search that finds more is told so in its last line."""
MAX_AMOUNT_YEN = 99_999_999
MAX_CURSOR_CHARACTERS = 300

STATUSES = get_args(PublicStatus)
BRAND_NAMES = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "jcb": "JCB",
    "amex": "American Express",
    "diners": "Diners Club",
}
KINDS = ("bill", "card_check", "charge")
FIRST_OF_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that begins so (OWASP, CSV injection)."""

Choices = list[tuple[str, str]]


def _choices(values: tuple[str, ...]) -> Choices:
    return [("", "")] + [(value, value) for value in values]


class SearchForm(forms.Form):
    """What is looked for; nothing filled in finds everything, newest first."""

    reference = forms.CharField(max_length=40, required=False)
    payment_number = forms.CharField(max_length=40, required=False)
    policy_number = forms.CharField(max_length=40, required=False)
    status = forms.ChoiceField(choices=_choices(STATUSES), required=False)
    kind = forms.ChoiceField(choices=_choices(KINDS), required=False)
    since = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    until = forms.DateField(input_formats=["%Y-%m-%d"], required=False)
    amount_from = forms.IntegerField(min_value=0, max_value=MAX_AMOUNT_YEN, required=False)
    amount_to = forms.IntegerField(min_value=0, max_value=MAX_AMOUNT_YEN, required=False)
    brand = forms.ChoiceField(choices=_choices(tuple(BRAND_NAMES)), required=False)
    last_four = forms.RegexField(r"\d{4}", max_length=4, required=False)


def question(typed: dict[str, Any], client_body: str, cursor: str | None, limit: int) -> Any:
    """Return the question for what was typed; days are Tokyo's, both ends included."""
    until: date | None = typed["until"]
    return FindPayments(
        client_body=client_body,
        reference=typed["reference"].strip() or None,
        payment_number=typed["payment_number"].strip() or None,
        policy_number=typed["policy_number"].strip() or None,
        status=typed["status"] or None,
        kind=typed["kind"] or None,
        started_from=_midnight(typed["since"]),
        started_to=_midnight(until + timedelta(days=1)) if until else None,
        amount_from_yen=typed["amount_from"],
        amount_to_yen=typed["amount_to"],
        brand=typed["brand"] or None,
        last_four=typed["last_four"] or None,
        cursor=cursor,
        limit=limit,
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), TOKYO) if day else None


def show_search(request: HttpRequest) -> HttpResponse:
    """The form and a page of what was found."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        wrong = {name: told(request, name, topic="search_wrong") for name in form.errors}
        return _page(request, form, 400, wrong=wrong)
    cursor = request.GET.get("cursor") or None
    try:
        found = transport.cross(
            question(form.cleaned_data, acts_for(request), cursor, ROWS_PER_PAGE)
        )
    except Refusal as refusal:
        field = refusal.field or "reference"
        return _page(request, form, 400, wrong={field: told(request, field, topic="search_wrong")})
    except TransportError:
        return _page(request, form, 503, away=True)
    typed = {name: value for name, value in request.GET.items() if name in form.fields and value}
    after = urlencode({**typed, "cursor": found.next_cursor}) if found.next_cursor else ""
    return _page(
        request,
        form,
        found=[line_of(request, payment) for payment in found.payments],
        after=after,
        later=bool(cursor),
        as_csv=urlencode(typed),
        first=urlencode(typed),
    )


def _page(request: HttpRequest, form: SearchForm, status: int = 200, **facts: Any) -> HttpResponse:
    typed = {name: form.data.get(name, "") for name in form.fields}
    more = any(typed[name] for name in typed if name not in ("reference", "status"))
    return the_desk().sign_in.show(
        request,
        "payments/search.html",
        status,
        typed=typed,
        more=more,
        statuses=[(one, word(request, f"status_{one}")) for one in STATUSES],
        kinds=[(one, word(request, f"kind_{one}")) for one in KINDS],
        brands=BRAND_NAMES.items(),
        **facts,
    )


def line_of(request: HttpRequest, payment: PaymentLine) -> dict[str, Any]:
    """Return a payment as the lists show it."""
    japanese = language(request) == "ja"
    return {
        "shown": payment,
        "status": word(request, f"status_{payment.status}"),
        "card": card_name(payment.brand, payment.last_four),
        "tone": tone_of(payment.status),
        "kind": word(request, f"kind_{payment.kind}"),
        "item": payment.item_ja if japanese else payment.item_en,
        "number": payment.payment_number or payment.policy_number or "",
        "total": yen(payment.total_yen),
        "refunded": yen(payment.refunded_yen) if payment.refunded_yen else "",
    }


def card_name(brand: str | None, last_four: str | None) -> str:
    """Return a card as people know it: brand and last four digits."""
    return f"{BRAND_NAMES.get(brand or '', brand or '')} {last_four}" if last_four else ""


def tone_of(status: str) -> str:
    """Return how a status is coloured: the class of its tag."""
    if status == "succeeded":
        return "tag--done"
    if status in ("declined", "failed"):
        return "tag--bad"
    return "tag--warn" if status in ("unknown", "authorised") else ""


CSV_COLUMNS = (
    "payment_id",
    "reference",
    "kind",
    "status",
    "reason",
    "amount_yen",
    "fee_yen",
    "fee_tax_yen",
    "total_yen",
    "refunded_yen",
    "payment_number",
    "item_ja",
    "policy_number",
    "brand",
    "last_four",
    "started_at",
    "finished_at",
    "settled",
)


def download(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The search as CSV (UTF-8 with a mark for spreadsheets), sent as it is found."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return show_search(request)
    person: Any = request.person  # type: ignore[attr-defined]
    client_body = acts_for(request)
    try:
        first = transport.cross(question(form.cleaned_data, client_body, None, ROWS_PER_QUESTION))
    except (Refusal, TransportError):
        return show_search(request)
    evidence.append(
        kind="client_desk.payments_downloaded",
        subject=person.person_id,
        facts={"client_body": client_body, "by": person.name},
    )
    response = StreamingHttpResponse(
        _rows(form.cleaned_data, client_body, first), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = 'attachment; filename="payments.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(typed: dict[str, Any], client_body: str, found: Any) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + _csv_line(CSV_COLUMNS)
    written = 0
    while True:
        for payment in found.payments:
            yield _csv_line([getattr(payment, name) for name in CSV_COLUMNS])
        written += len(found.payments)
        if found.next_cursor is None:
            return
        if written >= MAX_CSV_ROWS:
            yield _csv_line([f"# only the newest {written} rows; narrow the search"])
            return
        found = transport.cross(question(typed, client_body, found.next_cursor, ROWS_PER_QUESTION))


def _csv_line(values: Any) -> bytes:
    room = io.StringIO()
    csv.writer(room, lineterminator="\r\n").writerow([plain_cell(value) for value in values])
    return room.getvalue().encode()


def plain_cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.startswith(FIRST_OF_FORMULA) else text
