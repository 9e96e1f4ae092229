"""Stands where payments does for the desk's pages of enrolments and papers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from sekisho.crossings import payments as p
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.permits import may_send

VAULT = "http://localhost:7003"
ENROLMENT_ID = "enrol_" + "0" * 26
PAPER_ID = "paper_" + "0" * 26
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)

ENROLMENT = p.EnrolmentShown(
    enrolment_id=ENROLMENT_ID,
    client_body="mihon_kiko",
    site="group_life_premium",
    policy=p.PolicyFacts(
        policy_id="policy_1",
        policy_number="20010001",
        product_ja="団体信用生命保険",
        product_en="Group credit life insurance",
        yearly_premium_yen=58_400,
        joined_month=6,
    ),
    channel="paper",
    status="active",
    applied_on=date(2026, 11, 16),
    first_charge_month="2027-06",
    card_brand="visa",
    card_last_four="1111",
    mail_known=True,
    ended_by="",
    ended_at=None,
    reinstatable_until=None,
    expires_month="2027-01",
    card_change_asked_at=None,
)

PAPER = p.PaperShown(
    application_id=PAPER_ID,
    enrolment_id=ENROLMENT_ID,
    policy_number="20010001",
    applied_on=date(2026, 11, 16),
    purpose="application",
    status="card_awaited",
    reason="",
    check="double_entry",
    entered_by="client_desk:hanako",
    entered_at=AT,
    second_by="",
    checked_by="",
    differs=[],
    card_brand="",
    card_last_four="",
    finished_at=None,
)


class FakeEnrolments:
    """``said`` is what the desk said; ``refuse`` a refusal for the next message of a kind."""

    def __init__(self) -> None:
        self.said: list[Crossing[Any]] = []
        self.refuse: dict[type, Refusal] = {}
        self.enrolment = ENROLMENT
        self.paper = PAPER

    def cross(self, message: Crossing[Any], *, seconds: float = 0) -> Any:
        kind = type(message)
        assert may_send("client_desk", kind)
        message = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=kind)
        self.said.append(message)
        if kind in self.refuse:
            raise self.refuse.pop(kind)
        return getattr(self, f"on_{kind.__name__}")(message)

    def last(self, kind: type) -> Any:
        return [message for message in self.said if type(message) is kind][-1]

    def on_ListEnrolments(self, _: Any) -> p.EnrolmentsShown:
        return p.EnrolmentsShown(enrolments=[self.enrolment], next="enrol_next")

    def on_ShowEnrolment(self, message: Any) -> p.EnrolmentHistory:
        if message.client_body != self.enrolment.client_body:
            raise Refusal("enrolment_unknown")
        event = p.EnrolmentEvent(
            step=1,
            at=AT,
            from_status="",
            to_status="applied",
            event="applied",
            by="client_desk:hanako",
            why="",
        )
        return p.EnrolmentHistory(enrolment=self.enrolment, events=[event])

    def on_EndEnrolment(self, message: Any) -> p.EnrolmentShown:
        self.enrolment = msgspec.structs.replace(
            self.enrolment,
            status="ended",
            ended_by=message.ended_by,
            ended_at=AT,
            reinstatable_until=AT,
            expires_month="",
        )
        return self.enrolment

    def on_ReinstateEnrolment(self, _: Any) -> p.EnrolmentShown:
        self.enrolment = ENROLMENT
        return self.enrolment

    def on_AskCardChange(self, _: Any) -> p.EnrolmentShown:
        return self.enrolment

    def on_ListPapers(self, _: Any) -> p.PapersShown:
        return p.PapersShown(papers=[self.paper], next="")

    def on_ShowPaper(self, message: Any) -> p.PaperShown:
        if message.client_body != "mihon_kiko":
            raise Refusal("paper_unknown")
        return self.paper

    def _form(self, **changes: Any) -> p.PaperFormOpened:
        self.paper = msgspec.structs.replace(self.paper, **changes)
        return p.PaperFormOpened(paper=self.paper, card_form_url=f"{VAULT}/card/token?lang=ja")

    def on_StartPaper(self, _: Any) -> p.PaperFormOpened:
        return self._form()

    def on_StartPaperCardChange(self, _: Any) -> p.PaperFormOpened:
        return self._form(purpose="card_change")

    def on_OpenPaperForm(self, _: Any) -> p.PaperFormOpened:
        return self._form()

    def on_EnterPaperAgain(self, _: Any) -> p.PaperFormOpened:
        opened = self._form()
        if not self.paper.differs:
            return opened
        return p.PaperFormOpened(paper=self.paper, card_form_url="")

    def on_CheckPaper(self, _: Any) -> p.PaperShown:
        self.paper = msgspec.structs.replace(self.paper, status="at_network")
        return self.paper

    def on_WithdrawPaper(self, _: Any) -> p.PaperShown:
        self.paper = msgspec.structs.replace(self.paper, status="withdrawn")
        return self.paper
