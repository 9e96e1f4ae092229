"""Draws charge runs and their items."""

from __future__ import annotations

import argparse

from sekisho.crossings.payments import ChargeItemShown, ChargeRunShown
from sekisho.processes.terminal.draw_history import at, plain_table
from sekisho.processes.terminal.draw_status import make_console

TOLD = {
    "run_unknown": "no charge run has this id: see `sekisho charges list`",
    "run_not_draft": "not approved: {detail}",
    "run_not_stopped": "not resumed: {detail}",
    "run_over": "not stopped: {detail}",
    "run_busy": "not withdrawn: {detail}",
    "run_open": "not planned: {detail}",
    "same_person": "not approved: {detail}; another person must",
    "totals_differ": "not approved: {detail}",
    "too_late": "not approved: {detail}",
    "nothing_to_charge": "not approved: nobody is to be charged; {detail}",
    "no_policies": "this client body has no policies: {detail}",
    "month_wrong": "--month: {detail}",
    "date_wrong": "--on: {detail}",
    "reason_wrong": "--reason: {detail}",
    "item_unknown": "the run has no item of this number",
    "item_not_on_work_list": "not on the work list: {detail}",
    "amount_differs": "--amount: {detail}",
    "key_reused": "this --key planned another run; choose another",
}


def add_run_argument(parser: argparse.ArgumentParser) -> None:
    """The run that a command is about."""
    parser.add_argument("run", help="the run's id: crun_…")


def draw_run(run: ChargeRunShown) -> None:
    """Print one run with its totals."""
    console = make_console()
    console.print(
        f"[bold]{run.run_id}[/bold] {run.client_body} {run.month}: {run.state}, from"
        f" {run.charge_on.isoformat()}, holders told on {run.notice_on.isoformat()}"
    )
    if run.why:
        console.print(run.why, markup=False)
    if run.waits_until is not None:
        console.print(f"waits for the vault's next budget until {at(run.waits_until)}")
    console.print(
        f"{run.items:,} to charge, {run.total_yen:,} yen; done {run.done:,}: charged"
        f" {run.charged:,} ({run.charged_yen:,} yen), on the work list {run.on_work_list:,};"
        f" told {run.notices_mailed:,} by mail, {run.notices_printed:,} by post,"
        f" {run.notices_due:,} not yet"
    )
    console.print(
        f"planned by {run.planned_by}, approved by {run.approved_by or 'nobody yet'}", markup=False
    )
    table = plain_table("state", "why", "items", "yen", right=("items", "yen"))
    for total in run.totals:
        table.add_row(total.state, total.reason, f"{total.items:,}", f"{total.total_yen:,}")
    console.print(table)


def draw_items(items: list[ChargeItemShown], more: int) -> None:
    """Print items; ``more``: where to go on, 0 at the end."""
    heads = (
        "item",
        "policy",
        "yen",
        "state",
        "why",
        "code",
        "tries",
        "next try",
        "payment",
        "note",
    )
    table = plain_table(*heads, right=("item", "yen", "tries"))
    for item in items:
        table.add_row(
            str(item.item),
            item.policy_number,
            f"{item.amount_yen:,}",
            item.state,
            item.reason,
            item.response_code,
            str(item.tries),
            at(item.next_try_at),
            item.reference,
            item.note.replace("[", r"\["),
        )
    make_console().print(table)
    if more:
        print(f"More: --after {more}")
