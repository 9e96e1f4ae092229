"""Commands about enrolments: what is asked, shown and refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.processes.terminal import connect
from sekisho.processes.terminal.ask_payments import who_types
from sekisho.processes.terminal.main import main

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
ACTIVE = said.EnrolmentShown(
    enrolment_id="enrol_1",
    client_body="mihon_kiko",
    site="group_life_premium",
    policy=said.PolicyFacts(
        policy_id="policy_1",
        policy_number="20010001",
        product_ja="団体信用生命保険",
        product_en="Group credit life insurance",
        yearly_premium_yen=58_400,
        joined_month=6,
    ),
    channel="site",
    status="active",
    applied_on=date(2026, 11, 16),
    first_charge_month="2027-06",
    card_brand="visa",
    card_last_four="1111",
    mail_known=True,
    ended_by="",
    ended_at=None,
    reinstatable_until=None,
    expires_month="",
    card_change_asked_at=None,
)
ENDED = msgspec.structs.replace(
    ACTIVE, status="ended", ended_by="holder", ended_at=AT, reinstatable_until=AT
)
EVENT = said.EnrolmentEvent(
    step=1,
    at=AT,
    from_status="",
    to_status="applied",
    event="applied",
    by="payer_site:group_life_premium",
    why="",
)


class Payments:
    """Payments behind the terminal's crosser."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answers: dict[type[Any], Any] = {
            said.ListEnrolments: said.EnrolmentsShown(enrolments=[ACTIVE], next="enrol_1"),
            said.ShowEnrolment: said.EnrolmentHistory(enrolment=ACTIVE, events=[EVENT]),
            said.EndEnrolment: ENDED,
            said.ReinstateEnrolment: ACTIVE,
        }

    def cross(self, message: Any, *, seconds: float) -> Any:
        self.asked.append(message)
        answer = self.answers[type(message)]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Payments:
    found = Payments()
    monkeypatch.setattr(connect, "TerminalCrosser", lambda data: found)
    return found


END = ["enrolments", "end", "enrol_1", "--for", "holder", "--reason", "asked by letter"]
BACK = ["enrolments", "reinstate", "enrol_1", "--reason", "ended by mistake"]


def test_the_list_names_the_next_page(there: Payments, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enrolments", "list", "--status", "active", "--expiring"]) == 0
    out = capsys.readouterr().out
    assert "20010001" in out and "visa 1111" in out and "--after enrol_1" in out
    (asked,) = there.asked
    assert (asked.client_body, asked.status, asked.expiring_only) == ("*", "active", True)


def test_one_is_shown_with_its_steps(there: Payments, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["enrolments", "show", "enrol_1"]) == 0
    assert "payer_site:group_life_premium" in capsys.readouterr().out


@pytest.mark.parametrize("words", [END, BACK], ids=lambda words: words[1])
def test_a_deed_wants_a_yes(
    there: Payments, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(words) == 1
    assert "nobody is here to confirm it" in capsys.readouterr().err
    assert main([*words, "--dry-run"]) == 0
    assert "Nothing changed" in capsys.readouterr().out
    assert {type(one) for one in there.asked} == {said.ShowEnrolment}
    assert main([*words, "--yes", "--json"]) == 0
    assert there.asked[-1].by == who_types()
    assert json.loads(capsys.readouterr().out)["enrolment_id"] == "enrol_1"


def test_a_refusal_says_what_to_do(there: Payments, capsys: pytest.CaptureFixture[str]) -> None:
    there.answers[said.ReinstateEnrolment] = Refusal("card_forgotten", "the holder applies anew")
    assert main([*BACK, "--yes"]) == 1
    assert "the holder applies anew" in capsys.readouterr().err
