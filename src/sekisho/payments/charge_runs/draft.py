"""Draft a run: one statement writes down every enrolment whose month it is, with why some are left
out. It is there whole or not at all; a run that a dying process left in *drafting* is drafted anew.
"""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.payments.charge_runs.charges_section import MAX_ITEMS_PER_RUN
from sekisho.payments.charge_runs.read_run import Run, read_run
from sekisho.payments.records.session import acting_for

_LIST = """
INSERT INTO charge_item (run_id, number, client_body, month, policy_id, enrolment_id, amount_yen,
                         state, reason, changed_at)
SELECT %(run)s, row_number() OVER (ORDER BY o.policy_number, e.id), e.client_body, %(month)s, o.id,
       e.id, o.yearly_premium_yen, CASE WHEN w.why = '' THEN 'waiting' ELSE 'left_out' END, w.why,
       %(now)s
FROM enrolment e JOIN policy o ON o.id = e.policy_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN o.ended THEN 'policy_ended'
    WHEN e.first_charge_month > %(month)s THEN 'new'
    WHEN e.card_token = '' THEN 'no_card'
    WHEN o.yearly_premium_yen <= 0 THEN 'nothing_to_charge'
    WHEN EXISTS (SELECT FROM charge_item i WHERE i.policy_id = o.id AND i.month = %(month)s
                 AND i.state NOT IN ('left_out', 'skipped', 'withdrawn')) THEN 'in_another_run'
    WHEN EXISTS (SELECT FROM payment p WHERE p.held_for = o.id || ':' || %(month)s)
        THEN 'already_held'
    WHEN e.expires_month <> '' AND e.expires_month < %(month)s THEN 'card_expires'
    ELSE '' END AS why) w
WHERE e.client_body = %(body)s AND e.status = 'active' AND o.joined_month = %(number)s
"""

_HOW_MANY = (
    "SELECT count(*) FROM enrolment e JOIN policy o ON o.id = e.policy_id"
    " WHERE e.client_body = %(body)s AND e.status = 'active' AND o.joined_month = %(number)s"
)


def draft(run: Run, now: datetime) -> None:
    """Write the list of a run in *drafting*. Cards that expire before its month are left out, as
    far as the expiry warnings found them. More than ``MAX_ITEMS_PER_RUN`` withdraw the run."""
    with acting_for(run.client_body, long=True) as rows:
        if read_run(rows, run.id, lock=True).state != "drafting":
            return
        values = {
            "run": run.id,
            "month": run.month,
            "number": int(run.month[5:]),
            "body": run.client_body,
            "now": now,
        }
        found = rows.one(_HOW_MANY, values)
        if found is not None and found[0] > MAX_ITEMS_PER_RUN:
            why = f"{found[0]} enrolments: a run has at most {MAX_ITEMS_PER_RUN}"
            rows.do(
                "UPDATE charge_run SET state = 'withdrawn', why = %s WHERE id = %s", [why, run.id]
            )
            return
        written = int(rows.do(_LIST, values))
        counted = rows.one(
            "SELECT count(*), coalesce(sum(amount_yen), 0)::bigint FROM charge_item"
            " WHERE run_id = %s AND state <> 'left_out'",
            [run.id],
        )
        items, total_yen = counted or (0, 0)
        rows.do(
            "UPDATE charge_run SET state = 'draft', items = %s, total_yen = %s WHERE id = %s",
            [items, total_yen, run.id],
        )
        evidence.append(
            kind="payments.charge_run_drafted",
            subject=run.id,
            facts={
                "client_body": run.client_body,
                "month": run.month,
                "items": items,
                "total_yen": total_yen,
                "left_out": written - items,
            },
        )
