"""`sekisho enrolments show`."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.crossings.payments import EnrolmentShown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho enrolments show`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("enrolment", help="the enrolment's id")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one enrolment with every step of its life."""
    from rich.markup import escape

    from sekisho.crossings.payments import EnrolmentHistory, ShowEnrolment
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.processes.terminal.list_enrolments import TOLD

    message = ShowEnrolment(client_body="*", enrolment_id=arguments.enrolment)
    found: EnrolmentHistory = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(found)
        return 0
    one = found.enrolment
    print(f"{one.enrolment_id} of {one.client_body}, policy {one.policy.policy_number}")
    print(say_where(one))
    table = plain_table("when", "what", "by", "why")
    for event in found.events:
        table.add_row(at(event.at), event.event, escape(event.by), escape(event.why))
    make_console().print(table)
    return 0


def say_where(one: "EnrolmentShown") -> str:
    """One line: where an enrolment is."""
    from sekisho.processes.terminal.draw_history import at

    line = f"{one.status}, {one.card_brand or 'no card'} {one.card_last_four}".rstrip()
    if one.ended_by:
        line += f", ended by {one.ended_by}"
    if one.reinstatable_until:
        line += f", card kept until {at(one.reinstatable_until)}"
    return line
