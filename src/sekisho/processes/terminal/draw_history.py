"""Draws the history of one payment for people."""

from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sekisho.crossings.payments import (
    AttemptShown,
    DisputeShown,
    PaymentEvent,
    PaymentHistory,
    RefundShown,
)
from sekisho.processes.terminal.draw_status import make_console
from sekisho.vocabulary.clock import TOKYO

LIABLE = {
    "issuer": "the issuer bears fraud",
    "acquirer": "the acquirer bears fraud",
    "none": "not known before the issuer answers",
}


def at(moment: datetime | None) -> str:
    """A moment as Tokyo's clocks show it."""
    return moment.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def plain_table(*heads: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines; columns named in `right` are ranged right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, justify="right" if head in right else "left", overflow="fold")
    return table


def draw_history(history: PaymentHistory) -> None:
    """Print everything of one payment: what it is, what happened, its cards and its money."""
    console = make_console()
    status = history.status + (f" ({history.reason})" if history.reason else "")
    console.print(
        f"[bold]{history.reference}[/bold] {history.state}; the payer is told: {status}\n"
        f"{history.amount_yen:,} yen and {history.fee_yen:,} yen fee, {history.kind}, "
        f"{history.client_body} by {history.site}, {history.payment_id}"
    )
    if history.operator_note:
        console.print(f"[red]An operator is needed:[/red] {escape(history.operator_note)}")
    elif history.due_at:
        console.print(f"Looked at again at {at(history.due_at)}")
    _part(console, "What happened", _events(history.events))
    for attempt in history.attempts:
        _part(console, f"Card {attempt.number}", _attempt(attempt))
    if history.refunds:
        _part(console, "Refunds", _refunds(history.refunds))
    if history.disputes:
        _part(console, "Disputes", _disputes(history.disputes))
    _part(console, "Ledger", _entries(history.entries))


def _part(console: Console, title: str, table: Table) -> None:
    if table.row_count:
        console.print(f"\n[bold]{title}[/bold]")
        console.print(table)


def _events(events: list[PaymentEvent]) -> Table:
    table = plain_table("at", "from", "to", "what", "by", "why")
    for event in events:
        table.add_row(
            at(event.at), event.from_state, event.to_state, event.event, event.by, escape(event.why)
        )
    return table


def _attempt(attempt: AttemptShown) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    answer = f"{attempt.authorisation} {at(attempt.answered_at)}".strip()
    for name, value in (
        ("card", f"{attempt.brand} **** {attempt.last_four}, entered {at(attempt.entered_at)}"),
        ("issuer", f"BIN {attempt.issuer_bin}" if attempt.issuer_bin else ""),
        ("3-D Secure", _three_d_secure(attempt)),
        ("liability", LIABLE[attempt.liability]),
        ("authorisation", answer),
        ("response code", attempt.response_code),
        ("approval code", attempt.approval_code),
        ("network reference", attempt.network_reference),
        ("trace number", attempt.trace_number),
        ("guard", attempt.guard),
    ):
        if value:
            table.add_row(name, escape(value))
    return table


def _three_d_secure(attempt: AttemptShown) -> str:
    if attempt.exemption:
        return f"not asked: {attempt.exemption}"
    if not attempt.authentication:
        return "no result"
    said = f"{attempt.authentication}, ECI {attempt.eci or 'none'}"
    return f"{said}, DS {attempt.ds_transaction_id}" if attempt.ds_transaction_id else said


def _refunds(refunds: list[RefundShown]) -> Table:
    table = plain_table(
        "refund", "yen", "of the fee", "status", "asked", "finished", right=("yen",)
    )
    for refund in refunds:
        table.add_row(
            refund.refund_id,
            f"{refund.amount_yen:,}",
            f"{refund.fee_yen:,}",
            refund.status,
            at(refund.asked_at),
            at(refund.finished_at),
        )
    return table


def _disputes(disputes: list[DisputeShown]) -> Table:
    heads = ("case", "yen", "reason", "answer by", "status", "received", "answered by", "ended")
    table = plain_table(*heads, right=("yen",))
    for dispute in disputes:
        table.add_row(
            dispute.case_number,
            f"{dispute.amount_yen:,}",
            dispute.reason_code,
            dispute.respond_by.isoformat(),
            dispute.status,
            at(dispute.received_at),
            escape(dispute.answered_by),
            at(dispute.ended_at),
        )
    return table


def _entries(entries: list[dict[str, str | int]]) -> Table:
    """One row a leg; the transfer is named at its first leg. Debits are above zero."""
    table = plain_table("transfer", "kind", "account", "yen", right=("transfer", "yen"))
    shown: str | int | None = None
    for entry in entries:
        transfer = entry.get("transfer", "")
        first = transfer != shown
        shown = transfer
        yen = entry.get("amount_yen", 0)
        table.add_row(
            str(transfer) if first else "",
            str(entry.get("kind", "")) if first else "",
            str(entry.get("account", "")),
            f"{yen:,}" if yen else "",
        )
    return table
