"""Hands for the stories of enrolments."""

from __future__ import annotations

from typing import Any

from sekisho.crossings import payments, vault
from tests.rooms.payments.callers import DESK, PREMIUM, TERMINAL
from tests.rooms.payments.test_enrol import applied
from tests.rooms.payments.world import ORIGIN, RETURN_URL, World, make_policy, rows_of, told_of

BODY = "mihon_kiko"


def enrolled(world: World, number: str = "12345678", key: str = "apply-1") -> str:
    """Return the id of a fresh active enrolment with card ``card_<key>``."""
    world.add_policy(number)
    payment_id = applied(world, number, key)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    ((enrolment_id,),) = rows_of("SELECT enrolment_id FROM payment WHERE id = %s", [payment_id])
    return str(enrolment_id)


def end(world: World, enrolment_id: str, by: str = "hanako", **changed: Any) -> Any:
    fields = {"ended_by": "holder", "reason": "asked by letter", "client_body": BODY}
    return world.say(
        DESK,
        payments.EndEnrolment(enrolment_id=enrolment_id, by=by, **{**fields, **changed}),
    )


def reinstate(world: World, enrolment_id: str, **changed: Any) -> Any:
    fields = {"reason": "ended by mistake", "by": "taro", "client_body": BODY}
    return world.say(
        DESK, payments.ReinstateEnrolment(enrolment_id=enrolment_id, **{**fields, **changed})
    )


def history(world: World, enrolment_id: str) -> payments.EnrolmentHistory:
    shown: payments.EnrolmentHistory = world.say(
        DESK, payments.ShowEnrolment(client_body=BODY, enrolment_id=enrolment_id)
    )
    return shown


def end_policy(world: World, number: str) -> None:
    row = make_policy(2, policy_number=number, ended=True)
    assert world.import_rows("policies", [row]).withdrawn == 1


def ask_link(world: World, enrolment_id: str, key: str = "link-1", by: str = "hanako") -> str:
    """Have a link mailed and return its token as the mail holds it."""
    world.say(
        DESK,
        payments.AskCardChange(key=key, client_body=BODY, enrolment_id=enrolment_id, by=by),
    )
    return str(told_of(world, vault.SendMail)[-1].link_token)


def open_link(world: World, token: str, key: str = "change-1", **changed: Any) -> Any:
    fields: dict[str, Any] = {
        "key": key,
        "token": token,
        "sealed_date_of_birth": b"birth",
        "language": "ja",
        "parent_origin": ORIGIN,
        "return_url": RETURN_URL,
        "source": "address-1",
        "session": "session-1",
    }
    return world.say(PREMIUM, payments.StartCardChange(**{**fields, **changed}))


def change_card(world: World, token: str, key: str = "change-1", result: Any = "approved") -> str:
    """Give another card by a link; return the card check's id."""
    payment_id: str = open_link(world, token, key).payment_id
    world.enter_card(payment_id, f"card_{key}")
    world.confirm(payment_id, PREMIUM)
    world.authenticate(payment_id)
    world.authorise(payment_id, result)
    return payment_id


__all__ = ["DESK", "TERMINAL"]
