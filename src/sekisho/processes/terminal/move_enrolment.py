"""What ending and reinstating an enrolment have in common: look, ask the person, say it."""

import argparse

from sekisho.crossings.payments import EndEnrolment, ReinstateEnrolment, ShowEnrolment
from sekisho.processes.terminal.ask_payments import ask, confirm, print_json
from sekisho.processes.terminal.show_enrolment import say_where


def move_enrolment(
    arguments: argparse.Namespace,
    deed: str,
    message: EndEnrolment | ReinstateEnrolment,
    told: dict[str, str],
) -> int:
    """Do `deed` to the enrolment that `message` names."""
    asked = ShowEnrolment(client_body="*", enrolment_id=message.enrolment_id)
    shown = ask(arguments, asked, told).enrolment
    if not arguments.dry_run:
        confirm(
            f"{shown.policy.policy_number}: {say_where(shown)}\n{deed[0].upper()}{deed[1:]}?",
            arguments,
        )
        shown = ask(arguments, message, told)
    if arguments.json:
        print_json(shown)
        return 0
    print(f"{shown.policy.policy_number}: {say_where(shown)}")
    if arguments.dry_run:
        print(f"Dry run: would {deed}. Nothing changed.")
    return 0
