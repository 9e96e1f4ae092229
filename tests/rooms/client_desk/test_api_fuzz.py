"""A fuzzer that reads the published document finds no answer that the document does not promise.

Its examples are few and the same each time; `SEKISHO_FUZZ_EXAMPLES` asks for more."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from sekisho.client_desk.api import limit_keys
from sekisho.crossings import payments as p
from tests.rooms import open_room
from tests.rooms.client_desk.machines import BILL, at_work, new_key
from tests.rooms.client_desk.staff import desk

assert desk

EXAMPLES = int(os.environ.get("SEKISHO_FUZZ_EXAMPLES", "6"))

NOT_PROMISED = positive_data_acceptance
"""What fits the document may still be no cursor, no bill of this body, a date in the past: 422."""

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())


THERE: dict[str, str] = {
    "case_number": "CB-1",
    "day": "2026-11-20",
    "enrolment_id": "enrol_" + "0" * 26,
    "event_id": "event_" + "0" * 32,
    "payout_id": "payout_" + "0" * 26,
    "run_id": "crun_" + "0" * 26,
}
"""What stands in addresses of things that are there; the rest is filled in once it is made."""


@pytest.fixture(scope="module")
def secret() -> Iterator[str]:
    """A key for everything, a body with one of each thing, and no pace: no test times anything."""
    for opened in open_room.opened:
        opened.clean()
    patch = pytest.MonkeyPatch()
    patch.setattr(limit_keys, "buckets", limit_keys.Buckets(_Leaping()))
    secret, _ = new_key()
    with at_work(secret) as (machine, payments):
        payments.changes[p.ListChargeItems] = {"next": 0}
        payments.changes[p.ReconciliationLines] = {"next_after": 0}
        payments.add_dispute("mihon_to", "CB-1")
        paid = payments.add_payment("mihon_to").payment_id
        made = [
            machine.post("/bills", BILL),
            machine.post("/payment-links", LINK),
            machine.post(f"/payments/{paid}/refunds", REFUND),
            machine.post("/webhook-endpoints", {"url": "https://hooks.mihon.example/"}),
        ]
        assert {answer.status_code for answer in made} == {200, 201}, made[-1].content
        bill, link, refund, hook = [answer.json() for answer in made]
        THERE["payment_id"] = paid
        THERE["bill_id"], THERE["link_id"] = bill["bill_id"], link["link_id"]
        THERE["refund_id"] = refund["refund_id"]
        THERE["endpoint_id"] = hook["endpoint"]["endpoint_id"]
        test = machine.post(f"/webhook-endpoints/{THERE['endpoint_id']}/test")
        assert test.status_code == 200, test.content
        THERE["delivery_id"] = test.json()["delivery_id"]
        yield secret
    patch.undo()


REFUND = {"amount_yen": 1_000, "left_yen": 34_267, "reason": "paid twice"}
LINK = {
    "to_pay": {"amount_yen": 100, "item_ja": "税", "item_en": "Tax", "reference": "A-1"},
}


class _Leaping:
    """A clock on which every look is a minute later."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 60.0
        return self._now


same_each_time = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

there = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
there = there.include(path_regex=r"\{")
there.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE])


@schema.parametrize()
@same_each_time
def test_every_answer_is_as_the_document_says(case: schemathesis.Case, secret: str) -> None:
    _ask(case, secret)


@there.parametrize()
@same_each_time
def test_every_answer_about_what_is_there(case: schemathesis.Case, secret: str) -> None:
    case.path_parameters = {name: THERE[name] for name in case.path_parameters or {}}
    _ask(case, secret)


def _ask(case: schemathesis.Case, secret: str) -> None:
    case.call_and_validate(
        headers={"Authorization": f"Bearer {secret}", "Host": "localhost:7004"},
        excluded_checks=[NOT_PROMISED],
    )
