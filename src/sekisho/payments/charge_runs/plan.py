"""Plan a run: who, which month, from which day. The list is drafted by ``draft``."""

from __future__ import annotations

import re
from datetime import date, timedelta

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ChargeRunShown, PlanChargeRun
from sekisho.payments.after_payment.asker import person
from sekisho.payments.charge_runs.charges_section import MAX_KEY_CHARACTERS
from sekisho.payments.charge_runs.read_run import body_named, show
from sekisho.payments.records.session import acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.identifiers import new_id

_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")


def plan_charge_run(room: Room, caller: Caller, message: PlanChargeRun) -> ChargeRunShown:
    """Write the run down in state *drafting*. Raises ``Refusal`` as ``PlanChargeRun`` says; nothing
    is written then."""
    body = body_named(room, caller, message.client_body)
    by = person(caller, message.by)
    rules = _rules(room, body)
    notice_on = _check(room, rules, message)
    run_id = new_id("crun")
    try:
        with acting_for(body) as rows:
            earlier = rows.one(
                "SELECT id, month, charge_on FROM charge_run WHERE client_body = %s AND key = %s",
                [body, message.key],
            )
            if earlier is not None:
                if earlier[1:] != (message.month, message.charge_on):
                    raise Refusal("key_reused", "this key planned another run", "key")
                return show(rows, earlier[0])
            rows.do(
                "INSERT INTO charge_run (id, client_body, key, month, charge_on, notice_on, state,"
                " planned_by, planned_at) VALUES (%s, %s, %s, %s, %s, %s, 'drafting', %s, %s)",
                [run_id, body, message.key, message.month, message.charge_on, notice_on, by,
                 room.now()],
            )  # fmt: skip
            evidence.append(
                kind="payments.charge_run_planned",
                subject=run_id,
                facts={
                    "client_body": body,
                    "month": message.month,
                    "charge_on": message.charge_on.isoformat(),
                    "by": by,
                },
            )
            return show(rows, run_id)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name == "charge_run_key":
            raise Refusal("in_flight", "the same message is being worked on", "key") from None
        if violation.diag.constraint_name != "charge_run_open":
            raise
        raise Refusal("run_open", "a run of this month was not begun yet", "month") from None


def _rules(room: Room, body: str) -> SiteRules:
    for rules in room.sites.values():
        if rules.client_body == body and rules.section.kind == "policies":
            return rules
    raise Refusal("no_policies", "no site of this body takes policies", "client_body")


def _check(room: Room, rules: SiteRules, message: PlanChargeRun) -> date:
    """Return the day of the notices."""
    if not 1 <= len(message.key) <= MAX_KEY_CHARACTERS:
        raise Refusal("key_wrong", f"1 to {MAX_KEY_CHARACTERS} characters", "key")
    if not _MONTH.fullmatch(message.month):
        raise Refusal("month_wrong", "write it as 2026-11", "month")
    if message.charge_on.isoformat()[:7] != message.month:
        raise Refusal("date_wrong", "must be a day of the month that is charged", "charge_on")
    days = rules.section.charges.notice_days
    notice_on = message.charge_on - timedelta(days=days)
    if notice_on < business_date(room.now()):
        detail = f"holders are told {days} days ahead: take a later day"
        raise Refusal("date_wrong", detail, "charge_on")
    return notice_on
