"""`sekisho enrolments end`."""

import argparse

TOLD = {
    "enrolment_unknown": "there is no such enrolment",
    "not_active": "it is not active: {detail}",
    "reason_wrong": "--reason: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho enrolments end`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("enrolment", help="the enrolment's id")
    parser.add_argument(
        "--for", dest="ended_by", choices=("holder", "body"), required=True, help="whose wish it is"
    )
    parser.add_argument("--reason", required=True, help="why; stands in the history for good")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """End an enrolment: nothing more is charged. Said again it is the same."""
    from sekisho.crossings.payments import EndEnrolment
    from sekisho.processes.terminal.ask_payments import who_types
    from sekisho.processes.terminal.move_enrolment import move_enrolment

    message = EndEnrolment(
        client_body="*",
        enrolment_id=arguments.enrolment,
        ended_by=arguments.ended_by,
        reason=arguments.reason,
        by=who_types(),
    )
    return move_enrolment(arguments, "end it", message, TOLD)
