"""Tell the holders ahead: a batch of items with its mails and postcards in one transaction, so that
each is told once whatever dies between two batches."""

from __future__ import annotations

from datetime import datetime, time
from typing import LiteralString

from sekisho.payments.charge_runs.charges_section import NOTICES_PER_LOOK
from sekisho.payments.charge_runs.read_run import Run
from sekisho.payments.charge_runs.tell_holder import Holder, tell_ahead
from sekisho.payments.records.session import acting_for
from sekisho.vocabulary.clock import TOKYO, business_date

_UNTOLD: LiteralString = (
    "SELECT i.number, i.amount_yen, e.status = 'active', o.ended, e.client_body, e.site, e.subject,"
    " e.email_token, e.language, o.policy_number, o.product_ja, o.product_en,"
    " e.brand || ' **** ' || e.last_four"
    " FROM charge_item i JOIN enrolment e ON e.id = i.enrolment_id JOIN policy o"
    " ON o.id = i.policy_id WHERE i.run_id = %s AND i.state = 'waiting' AND i.notice = ''"
    " ORDER BY i.number LIMIT %s FOR NO KEY UPDATE OF i SKIP LOCKED"
)


def tell_holders(run: Run, now: datetime) -> int:
    """Tell the next ``NOTICES_PER_LOOK`` holders of an approved run; return how many items were
    seen, 0 when everybody was told. An item is charged no sooner than as many days after its notice
    as the run's notices lie ahead, also when it went out late."""
    ahead = run.charge_on - run.notice_on
    charge_on = max(run.charge_on, business_date(now) + ahead)
    not_before = datetime.combine(charge_on, time(), TOKYO)
    with acting_for(run.client_body) as rows:
        state = rows.one("SELECT state FROM charge_run WHERE id = %s FOR SHARE", [run.id])
        if state is None or state[0] not in ("approved", "running"):
            return 0
        found = rows.all(_UNTOLD, [run.id, NOTICES_PER_LOOK])
        told: dict[str, list[int]] = {"mailed": [], "postcard": []}
        gone: dict[str, list[int]] = {"policy_ended": [], "enrolment_ended": []}
        for number, amount_yen, active, policy_ended, *about in found:
            if policy_ended or not active:
                gone["policy_ended" if policy_ended else "enrolment_ended"].append(number)
                continue
            how = tell_ahead(
                Holder(*about),
                f"charge_notice:{run.id}:{number}",
                month=run.month,
                charge_on=charge_on,
                amount_yen=amount_yen,
            )
            told[how].append(number)
        for notice, numbers in told.items():
            rows.do(
                "UPDATE charge_item SET notice = %s, next_try_at = %s, changed_at = %s"
                " WHERE run_id = %s AND number = ANY(%s)",
                [notice, not_before, now, run.id, numbers],
            )
        for reason, numbers in gone.items():
            rows.do(
                "UPDATE charge_item SET state = 'skipped', reason = %s, changed_at = %s"
                " WHERE run_id = %s AND number = ANY(%s)",
                [reason, now, run.id, numbers],
            )
    return len(found)


def notices_are_due(run: Run, now: datetime) -> bool:
    """Whether the day of the notices has come."""
    return now >= datetime.combine(run.notice_on, time(), TOKYO)


def charges_are_due(run: Run, now: datetime) -> bool:
    """Whether the day of the charge has come."""
    return now >= datetime.combine(run.charge_on, time(), TOKYO)
