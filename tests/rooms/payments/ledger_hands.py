"""Hands for the ledger's tests: payments with their money, accounts, a superuser who bends rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import World, rows_of

BILL, FEE, TAX = 12_000, 143, 13
TOTAL = BILL + FEE


def captured(world: World, *, key: str = "key-1") -> str:
    """Return a payment of ``TOTAL`` yen whose money was taken."""
    payment_id = world.confirmed(key=key)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    return payment_id


@contextmanager
def locked(payment_id: str, bodies: str = EVERY_BODY) -> Iterator[tuple[Rows, Payment]]:
    """Open a transaction that holds the payment."""
    with acting_for(bodies) as rows:
        payment = lock_payment(rows, payment_id)
        assert payment is not None
        yield rows, payment


def write(verb: Callable[..., Any], payment_id: str, *more: Any) -> None:
    """Write one transfer of a payment."""
    with locked(payment_id) as (rows, payment):
        verb(rows, payment, *more)


def accounts(payment_id: str | None = None) -> dict[str, int]:
    """Return the sum of each account that is not zero, of one payment or of all."""
    return dict(
        rows_of(
            "SELECT e.account, sum(e.amount_yen)::bigint FROM transfer t"
            " JOIN entry e ON e.transfer_id = t.id WHERE %s::text IS NULL OR t.payment_id = %s"
            " GROUP BY e.account HAVING sum(e.amount_yen) <> 0",
            [payment_id, payment_id],
        )
    )


def bend(statement: str, values: Any = ()) -> None:
    """Change rows as a superuser who has put the triggers aside."""
    with ROOM.cluster.superuser_connection() as superuser:
        superuser.execute("SET LOCAL session_replication_role = replica")
        superuser.execute("SET LOCAL search_path = payments")
        superuser.execute(statement, values)
