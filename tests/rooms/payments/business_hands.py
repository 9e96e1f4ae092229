"""What a client body says by itself, in tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sekisho.crossings import payments
from tests.rooms.payments.world import DESK, ORIGIN, RETURN_URL, TAX, World, next_number


def given(**changed: Any) -> payments.BillGiven:
    """A printed bill of 12,000 yen that can be paid now."""
    fields: dict[str, Any] = {
        "payee_number": "13999",
        "payment_number": next_number(),
        "confirmation_number": "123456",
        "category_number": "001",
        "item_ja": "固定資産税",
        "item_en": "Fixed asset tax",
        "fiscal_year": 2026,
        "term": "第3期",
        "amount_yen": 12_000,
        "first_payable_at": datetime(2026, 11, 1, tzinfo=UTC),
        "due_date": date(2026, 12, 28),
        "payable_until": datetime(2026, 12, 28, 15, tzinfo=UTC),
    }
    return payments.BillGiven(**{**fields, **changed})


def put(world: World, body: str = "mihon_to", key: str = "", **changed: Any) -> payments.BillShown:
    bill = given(**changed)
    shown: payments.BillShown = world.say(
        DESK,
        payments.PutBill(
            client_body=body, key=key or f"put-{bill.payment_number}", bill=bill, by="hana"
        ),
    )
    return shown


def link(world: World, key: str = "link-1", **changed: Any) -> payments.LinkShown:
    """A link to pay 5,000 yen (5,055 with its fee), unless it is said otherwise."""
    fields: dict[str, Any] = {"client_body": "mihon_to", "key": key, "by": "hana"}
    if "bill_id" not in changed:
        fields["to_pay"] = payments.ToPay(
            amount_yen=5_000, item_ja="施設使用料", item_en="Use of a hall", reference=f"R-{key}"
        )
    shown: payments.LinkShown = world.say(DESK, payments.CreateLink(**{**fields, **changed}))
    return shown


def token_of(shown: payments.LinkShown) -> str:
    return shown.path.removeprefix("/pay/")


def open_link(world: World, token: str, caller: Any = TAX, session: str = "session-1") -> Any:
    return world.say(
        caller, payments.OpenLink(token=token, source=f"of {session}", session=session)
    )


def start_by_link(
    world: World, opened: payments.LinkOpened, key: str = "key-1", caller: Any = TAX, **more: Any
) -> payments.PaymentStarted:
    fields: dict[str, Any] = {
        "key": key,
        "bill_id": opened.bill.bill_id,
        "total_yen": opened.bill.total_yen,
        "language": "ja",
        "sealed_email": None,
        "parent_origin": ORIGIN,
        "return_url": RETURN_URL,
        "source": "address-1",
        "session": "session-1",
        "link_id": opened.link_id,
    }
    started: payments.PaymentStarted = world.say(
        caller, payments.StartPayment(**{**fields, **more})
    )
    return started


def pay_by_link(world: World, shown: payments.LinkShown, key: str = "key-1") -> str:
    """Open the link and pay; return the payment's id."""
    payment_id = start_by_link(world, open_link(world, token_of(shown)), key).payment_id
    world.enter_card(payment_id)
    world.confirm(payment_id)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    return payment_id


def find_payments(world: World, body: str = "mihon_to", **filters: Any) -> payments.PaymentsFound:
    found: payments.PaymentsFound = world.say(
        DESK, payments.FindPayments(client_body=body, **filters)
    )
    return found


def find_bills(world: World, body: str = "mihon_to", **filters: Any) -> payments.BillsFound:
    found: payments.BillsFound = world.say(DESK, payments.FindBills(client_body=body, **filters))
    return found


def events(world: World, after: str = "", limit: int = 1_000) -> payments.EventsShown:
    shown: payments.EventsShown = world.say(DESK, payments.NewEvents(after=after, limit=limit))
    return shown


def of_body(world: World, payment_id: str, body: str = "mihon_to") -> payments.PaymentOfBody:
    shown: payments.PaymentOfBody = world.say(
        DESK, payments.ShowPaymentOfBody(client_body=body, payment_id=payment_id)
    )
    return shown
