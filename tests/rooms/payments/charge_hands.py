"""Hands for charge runs: enrolments laid down by SQL, a run taken to its day, a network that
answers each charge as its card wants."""

from __future__ import annotations

from datetime import date
from typing import Any

from sekisho.crossings import card_network, payments, vault
from sekisho.payments.charge_runs.work import ChargeWork
from tests.rooms.payments.callers import DESK, NETWORK, TERMINAL
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import World, rows_of

BODY = "mihon_kiko"
MONTH = "2026-12"
CHARGE_ON = date(2026, 12, 5)
PREMIUM_YEN = 48_000


def enrol(
    number: int,
    *,
    premium_yen: int = PREMIUM_YEN,
    joined_month: int = 12,
    first_charge_month: str = MONTH,
    status: str = "active",
    email: bool = True,
    body: str = BODY,
) -> str:
    """Lay down a policy with an enrolment whose card was checked; return the enrolment's id."""
    site = "group_life_premium" if body == BODY else f"group_life_premium_{body[-4:]}"
    policy, enrolment, check = f"policy_{number}", f"enrol_{number}", f"pay_check{number}"
    with ROOM.cluster.superuser_connection() as db:
        db.execute("SET LOCAL search_path = payments")
        db.execute("SET LOCAL session_replication_role = replica")
        db.execute(
            "INSERT INTO policy (id, client_body, policy_number, product_ja, product_en,"
            " yearly_premium_yen, joined_month, subject, date_of_birth_token)"
            " VALUES (%s, %s, %s, '団体信用生命保険', 'Group credit life insurance', %s, %s, 's',"
            " 'd')",
            [policy, body, f"{20_000_000 + number}", premium_yen, joined_month],
        )
        db.execute(
            "INSERT INTO enrolment (id, client_body, site, policy_id, subject, card_token,"
            " applied_on, first_charge_month, status, email_token, brand, last_four, card_payment)"
            " VALUES (%s, %s, %s, %s, %s, %s, '2025-11-01', %s, %s, %s, 'visa', '1111', %s)",
            [
                enrolment,
                body,
                site,
                policy,
                f"subject_{number}",
                f"card_{number}",
                first_charge_month,
                status,
                f"email_{number}" if email else None,
                check,
            ],
        )
        db.execute(
            "INSERT INTO attempt (payment_id, number, client_body, card_token, subject, brand,"
            " last_four, issuer_bin, fingerprint, entered_at)"
            " VALUES (%s, 1, %s, %s, %s, 'visa', '1111', '41111111', 'f', now())",
            [check, body, f"card_{number}", f"subject_{number}"],
        )
    return enrolment


class Charges(World):
    """A world with a desk that plans and approves, and a vault with a budget."""

    def __init__(self, *folders: Any, **sections: Any) -> None:
        super().__init__(*folders, **sections)
        self.most, self.released, self.tripped = 20_000, 0, False
        self.work = ChargeWork(self.room)

    def cross(self, message: Any, *, seconds: float) -> Any:
        if isinstance(message, vault.ShowBudget):
            hour = self.moment.replace(minute=0, second=0, microsecond=0)
            shown = vault.BodyBudget(
                client_body=BODY,
                hour=hour,
                released=self.released,
                most=self.most,
                allowed_more=0,
                tripped_at=self.moment if self.tripped else None,
            )
            return vault.BudgetShown(budgets=[shown])
        return super().cross(message, seconds=seconds)

    def reborn(self) -> None:
        """Another life of the process: nothing is in memory."""
        self.work = ChargeWork(self.room)

    def look(self, times: int = 1) -> int:
        """Look after the runs, ``times`` or until nothing is done."""
        return sum(self.work.look() for _ in range(times))

    def plan(self, key: str = "run-1", **changed: Any) -> payments.ChargeRunShown:
        fields: dict[str, Any] = {
            "client_body": BODY,
            "key": key,
            "month": MONTH,
            "charge_on": CHARGE_ON,
            "by": "clerk",
        }
        shown: payments.ChargeRunShown = self.say(
            DESK, payments.PlanChargeRun(**{**fields, **changed})
        )
        return shown

    def show_run(self, run_id: str) -> payments.ChargeRunShown:
        shown: payments.ChargeRunShown = self.say(
            TERMINAL, payments.ShowChargeRun(client_body="*", run_id=run_id)
        )
        return shown

    def approve(self, run_id: str, by: str = "approver", **changed: Any) -> Any:
        seen = self.show_run(run_id)
        fields = {"items": seen.items, "total_yen": seen.total_yen, **changed}
        return self.say(
            DESK, payments.ApproveChargeRun(client_body=BODY, run_id=run_id, by=by, **fields)
        )

    def approved(self, key: str = "run-1") -> str:
        """Return a run that was drafted and approved."""
        run_id = self.plan(key).run_id
        self.look()
        self.approve(run_id)
        return run_id

    def charging(self, key: str = "run-1") -> str:
        """Return a run on its day, its holders told, its first charges asked for."""
        run_id = self.approved(key)
        self.later(days=5)
        self.look(3)
        self.later(days=10)
        self.look(3)
        return run_id

    def asked(self) -> list[card_network.Authorise]:
        """Return the authorisations that the network was asked for since the last time."""
        return [one for one in self.deliver() if isinstance(one, card_network.Authorise)]

    def issuer_says(self, order: card_network.Authorise, result: str, code: str = "00") -> None:
        self.say(
            NETWORK,
            payments.AuthorisationOutcome(
                payment_id=order.payment_id,
                attempt=order.attempt,
                result=result,  # type: ignore[arg-type]
                response_code=code,
                approval_code="A12345" if result == "approved" else "",
                network_reference=f"ref-{order.payment_id}",
                trace_number="000001",
            ),
        )
        if result == "approved":
            self.deliver()
            self.capture(order.payment_id)

    def answer_all(self, code_of: dict[str, str] | None = None) -> list[card_network.Authorise]:
        """Answer what was asked: by card token a code, yes for every other one."""
        orders = self.asked()
        for order in orders:
            code = (code_of or {}).get(order.signed_permit.permit.card_token, "00")
            self.issuer_says(order, "approved" if code == "00" else "declined", code)
        return orders

    def items(self, run_id: str, state: Any = "") -> list[payments.ChargeItemShown]:
        shown: payments.ChargeItemsShown = self.say(
            DESK,
            payments.ListChargeItems(client_body=BODY, run_id=run_id, state=state, limit=200),
        )
        return shown.items

    def retry(self, run_id: str, number: int = 1, **changed: Any) -> Any:
        fields = {"amount_yen": PREMIUM_YEN, "reason": "the holder has a new card", **changed}
        return self.say(
            DESK,
            payments.RetryChargeItem(
                client_body=BODY, run_id=run_id, item=number, by="clerk", **fields
            ),
        )

    def stop(self, run_id: str, *, for_good: bool = False, by: str = "clerk") -> Any:
        return self.say(
            DESK,
            payments.StopChargeRun(
                client_body=BODY, run_id=run_id, for_good=for_good, reason="wrong month", by=by
            ),
        )

    def resume(self, run_id: str, by: str = "clerk") -> Any:
        return self.say(DESK, payments.ResumeChargeRun(client_body=BODY, run_id=run_id, by=by))


def charged_twice() -> list[Any]:
    """Return policies whose money was taken more than once for a month; none, ever."""
    return rows_of(
        "SELECT policy_id, charge_month, count(*) FROM payment WHERE kind = 'charge'"
        " AND state IN ('captured', 'settled') GROUP BY 1, 2 HAVING count(*) > 1"
    )


__all__ = ["BODY", "CHARGE_ON", "MONTH", "PREMIUM_YEN", "Charges", "charged_twice", "enrol"]
