"""Bills."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from sekisho.client_desk.api.shapes.words import (
    NO_CONTROLS,
    Asked,
    AskedWhole,
    Day,
    Identifier,
    Line,
    Moment,
    Number,
    Said,
    Shown,
    Stamp,
    Yen,
)
from sekisho.crossings.payments.business import BillState

Term = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=20, pattern=NO_CONTROLS)
]
PaymentNumber = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z._/-]+$")
]

BILL_EXAMPLE: dict[str, Any] = {
    "payee_number": "13800",
    "payment_number": "40000000000000000017",
    "confirmation_number": "482193",
    "category_number": "1",
    "item_ja": "固定資産税",
    "item_en": "Fixed assets tax",
    "fiscal_year": 2026,
    "term": "3",
    "amount_yen": 34000,
    "first_payable_at": "2026-11-01T00:00:00+09:00",
    "due_date": "2026-12-28",
    "payable_until": "2027-01-31T23:59:59+09:00",
}


class BillToGive(Said):
    """A bill as printed on its slip. Texts and numbers obey the rules of the bills file."""

    model_config = ConfigDict(json_schema_extra={"examples": [BILL_EXAMPLE]})

    payee_number: Number
    payment_number: Number
    confirmation_number: Number
    category_number: Number
    item_ja: Line
    item_en: Line
    fiscal_year: int = Field(strict=True, ge=1900, le=2999)
    term: Term
    amount_yen: Yen
    first_payable_at: Moment
    due_date: Day
    payable_until: Moment


class Bill(Shown):
    """A bill. `payment_id` is the payment that holds or paid it."""

    bill_id: str
    test: bool
    payee_number: str
    payment_number: str
    category_number: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: Stamp
    due_date: date
    payable_until: Stamp
    changed_at: Stamp
    state: BillState
    payment_id: str | None
    reference: str | None


class BillPage(Shown):
    """Bills, newest first; `next_cursor` is null on the last page."""

    data: list[Bill]
    next_cursor: str | None


class BillsAsked(Asked):
    """Every filter that is given must hold; ranges hold both ends."""

    payment_number: PaymentNumber | None = None
    state: BillState | None = None
    fiscal_year: AskedWhole | None = None
    due_from: Day | None = None
    due_to: Day | None = None
    amount_from_yen: AskedWhole | None = None
    amount_to_yen: AskedWhole | None = None
    changed_from: Moment | None = None


LinkStatus = Literal["open", "in_payment", "paid", "expired", "cancelled"]
Reference = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=r"^[0-9A-Za-z._/-]+$")
]
ReturnAddress = Annotated[
    str, StringConstraints(strict=True, max_length=500, pattern=r"^https://[!-~]+$")
]
SiteName = Annotated[str, StringConstraints(strict=True, max_length=60, pattern=r"^[a-z0-9_]+$")]

TO_PAY_EXAMPLE: dict[str, Any] = {
    "amount_yen": 12000,
    "item_ja": "施設使用料",
    "item_en": "Hall hire",
    "reference": "HALL-2026-0042",
}


class ToPayAsked(Said):
    """What a link asks for that is no printed bill. `reference` is your own word for it."""

    amount_yen: Yen
    item_ja: Line
    item_en: Line
    reference: Reference


class LinkToCreate(Said):
    """Either `bill_id` or `to_pay`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to_pay": TO_PAY_EXAMPLE, "return_url": "https://www.mihon.example/done"}]
        }
    )

    bill_id: Identifier | None = None
    to_pay: ToPayAsked | None = None
    site: SiteName | None = Field(None, description="May be left out where you have one site.")
    expires_at: Moment | None = Field(None, description="30 days from now if not said.")
    return_url: ReturnAddress | None = Field(
        None, description="https address that the payer is offered after paying."
    )


class Link(Shown):
    """A page's address where one bill can be paid. Whoever knows `url` can look at the bill and
    pay it: hand it to its payer alone."""

    link_id: str
    test: bool
    site: str
    url: str
    state: LinkStatus
    bill_id: str
    payment_number: str
    item_ja: str
    item_en: str
    amount_yen: int
    fee_yen: int
    total_yen: int
    return_url: str
    created_at: Stamp
    expires_at: Stamp
    payment_id: str | None
    reference: str | None


class LinkPage(Shown):
    """Links, newest first."""

    data: list[Link]
    next_cursor: str | None


class LinksAsked(Asked):
    """Of one bill, or all."""

    bill_id: Identifier | None = None
