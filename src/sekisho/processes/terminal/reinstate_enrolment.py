"""`sekisho enrolments reinstate`."""

import argparse

TOLD = {
    "enrolment_unknown": "there is no such enrolment",
    "not_ended": "it has not ended: {detail}",
    "card_forgotten": "its card was forgotten: {detail}",
    "policy_ended": "its policy has ended",
    "policy_enrolled": "its policy has another active enrolment",
    "reason_wrong": "--reason: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho enrolments reinstate`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("enrolment", help="the enrolment's id")
    parser.add_argument("--reason", required=True, help="why; stands in the history for good")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Take an end back while the card is kept. Said again it is the same."""
    from sekisho.crossings.payments import ReinstateEnrolment
    from sekisho.processes.terminal.ask_payments import who_types
    from sekisho.processes.terminal.move_enrolment import move_enrolment

    message = ReinstateEnrolment(
        client_body="*", enrolment_id=arguments.enrolment, reason=arguments.reason, by=who_types()
    )
    return move_enrolment(arguments, "take it up again", message, TOLD)
