"""`sekisho payments find`."""

import argparse

from sekisho.crossings.payments import PaymentsFound

TOLD = {
    "filter_wrong": "a filter is wrong: {detail}",
    "cursor_wrong": "--cursor: {detail}",
    "limit_wrong": "--limit: {detail}",
    "client_body_unknown": "--body: no site stands for this client body",
}

STATUSES = (
    "started", "card_entered", "processing", "challenge", "authorised", "succeeded", "declined",
    "failed", "cancelled", "expired", "unknown",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments find`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", metavar="ID", help="of one client body (all)")
    parser.add_argument("--reference", help="the payer's reference, or the payment's id")
    parser.add_argument("--number", help="the bill's number, or a link's own reference")
    parser.add_argument("--policy", metavar="NUMBER", help="the policy's number")
    parser.add_argument("--status", choices=STATUSES)
    parser.add_argument("--kind", choices=("bill", "card_check", "charge"))
    parser.add_argument("--from", dest="since", metavar="MOMENT", help="begun then or later")
    parser.add_argument("--to", dest="until", metavar="MOMENT", help="begun before then")
    parser.add_argument("--least", type=int, metavar="YEN", help="total with fee, at least")
    parser.add_argument("--most", type=int, metavar="YEN", help="total with fee, at most")
    parser.add_argument("--brand", help="visa, mastercard, jcb, amex, diners")
    parser.add_argument("--last-four", metavar="DIGITS", help="of the card")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    parser.add_argument("--cursor", help="go on after an earlier page")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the payments that hold every filter, newest first."""
    from sekisho.crossings.payments import FindPayments
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.show_balance import read_moment

    message = FindPayments(
        client_body=arguments.body,
        reference=arguments.reference,
        payment_number=arguments.number,
        policy_number=arguments.policy,
        status=arguments.status,
        kind=arguments.kind,
        started_from=read_moment(arguments.since) if arguments.since else None,
        started_to=read_moment(arguments.until) if arguments.until else None,
        amount_from_yen=arguments.least,
        amount_to_yen=arguments.most,
        brand=arguments.brand,
        last_four=arguments.last_four,
        cursor=arguments.cursor,
        limit=arguments.limit,
    )
    found: PaymentsFound = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(found)
        return 0
    if not found.payments:
        print("No payment.")
        return 0
    _draw(found)
    return 0


def _draw(found: PaymentsFound) -> None:
    from rich.markup import escape

    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    heads = ("begun", "payment", "body", "status", "yen", "number", "what", "card")
    table = plain_table(*heads, right=("yen",))
    for line in found.payments:
        table.add_row(
            at(line.started_at),
            line.reference,
            line.client_body,
            line.status + (f" ({line.reason})" if line.reason else ""),
            f"{line.total_yen:,}",
            escape(line.payment_number or line.policy_number or ""),
            escape(line.item_ja),
            f"{line.brand} {line.last_four}" if line.brand else "",
        )
    make_console().print(table)
    if found.next_cursor:
        print(f"More: --cursor {found.next_cursor}")
