"""Bills, and links where one is paid."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from sekisho import transport
from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.answer_once import order_key
from sekisho.client_desk.api.declare import (
    AT_ONCE,
    DONE,
    LIST_REFUSALS,
    QUESTION_REFUSALS,
    declare,
)
from sekisho.client_desk.api.places import link_address
from sekisho.client_desk.api.shapes import bills as shapes
from sekisho.client_desk.api.turn_pages import read_cursor, show_cursor
from sekisho.crossings.payments import (
    BillGiven,
    CancelLink,
    CreateLink,
    FindBills,
    FindLinks,
    LinkShown,
    PutBill,
    ShowBill,
    ShowLink,
    ToPay,
    WithdrawBill,
)

router = Router(tags=["Bills"])
links = Router(tags=["Payment links"])

_GIVEN_AMISS = (
    "payee_unknown", "wrong_length", "amount_out_of_bounds", "text_wrong", "year_wrong",
    "dates_in_wrong_order", "bill_paid", "bill_in_payment",
)  # fmt: skip
_LINK_AMISS = (
    "bill_unknown", "bill_paid", "bill_in_payment", "bill_withdrawn", "bill_over_limit",
    "amount_out_of_bounds", "text_wrong", "reference_wrong", "reference_taken", "expires_wrong",
    "return_url_wrong", "site_unknown", "site_needed", "what_wrong",
)  # fmt: skip


@declare(
    router, "GET", "", scope="bills:read", consistency=AT_ONCE,
    reply=shapes.BillPage, refusals=(*QUESTION_REFUSALS, *LIST_REFUSALS),
)  # fmt: skip
def list_bills(request: HttpRequest, asked: Query[shapes.BillsAsked]) -> Any:
    """Bills, newest first."""
    filters = asked.model_dump(exclude={"cursor"})
    message = FindBills(
        client_body=holder_of(request).client_body, cursor=read_cursor(asked.cursor), **filters
    )
    found = transport.cross(message)
    return {"data": found.bills, "next_cursor": show_cursor(found.next_cursor)}


@declare(
    router, "POST", "", scope="bills:write", consistency=DONE,
    reply=shapes.Bill, refusals=(*QUESTION_REFUSALS, *_GIVEN_AMISS),
)  # fmt: skip
def give_bill(request: HttpRequest, bill: shapes.BillToGive) -> Any:
    """Gives one bill, or changes the one with the same numbers as long as nobody pays it; open
    payments of a changed bill are cancelled."""
    holder = holder_of(request)
    return transport.cross(
        PutBill(
            client_body=holder.client_body,
            key=order_key(request),
            bill=BillGiven(**bill.model_dump()),
            by=holder.by,
        )
    )


@declare(
    router, "GET", "/{bill_id}", scope="bills:read", consistency=AT_ONCE,
    reply=shapes.Bill, refusals=("bill_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_bill(request: HttpRequest, bill_id: str) -> Any:
    """One bill."""
    holder = holder_of(request)
    return transport.cross(ShowBill(client_body=holder.client_body, bill_id=bill_id))


@declare(
    router, "POST", "/{bill_id}/withdraw", scope="bills:write", consistency=DONE,
    reply=shapes.Bill,
    refusals=("bill_unknown", "bill_paid", "bill_in_payment", *QUESTION_REFUSALS),
)  # fmt: skip
def withdraw_bill(request: HttpRequest, bill_id: str) -> Any:
    """Takes a bill back: nobody can pay it from now on. Giving it again brings it back."""
    holder = holder_of(request)
    message = WithdrawBill(client_body=holder.client_body, bill_id=bill_id, by=holder.by)
    return transport.cross(message)


def _link(shown: LinkShown) -> SimpleNamespace:
    facts = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return SimpleNamespace(**facts, url=link_address(shown.site, shown.path))


@declare(
    links, "GET", "", scope="links:read", consistency=AT_ONCE,
    reply=shapes.LinkPage, refusals=(*QUESTION_REFUSALS, *LIST_REFUSALS),
)  # fmt: skip
def list_payment_links(request: HttpRequest, asked: Query[shapes.LinksAsked]) -> Any:
    """Payment links, newest first."""
    found = transport.cross(
        FindLinks(
            client_body=holder_of(request).client_body,
            bill_id=asked.bill_id,
            cursor=read_cursor(asked.cursor),
            limit=asked.limit,
        )
    )
    data = [_link(link) for link in found.links]
    return {"data": data, "next_cursor": show_cursor(found.next_cursor)}


@declare(
    links, "POST", "", scope="links:write", consistency=DONE, status=201,
    reply=shapes.Link, refusals=(*QUESTION_REFUSALS, *_LINK_AMISS),
)  # fmt: skip
def create_payment_link(request: HttpRequest, link: shapes.LinkToCreate) -> Any:
    """Makes a page's address where one bill can be paid: a bill that you gave (`bill_id`), or an
    amount of your own (`to_pay`). Send the payer to `url`; `payment.captured` tells you when it is
    paid."""
    holder = holder_of(request)
    return _link(
        transport.cross(
            CreateLink(
                client_body=holder.client_body,
                key=order_key(request),
                bill_id=link.bill_id,
                to_pay=ToPay(**link.to_pay.model_dump()) if link.to_pay else None,
                site=link.site,
                expires_at=link.expires_at,
                return_url=link.return_url or "",
                by=holder.by,
            )
        )
    )


@declare(
    links, "GET", "/{link_id}", scope="links:read", consistency=AT_ONCE,
    reply=shapes.Link, refusals=("link_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_payment_link(request: HttpRequest, link_id: str) -> Any:
    """One payment link."""
    holder = holder_of(request)
    return _link(transport.cross(ShowLink(client_body=holder.client_body, link_id=link_id)))


@declare(
    links, "POST", "/{link_id}/cancel", scope="links:write", consistency=DONE,
    reply=shapes.Link,
    refusals=("link_unknown", "bill_paid", "bill_in_payment", *QUESTION_REFUSALS),
)  # fmt: skip
def cancel_payment_link(request: HttpRequest, link_id: str) -> Any:
    """Closes a link; a bill that only the link could pay is withdrawn."""
    holder = holder_of(request)
    message = CancelLink(client_body=holder.client_body, link_id=link_id, by=holder.by)
    return _link(transport.cross(message))
