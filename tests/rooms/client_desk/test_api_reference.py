"""The published reference says what the API does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from sekisho.client_desk.api.bills import _link
from sekisho.client_desk.api.declare import DECLARED, PATH_PATTERNS
from sekisho.client_desk.api.frame import document
from sekisho.client_desk.api.problems import PROBLEMS, UNNAMED
from sekisho.client_desk.api.shapes import bills, settling, standing
from sekisho.client_desk.api.shapes import payments as shapes
from sekisho.client_desk.keys.rules import SCOPES
from sekisho.crossings import payments
from sekisho.crossings import payments as p
from sekisho.crossings.message import Crossing
from tests.rooms.client_desk.specimens import every_word
from tests.rooms.client_desk.staff import desk
from tools.write_api_reference import DOCUMENT_FILE, PAGE_FILE, document_text, page_text

assert desk

ASKED = (
    payments.AnswerDispute, payments.AskCardChange, payments.CancelLink, payments.CapturePayment,
    payments.CreateLink, payments.EndEnrolment, payments.FindBills, payments.FindLinks,
    payments.FindPayments, payments.FindRefunds, payments.ListChargeItems,
    payments.ListChargeRuns, payments.ListDisputes, payments.ListEnrolments,
    payments.ListPayouts, payments.ListSettlements, payments.PutBill,
    payments.ReconciliationLines, payments.RefundPayment, payments.ReinstateEnrolment,
    payments.ShowBill, payments.ShowChargeRun, payments.ShowEnrolment, payments.ShowLink,
    payments.ShowPaymentOfBody, payments.ShowPayout, payments.ShowSettlement,
    payments.VoidPayment, payments.WithdrawBill,
)  # fmt: skip
"""What the API asks payments."""


def test_the_document_is_openapi_3_1() -> None:
    validate(document())
    assert document()["openapi"].startswith("3.1")


def test_the_files_are_what_the_tool_writes() -> None:
    written = "run python tools/write_api_reference.py"
    assert json.loads(DOCUMENT_FILE.read_text()) == json.loads(document_text(document())), written
    assert PAGE_FILE.read_text() == page_text(document()), written


def refusals_named_by(message: type[Crossing[object]]) -> set[str]:
    text = (message.__doc__ or "").partition("Refusal")[2]
    return set(re.findall(r"``([a-z_]+)``", text)) - {"bill_id", "to_pay", "other", "key"}


def test_every_refusal_that_payments_names_has_its_status() -> None:
    named = {code for message in ASKED for code in refusals_named_by(message)}
    assert len(named) > 30
    # Words of fields that a docstring quotes beside the codes are no codes.
    unknown = {code for code in named - PROBLEMS.keys() if "_" in code and code != "only_open"}
    assert not unknown


def test_every_refusal_that_an_operation_names_is_in_the_table() -> None:
    for facts in DECLARED.values():
        assert set(facts.refusals) <= PROBLEMS.keys() - {UNNAMED}, facts.operation_id
        assert facts.scope in SCOPES
        assert facts.consistency


def test_every_post_asks_for_its_key_and_every_place_has_its_pattern() -> None:
    for methods in document()["paths"].values():
        for method, operation in methods.items():
            names = {one["name"]: one for one in operation["parameters"]}
            assert ("Idempotency-Key" in names) == (method == "post")
            for name, one in names.items():
                if one["in"] == "path":
                    assert one["schema"]["pattern"] == PATH_PATTERNS[name]
            assert "**Consistency.**" in operation["description"]


def test_every_body_that_is_sent_has_an_example() -> None:
    schemas = document()["components"]["schemas"]
    for methods in document()["paths"].values():
        body = methods.get("post", {}).get("requestBody")
        if body:
            name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            assert schemas[name]["examples"], name


SHOWN = {
    bills.Bill: p.BillShown,
    shapes.Payment: p.PaymentLine,
    shapes.Step: p.PaymentStep,
    shapes.Card: p.CardTried,
    shapes.WholePayment: p.PaymentOfBody,
    shapes.RefundOrder: p.RefundShown,
    shapes.Refund: p.RefundLine,
    shapes.Dispute: p.DisputeShown,
    shapes.Money: p.MoneyShown,
    standing.Enrolment: p.EnrolmentShown,
    standing.EnrolmentStep: p.EnrolmentEvent,
    standing.ChargeRun: p.ChargeRunShown,
    standing.ChargeItem: p.ChargeItemShown,
    standing.ChargeTotal: p.ChargeTotal,
    settling.Settlement: p.SettlementShown,
    settling.Payout: p.PayoutShown,
    settling.Line: p.ReconciliationLine,
}
"""What the API shows of what payments answers."""


@pytest.mark.parametrize("shape", SHOWN, ids=lambda shape: str(shape.__name__))
def test_whatever_payments_says_can_be_shown(shape: Any) -> None:
    for said in every_word(SHOWN[shape]):
        shape.model_validate(said)


def test_every_link_can_be_shown() -> None:
    for said in every_word(p.LinkShown):
        bills.Link.model_validate(_link(said))
