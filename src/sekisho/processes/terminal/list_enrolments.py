"""`sekisho enrolments list`."""

import argparse

STATUSES = ("applied", "active", "refused", "ended")
TOLD = {
    "client_body_unknown": "--body: {detail}",
    "cursor_wrong": "--after: {detail}",
    "enrolment_unknown": "there is no such enrolment",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho enrolments list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", metavar="ID", help="of one client body (all)")
    parser.add_argument("--status", choices=STATUSES)
    parser.add_argument("--policy", default="", metavar="NUMBER", help="of one policy")
    parser.add_argument("--expiring", action="store_true", help="only with a card about to expire")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    parser.add_argument("--after", default="", help="go on after an earlier page")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print enrolments in the order of their ids."""
    from rich.markup import escape

    from sekisho.crossings.payments import EnrolmentsShown, ListEnrolments
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    message = ListEnrolments(
        client_body=arguments.body,
        status=arguments.status,
        policy_number=arguments.policy,
        expiring_only=arguments.expiring,
        after=arguments.after,
        limit=arguments.limit,
    )
    found: EnrolmentsShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(found)
        return 0
    if not found.enrolments:
        print("No enrolment.")
        return 0
    table = plain_table("enrolment", "body", "policy", "status", "by", "card", "expires")
    for one in found.enrolments:
        table.add_row(
            one.enrolment_id,
            one.client_body,
            escape(one.policy.policy_number),
            f"{one.status} by {one.ended_by}" if one.ended_by else one.status,
            one.channel,
            f"{one.card_brand} {one.card_last_four}",
            one.expires_month,
        )
    make_console().print(table)
    if found.next:
        print(f"More: --after {found.next}")
    return 0
