"""Files for a client body's own systems: 消込 as fixed records or CSV, the month's statement.

A 消込 file is gone through once before its first byte is sent: what it can't say is told on a page,
with line and field, and no half file is left behind. Memory does not grow with it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from sekisho import evidence, transport
from sekisho.bank_files.errors import BankFileWrong
from sekisho.bank_files.reconciled import ReconciledHead, ReconciledRow
from sekisho.bank_files.reconciled_csv import write_csv
from sekisho.bank_files.reconciled_fixed import write_fixed
from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.settling.days import month_text, read_month
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_LINES_SHOWN,
    MonthFigures,
    MonthlyFigures,
    ReconciliationLine,
    ReconciliationLines,
)
from sekisho.printing import DayRow, PayoutRow, Statement, statement
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import business_date, now
from sekisho.vocabulary.twins import live_of

MAX_RANGE_DAYS = 366
"""Settled days in one file."""

FORMS = ("fixed", "csv_utf8", "csv_sjis")
_NAMES = {"fixed": "txt", "csv_utf8": "csv", "csv_sjis": "csv"}


class LinesForm(forms.Form):
    """Which days, and in which form."""

    since = forms.DateField()
    until = forms.DateField()
    form = forms.ChoiceField(choices=[(form, form) for form in FORMS])


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who issues a statement."""

    name: str
    lines: tuple[str, ...]


@lru_cache(1)
def company() -> Company:
    """Return the payment company of ``company.toml``."""
    file = Path(__file__).parents[2] / "company.toml"
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Company)


def download_lines(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The lines of settled days as a file."""
    form = LinesForm(request.GET)
    show = the_desk().sign_in.show
    if not form.is_valid():
        return show(request, "settling/none.html", 400)
    typed: dict[str, Any] = form.cleaned_data
    since, until = typed["since"], typed["until"]
    if not since <= until <= since + timedelta(days=MAX_RANGE_DAYS):
        return show(request, "settling/none.html", 400)
    write = _writer(request, typed)
    try:
        for _ in write():
            pass
    except BankFileWrong as wrong:
        facts = {"record": wrong.record, "field": wrong.field, "what": wrong.what}
        return show(request, "settling/cant.html", 409, **facts)
    except (Refusal, TransportError):
        return show(request, "payments/away.html", 503)
    _tell(request, "client_desk.reconciliation_downloaded", f"{since} {until} {typed['form']}")
    response = StreamingHttpResponse(write(), content_type=_content_type(typed["form"]))
    name = f"keshikomi-{since:%Y%m%d}-{until:%Y%m%d}.{_NAMES[typed['form']]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _writer(request: HttpRequest, typed: dict[str, Any]) -> Callable[[], Iterator[bytes]]:
    client_body, since, until = acts_for(request), typed["since"], typed["until"]

    def rows() -> Iterator[ReconciledRow]:
        return map(row_of_line, _lines(client_body, since, until))

    def write() -> Iterator[bytes]:
        if typed["form"] == "fixed":
            name = client_bodies()[live_of(client_body)].name_ja
            head = ReconciledHead(client_body, name, since, until, business_date(now()))
            return write_fixed(head, rows())
        return write_csv(rows(), "utf-8" if typed["form"] == "csv_utf8" else "shift_jis")

    return write


def _lines(client_body: str, since: date, until: date) -> Iterator[ReconciliationLine]:
    after = 0
    while True:
        found = transport.cross(
            ReconciliationLines(
                client_body=client_body,
                since=since,
                until=until,
                after=after,
                limit=MAX_LINES_SHOWN,
            )
        )
        yield from found.lines
        after = found.next_after
        if not after:
            return


def row_of_line(line: ReconciliationLine) -> ReconciledRow:
    """Return a settled line as a row of the file."""
    return ReconciledRow(
        kind=line.kind,  # type: ignore[arg-type]  # only kinds that change what is owed come
        payee_number=line.payee_number,
        payment_number=line.payment_number,
        category_number=line.category_number,
        fiscal_year=line.fiscal_year,
        term=line.term,
        policy_number=line.policy_number,
        amount_yen=line.amount_yen,
        fee_yen=line.fee_yen,
        paid_on=line.paid_on,
        settled_on=line.day,
        reference=line.reference,
        payout_id=line.payout_id,
    )


def _content_type(form: str) -> str:
    charset = "utf-8" if form == "csv_utf8" else "shift_jis"
    return f"text/{'plain' if form == 'fixed' else 'csv'}; charset={charset}"


def download_statement(request: HttpRequest) -> HttpResponse:
    """The month's statement as PDF."""
    first = read_month(request.GET.get("month", ""))
    message = MonthlyFigures(client_body=acts_for(request), month=month_text(first))
    try:
        found = transport.cross(message)
    except (Refusal, TransportError):
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    body = statement(facts_of(found, business_date(now())), now())
    _tell(request, "client_desk.statement_downloaded", message.month)
    response = HttpResponse(body, content_type="application/pdf")
    name = f"statement-{message.month}.pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def facts_of(found: MonthFigures, issued_on: date) -> Statement:
    """Return a month's figures as its statement says them."""
    body = client_bodies()[live_of(found.client_body)]
    paid = [payout for payout in found.payouts if payout.state == "made" and payout.made_on]
    notes = ["決済手数料は納付者が負担し、お支払い額から差し引いていません。"]
    if not found.final:
        notes.insert(0, "この月の精算はまだ終わっていません。数字は変わることがあります。")
    return Statement(
        client_body=body.name_ja,
        number=f"{found.client_body}-{found.month}",
        month=date.fromisoformat(f"{found.month}-01"),
        issued_on=issued_on,
        issuer_name=company().name,
        issuer_lines=company().lines,
        days=tuple(
            DayRow(
                day=day.day,
                payments=day.captures,
                payments_yen=day.bills_yen,
                refunds=day.refunds,
                refunds_yen=day.refunded_bills_yen,
                disputes=day.disputes_lost,
                disputes_yen=day.disputes_lost_yen,
                corrections_yen=day.corrections_yen,
            )
            for day in found.days
        ),
        payouts=tuple(
            PayoutRow(payout.made_on or issued_on, payout.payout_id, payout.amount_yen, 0, 0)
            for payout in paid
        ),
        owed_before_yen=found.opening_owed_yen,
        owed_after_yen=found.closing_owed_yen,
        payer_fees_yen=found.fee_yen + found.fee_tax_yen,
        payer_tax_yen=found.fee_tax_yen,
        notes=tuple(notes),
    )


def _tell(request: HttpRequest, kind: str, about: str) -> None:
    person: Any = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind=kind,
        subject=person.person_id,
        facts={"client_body": acts_for(request), "by": person.name, "about": about},
    )
