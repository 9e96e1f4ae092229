"""What the API answers: once for each Idempotency-Key, in pages, in CSV, and no with a reason."""

from __future__ import annotations

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.export import _slots
from sekisho.client_desk.api.forget_answers import forget_old
from sekisho.client_desk.records.api_models import ApiAnswer
from sekisho.client_desk.records.scope import enter_body, forget_api_answers
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    FindPayments,
    FindRefunds,
    PutBill,
    RefundLine,
    RefundPayment,
    RefundsFound,
)
from sekisho.transport import CrossingUnavailable
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.machines import BILL, Machine, at_work, new_key
from tests.rooms.client_desk.paying import MOMENT

pytestmark = pytest.mark.usefixtures("clean")

REFUND = {"amount_yen": 1_000, "fee_yen": 0, "left_yen": 34_267, "reason": "paid twice"}


def said(payments: Any, kind: type) -> list[Any]:
    return [message for message in payments.said if isinstance(message, kind)]


# --- said again ---


def test_a_post_said_again_acts_once_and_is_answered_the_same() -> None:
    with at_work() as (machine, payments):
        first = machine.post("/bills", BILL, "one")
        again = machine.post("/bills", BILL, "one")
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.content == again.content
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(said(payments, PutBill)) == 1
        assert machine.post("/bills", BILL, '"one"').content == first.content


def test_a_key_is_for_one_request() -> None:
    with at_work() as (machine, payments):
        machine.post("/bills", BILL, "one")
        for other in (BILL | {"amount_yen": 1}, BILL | {"term": "4"}):
            answer = machine.post("/bills", other, "one")
            assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
        elsewhere = machine.post("/payment-links", BILL, "one")
        assert elsewhere.status_code == 422
        assert len(payments.said) == 1


def test_the_same_key_of_another_body_is_another_key() -> None:
    with at_work(new_key("mihon_to")[0]) as (machine, payments):
        machine.post("/bills", BILL, "one")
        Machine(new_key("mihon_kiko")[0]).post("/bills", BILL, "one")
        Machine(new_key("mihon_to", live=False)[0]).post("/bills", BILL, "one")
        bodies = [message.client_body for message in said(payments, PutBill)]
        assert bodies == ["mihon_to", "mihon_kiko", "mihon_to_test"]
        assert len({message.key for message in said(payments, PutBill)}) == 3


def test_a_newer_api_key_is_answered_the_same() -> None:
    with at_work() as (machine, payments):
        first = machine.post("/bills", BILL, "one")
        other = Machine(new_key()[0]).post("/bills", BILL, "one")
        assert other.content == first.content
        assert len(said(payments, PutBill)) == 1


def test_a_refusal_is_kept_too() -> None:
    with at_work() as (machine, payments):
        path = f"/payments/{new_id('pay')}/refunds"
        first = machine.post(path, REFUND, "one")
        assert (first.status_code, first.json()["code"]) == (404, "payment_unknown")
        asked = len(payments.said)
        assert machine.post(path, REFUND, "one").json()["code"] == "payment_unknown"
        assert len(payments.said) == asked


def test_what_came_to_no_decision_goes_on_under_the_same_order_key() -> None:
    with at_work() as (machine, payments):
        payments.away = CrossingUnavailable("away")
        first = machine.post("/bills", BILL, "one")
        assert (first.status_code, first.json()["code"]) == (503, "unavailable")
        assert first.headers["Retry-After"] == "2"
        payments.away = Refusal("in_flight")
        assert machine.post("/bills", BILL, "one").json()["code"] == "in_flight"
        payments.away = None
        assert machine.post("/bills", BILL, "one").status_code == 200
        assert len({message.key for message in said(payments, PutBill)}) == 1


def test_a_crash_between_acting_and_answering_orders_nothing_twice() -> None:
    with at_work() as (machine, payments):
        payments.more[PutBill] = lambda message: 1 // 0
        assert machine.post("/bills", BILL, "one").status_code == 500
        del payments.more[PutBill]
        assert machine.post("/bills", BILL, "one").status_code == 200
        assert len({message.key for message in said(payments, PutBill)}) == 1


def test_while_the_first_is_under_way_the_second_is_told_so_and_later_goes_on() -> None:
    with at_work() as (machine, payments):
        machine.post("/bills", BILL, "one")
        room.cluster.execute_sql(
            "UPDATE client_desk.api_answer SET state='working', status=NULL, content=NULL"
        )
        answer = machine.post("/bills", BILL, "one")
        assert (answer.status_code, answer.json()["code"]) == (409, "in_flight")
        assert answer.headers["Retry-After"] == "1"
        late = limits.ANSWER_UNDER_WAY + timedelta(seconds=1)
        room.cluster.execute_sql("UPDATE client_desk.api_answer SET moved_at=%s", [now() - late])
        assert machine.post("/bills", BILL, "one").status_code == 200
        assert len({message.key for message in said(payments, PutBill)}) == 1


def eight_at_once(machine: Machine) -> list[Any]:
    """What eight who say the same at the same moment are answered."""
    secret = machine.headers["authorization"].removeprefix("Bearer ")
    gate = threading.Barrier(8)

    def say(_: int) -> Any:
        gate.wait()
        try:
            return Machine(secret).post("/bills", BILL, "one")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(say, range(8)))


@pytest.mark.parametrize("died_before", [False, True])
def test_eight_at_once_act_once(died_before: bool) -> None:
    with at_work() as (machine, payments):
        if died_before:
            machine.post("/bills", BILL, "one")
            payments.said.clear()
            late = now() - limits.ANSWER_UNDER_WAY - timedelta(seconds=1)
            room.cluster.execute_sql(
                "UPDATE client_desk.api_answer"
                " SET state='working', status=NULL, content=NULL, moved_at=%s",
                [late],
            )
        answers = eight_at_once(machine)
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
        assert len(said(payments, PutBill)) == 1


def test_after_a_day_the_key_is_free_and_makes_another_order() -> None:
    with at_work() as (machine, payments):
        machine.post("/bills", BILL, "one")
        old = now() - limits.ANSWERS_KEPT - timedelta(seconds=1)
        room.cluster.execute_sql("UPDATE client_desk.api_answer SET begun_at=%s", [old])
        answer = machine.post("/bills", BILL | {"amount_yen": 1}, "one")
        assert answer.status_code == 200
        assert len({message.key for message in said(payments, PutBill)}) == 2


def test_no_answer_younger_than_a_day_is_forgotten() -> None:
    with at_work() as (machine, _):
        machine.post("/bills", BILL, "one")
        assert forget_api_answers(now()) == 0
        old = now() - limits.ANSWERS_KEPT - timedelta(seconds=1)
        room.cluster.execute_sql("UPDATE client_desk.api_answer SET begun_at=%s", [old])
        assert forget_old(now()) == 1


def test_an_answer_lies_sealed() -> None:
    with at_work() as (machine, _):
        machine.post("/bills", BILL, "one")
        enter_body("mihon_to")
        kept = ApiAnswer.objects.get()
        assert b"bill_id" not in bytes(kept.content or b"")


@pytest.mark.parametrize("key", ["a b", "x" * 256, "日本", 'a"b', "a/b"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with at_work() as (machine, payments):
        answer = machine.post("/bills", BILL, key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_wrong")
        assert machine.post("/bills", BILL, "").json()["code"] == "idempotency_key_missing"
        assert not payments.said


def test_what_is_invalid_is_not_kept() -> None:
    with at_work() as (machine, _):
        assert machine.post("/bills", BILL | {"amount_yen": 0}, "one").json()["code"] == "invalid"
        assert machine.post("/bills", BILL, "one").status_code == 200


# --- refunds within what one may alone ---


def test_a_key_gives_back_no_more_than_one_person_may() -> None:
    with at_work() as (machine, payments):
        payment = payments.add_payment("mihon_to")
        path = f"/payments/{payment.payment_id}/refunds"
        assert machine.post(path, REFUND).status_code == 201
        much = machine.post(path, REFUND | {"amount_yen": 30_001})
        assert (much.status_code, much.json()["code"]) == (403, "second_person_needed")
        assert much.json()["field"] == "amount_yen"
        assert len(said(payments, RefundPayment)) == 1


def test_all_keys_of_a_body_together_give_back_no_more_in_a_day() -> None:
    with at_work() as (machine, payments):
        for _ in range(10):
            payment = payments.add_payment("mihon_to")
            wish = REFUND | {"amount_yen": 30_000}
            assert machine.post(f"/payments/{payment.payment_id}/refunds", wish).status_code == 201
        other = Machine(new_key()[0])
        last = payments.add_payment("mihon_to")
        answer = other.post(f"/payments/{last.payment_id}/refunds", REFUND)
        assert answer.json()["code"] == "second_person_needed"


def test_a_refund_whose_answer_got_lost_does_not_count_against_itself() -> None:
    with at_work() as (machine, payments):
        payment = payments.add_payment("mihon_to")
        path = f"/payments/{payment.payment_id}/refunds"
        wish = REFUND | {"amount_yen": 30_000}

        def lose_answer(message: RefundPayment) -> Any:
            payments._RefundPayment(message)
            raise CrossingUnavailable("cut")

        payments.more[RefundPayment] = lose_answer
        assert machine.post(path, wish, "one").status_code == 503
        del payments.more[RefundPayment]
        done = payments.refunds.copy()
        line: RefundLine = next(iter(done.values()))
        # Payments counts it already: alone it would be one refund too many.
        spent = [line] * 10
        payments.more[FindRefunds] = lambda message: RefundsFound(refunds=spent, next_cursor=None)
        assert machine.post(path, wish, "one").status_code == 201
        assert payments.refunds == done


# --- pages and CSV ---


def test_pages_go_on_where_the_one_before_stopped() -> None:
    with at_work() as (machine, payments):
        made = [payments.add_payment("mihon_to").payment_id for _ in range(5)]
        seen, cursor = [], None
        while True:
            page = machine.get("/payments", limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [row["payment_id"] for row in page.json()["data"]]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break
        assert seen == made


@pytest.mark.parametrize("cursor", ["x", "AAAA", "!!", "////", "Zm9v" * 100, "MQ%3D%3D"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with at_work() as (machine, _):
        answer = machine.get("/payments", cursor=cursor)
        assert answer.status_code == 422
        assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1_0", "1.0", "", "٣"])
def test_a_limit_out_of_bounds_is_refused(limit: str) -> None:
    with at_work() as (machine, _):
        answer = machine.get("/payments", limit=limit)
        assert (answer.status_code, answer.json()["field"]) == (422, "limit")


def lines_of(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    answer.close()
    return list(csv.reader(io.StringIO(text)))


def test_an_export_has_every_page_and_says_that_it_is_whole() -> None:
    with at_work() as (machine, payments):
        for _ in range(limits.EXPORT_PAGE_ROWS + 3):
            payments.add_payment("mihon_to", item_en="=HYPERLINK(1)")
        payments.add_payment("mihon_kiko")
        answer = machine.get("/payments/export")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        lines = lines_of(answer)
        assert len(said(payments, FindPayments)) == 2
        assert lines[-1] == ["end", str(limits.EXPORT_PAGE_ROWS + 3)]
        assert len(lines) == limits.EXPORT_PAGE_ROWS + 5
        assert "'=HYPERLINK(1)" in lines[1]


def test_an_export_that_is_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORT_PAGE_ROWS", 2)
    monkeypatch.setattr(limits, "MAX_EXPORT_ROWS", 4)
    with at_work() as (machine, payments):
        for _ in range(5):
            payments.add_payment("mihon_to")
        assert lines_of(machine.get("/payments/export"))[-1] == ["more", "4"]


def test_an_export_that_breaks_off_has_no_last_line_and_gives_its_place_back() -> None:
    with at_work() as (machine, payments):
        for _ in range(limits.EXPORT_PAGE_ROWS + 1):
            payments.add_payment("mihon_to")
        answer = machine.get("/payments/export")
        payments.away = CrossingUnavailable("away")
        with pytest.raises(CrossingUnavailable):
            lines_of(answer)
        answer.close()
        assert _slots.taken == 0


def test_so_many_exports_at_once() -> None:
    with at_work() as (machine, _):
        under_way = [machine.get("/payments/export") for _ in range(limits.EXPORTS_AT_ONCE)]
        refused = machine.get("/payments/export")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_exports")
        for answer in under_way:
            answer.close()
        last = machine.get("/payments/export")
        assert last.status_code == 200
        last.close()


# --- no ---


def test_a_field_that_is_wrong_is_named_and_not_repeated() -> None:
    with at_work() as (machine, payments):
        body = BILL | {"amount_yen": "4111111111111111", "due_date": "2026-02-30", "more": 1}
        answer = machine.post("/bills", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        named = {error["field"] for error in answer.json()["errors"]}
        assert named == {"amount_yen", "due_date", "more"}
        assert b"4111" not in answer.content
        assert not payments.said


@pytest.mark.parametrize(
    "moment", ["2026-11-01", "2026-11-01T00:00:00", "1e9", "2026-11-01 00:00:00Z", 1700000000]
)
def test_a_moment_needs_its_zone(moment: Any) -> None:
    with at_work() as (machine, _):
        answer = machine.post("/bills", BILL | {"first_payable_at": moment})
        assert answer.json()["errors"][0]["field"] == "first_payable_at"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"\xff", "application/json", 400, "malformed"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "content_type_wrong"),
        (b"{}", "text/plain", 415, "content_type_wrong"),
        (b'"' + b"x" * limits.MAX_BODY_BYTES + b'"', "application/json", 413, "body_too_large"),
        (b"[]", "application/json", 422, "invalid"),
    ],
)
def test_a_body_that_is_none_is_refused(content: bytes, kind: str, status: int, code: str) -> None:
    with at_work() as (machine, _):
        headers = machine.headers | {"idempotency-key": "one"}
        answer = machine.client.post(
            "/api/v1/bills", data=content, content_type=kind, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_addresses_and_methods_that_are_none() -> None:
    with at_work() as (machine, payments):
        for path in ("/nothing", "/bills/bill_x", "/bills/../payments", "/payments/pay_%00"):
            answer = machine.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "path_unknown"), path
        answer = machine.client.delete("/api/v1/bills", headers=machine.headers)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}
        assert not payments.said


def test_a_moment_is_answered_in_utc() -> None:
    with at_work() as (machine, _):
        bill = machine.post("/bills", BILL).json()
        assert bill["first_payable_at"] == "2026-10-31T15:00:00Z"
        assert bill["changed_at"] == MOMENT.isoformat().replace("+00:00", "Z")
