"""Every message of the permits table has one class of ``crossings.repeating``, and a test that says
it twice at its receiver. The proofs themselves are in the rooms, each with its own database."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sekisho.crossings import card_network, client_desk, console, hook_sender, payments, vault
from sekisho.crossings.permits import PERMITS, Message
from sekisho.crossings.repeating import ANEW, DEEDS, ONCE, QUESTIONS

ROOMS = Path(__file__).parents[1] / "rooms"

PROVEN: dict[Message, str] = {
    card_network.Authenticate: "card_network/test_say_twice.py"
    "::test_an_authenticate_said_again_is_one_told_again",
    card_network.ChallengeReturned: "card_network/test_say_twice.py"
    "::test_a_challenge_returned_twice_ends_once",
    card_network.Authorise: "card_network/test_authorise.py"
    "::test_the_same_order_again_is_one_charge",
    card_network.Capture: "card_network/test_capture_and_reverse.py"
    "::test_a_capture_said_again_is_taken_once_and_told_again",
    card_network.Reverse: "card_network/test_capture_and_reverse.py"
    "::test_an_authorisation_is_given_back_once_and_then_not_captured",
    card_network.Refund: "card_network/test_refund.py"
    "::test_a_refund_said_again_is_one_refund_told_again",
    card_network.AnswerChargeback: "card_network/test_chargeback.py"
    "::test_a_contested_case_is_decided_and_told_once",
    hook_sender.Deliver: "hook_sender/test_carry.py::test_deliveries_said_again_are_carried_once",
    hook_sender.TakeOutcomes: "hook_sender/test_carry.py"
    "::test_outcomes_taken_twice_are_forgotten_once",
    vault.Release: "vault/test_releases.py::test_a_permit_is_good_once",
    vault.ResetBudget: "vault/test_budget.py::test_a_closed_breaker_is_not_reset",
    vault.OpenCardForm: "vault/test_card_form.py::test_a_new_form_shuts_the_earlier_one",
    client_desk.InviteStaff: "client_desk/test_sign_in.py"
    "::test_a_new_invitation_makes_the_earlier_link_worthless",
    client_desk.MakeFactorAnew: "client_desk/test_staff.py"
    "::test_an_operator_makes_a_factor_anew_and_the_earlier_link_is_worthless",
    client_desk.MakeApiKey: "client_desk/test_api_keys.py"
    "::test_an_order_for_a_key_said_again_makes_no_other",
    client_desk.RotateApiKey: "client_desk/test_api_keys.py"
    "::test_a_replaced_key_is_not_replaced_twice",
    client_desk.RevokeApiKey: "client_desk/test_api_keys.py"
    "::test_the_terminal_s_word_ends_a_key_once",
    console.InviteOperator: "console/test_console.py::test_a_newer_invitation_ends_the_older",
}
"""Where each promise is proven, beside the tables ``SAID_TWICE`` of payments and vault."""


def _names_in(file: str, table: str) -> set[str]:
    """The last parts of the keys of a table of a test file, read without importing it."""
    for node in ast.parse((ROOMS / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == table:
            assert isinstance(node.value, ast.Dict)
            return {key.attr for key in node.value.keys if isinstance(key, ast.Attribute)}
    raise AssertionError(f"{file} has no table {table}")


def test_every_message_has_one_class() -> None:
    assert set(PERMITS) == QUESTIONS | ANEW | ONCE | DEEDS
    assert sum(map(len, (QUESTIONS, ANEW, ONCE, DEEDS))) == len(PERMITS)


@pytest.mark.parametrize("receiver", ["payments", "vault"])
def test_every_deed_is_said_twice_in_its_room(receiver: str) -> None:
    told = _names_in(f"{receiver}/test_say_twice.py", "SAID_TWICE")
    assert told == {deed.__name__ for deed in DEEDS if deed.receiver == receiver}


def test_every_other_promise_names_its_proof() -> None:
    rest = {one for one in DEEDS if one.receiver not in ("payments", "vault")}
    assert rest | ONCE <= set(PROVEN)
    for message, place in PROVEN.items():
        file, name = place.split("::")
        text = (ROOMS / file).read_text(encoding="utf-8")
        assert f"def {name}(" in text, f"{message.__name__}: {place}"


def test_a_key_has_its_own_field_wherever_there_is_one() -> None:
    """What has a key is a deed: nobody gives a key to a question."""
    keyed = {one for one in PERMITS if "key" in one.__struct_fields__}
    assert keyed <= DEEDS
    assert {payments.StartPayment, payments.RefundPayment, vault.SendMail} <= keyed
