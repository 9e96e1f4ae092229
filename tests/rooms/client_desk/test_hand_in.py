"""Files at the desk: received in pieces, checked, taken or given up, for one body alone."""

import io
import re
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.test import Client

from sekisho.client_desk.import_bills import keep_pieces
from sekisho.client_desk.import_bills.keep_pieces import PIECE_BYTES
from sekisho.client_desk.records.models import Upload
from sekisho.client_desk.records.scope import enter_body, give_up_uploads
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillRow, PolicyRow
from sekisho.transport import CrossingUnavailable
from tests.rooms.bill_files.files import (
    HEADINGS,
    POLICY_HEADINGS,
    RecordingPayments,
    file_of,
    with_fields,
)
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.staff import answered_by, desk, evidence_kinds, signed_in

pytestmark = pytest.mark.usefixtures("clean")

GOOD = file_of(HEADINGS, with_fields()).getvalue()
BAD = file_of(HEADINGS, with_fields(), with_fields(payment_number="2" * 20, amount="x")).getvalue()


def begin(visitor: Client, content: bytes, **changes: Any) -> Any:
    facts = {"kind": "bills", "encoding": "", "file_name": "bills.csv", "size": len(content)}
    return visitor.post("/files/begin", facts | changes)


def send(visitor: Client, address: str, content: bytes) -> None:
    for number, at in enumerate(range(0, len(content), PIECE_BYTES)):
        answer = visitor.post(
            f"{address}/{number}",
            content[at : at + PIECE_BYTES],
            content_type="text/csv",
        )
        assert answer.status_code == 200, answer.content


def hand_in(visitor: Client, content: bytes, **changes: Any) -> str:
    """Send a file and order its check; return its page."""
    answer = begin(visitor, content, **changes)
    assert answer.status_code == 201, answer.content
    address: str = answer.json()["address"]
    send(visitor, address, content)
    assert visitor.post(address + "/check").headers["Location"] == address
    return address


def work(payments: Any) -> None:
    """Let the desk's worker do what waits."""
    with answered_by(payments):
        while not desk.worker._orders.empty():
            desk.worker.work_through(*desk.worker._orders.get())
    enter_body("")


def test_a_good_file_is_checked_then_taken() -> None:
    visitor, payments = signed_in(), RecordingPayments()
    address = hand_in(visitor, GOOD)
    assert "Refresh" in visitor.get(address).headers
    work(payments)
    page = visitor.get(address)
    assert "まだ反映されていません" in page.content.decode()
    assert "Refresh" not in page.headers
    assert not payments.counted
    visitor.post(address + "/take")
    work(payments)
    assert "取り込みました" in visitor.get(address).content.decode()
    assert [type(row) for row in payments.counted] == [BillRow]
    assert evidence_kinds()[-1] == "client_desk.bills_taken"


def test_a_file_of_many_pieces_arrives_as_it_was() -> None:
    visitor, payments = signed_in(), RecordingPayments()
    lines = [with_fields(payment_number=str(10**19 + at)) for at in range(12_000)]
    content = file_of(HEADINGS, *lines).getvalue()
    assert len(content) > PIECE_BYTES
    address = hand_in(visitor, content)
    work(payments)
    visitor.post(address + "/take")
    work(payments)
    assert len(payments.counted) == 12_000


def test_faults_are_shown_by_line_and_only_the_good_rows_can_be_taken() -> None:
    visitor, payments = signed_in(), RecordingPayments()
    address = hand_in(visitor, BAD)
    work(payments)
    page = visitor.get(address + "?lang=en").content.decode()
    assert re.search(r'data-name="Line">3<.*?<code>amount</code>.*?whole yen', page, re.DOTALL)
    visitor.post(address + "/take")
    work(payments)
    assert not payments.counted
    again = hand_in(visitor, BAD)
    work(payments)
    visitor.post(again + "/take", {"skip_bad": "on"})
    work(payments)
    assert [row.line for row in payments.counted] == [2]


def test_a_second_order_to_take_takes_nothing_twice() -> None:
    visitor, payments = signed_in(), RecordingPayments()
    address = hand_in(visitor, GOOD)
    visitor.post(address + "/check")
    work(payments)
    for _ in range(3):
        visitor.post(address + "/take")
    work(payments)
    visitor.post(address + "/take")
    assert desk.worker._orders.empty()
    assert len(payments.counted) == 1


def test_a_file_that_is_none_is_refused_in_words() -> None:
    visitor = signed_in()
    address = hand_in(visitor, b"PK\x03\x04 a spreadsheet")
    work(RecordingPayments())
    assert "CSVではなく" in visitor.get(address).content.decode()
    assert visitor.post(address + "/take").status_code == 302
    assert desk.worker._orders.empty()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (CrossingUnavailable("away"), "決済側に届きませんでした"),
        (Refusal("client_body_unknown"), "決済側が受け付けませんでした"),
        (ZeroDivisionError(), "処理中に問題が起きました"),
    ],
)
def test_a_failure_on_the_way_is_told_and_the_next_file_works(
    failure: Exception, words: str
) -> None:
    class Failing:
        def cross(self, message: Any, *, seconds: float = 10.0) -> Any:
            raise failure

    visitor, payments = signed_in(), RecordingPayments()
    address = hand_in(visitor, GOOD)
    work(Failing())
    assert words in visitor.get(address).content.decode()
    again = hand_in(visitor, GOOD)
    work(payments)
    visitor.post(again + "/take")
    work(payments)
    assert len(payments.counted) == 1


def test_policies_are_taken_where_the_body_has_them_and_sealed() -> None:
    content = file_of(POLICY_HEADINGS, "00123456,見本保険,48000,4,昭和40年2月3日").getvalue()
    visitor, payments = signed_in("jiro", "mihon_kiko"), RecordingPayments()
    address = hand_in(visitor, content, kind="policies")
    on_disk = b"".join(path.read_bytes() for path in room.own_folder.rglob("*") if path.is_file())
    assert "昭和40年".encode() not in on_disk
    work(payments)
    visitor.post(address + "/take")
    work(payments)
    assert [type(row) for row in payments.counted] == [PolicyRow]
    assert not list((room.own_folder / "uploads").iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "policies"},
        {"kind": "people"},
        {"encoding": "utf-7"},
        {"size": 0},
        {"size": -5},
        {"size": 10**12},
        {"size": "many"},
        {"file_name": "x" * 300},
    ],
)
def test_a_file_that_can_not_be_taken_is_refused_before_it_is_sent(
    changes: dict[str, Any],
) -> None:
    answer = begin(signed_in(), GOOD, **changes)
    assert answer.status_code in (400, 409)
    assert answer.json()["error"]


def test_pieces_out_of_order_too_long_or_too_late_are_refused() -> None:
    visitor = signed_in()
    content = b"x" * (PIECE_BYTES + 10)
    address = begin(visitor, content).json()["address"]
    piece = "text/csv"
    first = content[:PIECE_BYTES]
    assert visitor.post(f"{address}/1", b"x" * 10, content_type=piece).status_code == 409
    assert visitor.post(f"{address}/0", b"x" * 10, content_type=piece).status_code == 409
    assert visitor.post(f"{address}/0", first + b"x", content_type=piece).status_code == 409
    assert visitor.post(f"{address}/0", first, content_type=piece).status_code == 200
    assert visitor.post(f"{address}/0", first, content_type=piece).status_code == 200
    assert visitor.post(address + "/check").status_code == 302
    assert desk.worker._orders.empty()
    assert visitor.post(f"{address}/1", b"y" * 10, content_type=piece).json() == {
        "received": PIECE_BYTES + 10
    }
    visitor.post(address + "/check")
    assert visitor.post(f"{address}/1", b"z" * 10, content_type=piece).status_code == 409
    work(RecordingPayments())


def test_a_file_given_up_is_gone() -> None:
    visitor = signed_in()
    address = hand_in(visitor, GOOD)
    work(RecordingPayments())
    visitor.post(address + "/give-up")
    assert "取りやめ" in visitor.get(address).content.decode()
    visitor.post(address + "/take")
    assert desk.worker._orders.empty()


def test_another_bodys_file_is_not_there() -> None:
    ours, theirs = signed_in(), signed_in("jiro", "mihon_kiko")
    address = hand_in(ours, GOOD)
    assert theirs.get(address).status_code == 404
    for verb in ("/check", "/take", "/give-up"):
        assert theirs.post(address + verb).status_code == 404
    answer = theirs.post(address + "/0", GOOD, content_type="text/csv")
    assert answer.status_code == 404
    assert "bills.csv" not in theirs.get("/files").content.decode()
    work(RecordingPayments())


def test_only_so_many_files_are_under_way() -> None:
    visitor = signed_in()
    assert [begin(visitor, GOOD).status_code for _ in range(11)] == [201] * 10 + [409]


def test_a_new_life_of_the_process_gives_up_what_was_under_way() -> None:
    visitor = signed_in()
    address = hand_in(visitor, GOOD)
    assert give_up_uploads() == 1
    assert "取りやめ" in visitor.get(address).content.decode()
    enter_body("mihon_to")
    assert Upload.objects.get().state == "given_up"
    desk.worker._orders.get()


def test_a_piece_moved_to_another_place_does_not_open(tmp_path: Any) -> None:
    pieces = keep_pieces.Pieces(tmp_path / "uploads")
    pieces.keep("upload_a", 0, b"first")
    pieces.keep("upload_a", 1, b"second")
    folder = tmp_path / "uploads" / "upload_a"
    (folder / "0").write_bytes((folder / "1").read_bytes())
    with pytest.raises(InvalidTag):
        pieces.read("upload_a", 0)
    assert io.BufferedReader(keep_pieces.PiecedFile(lambda n: [b"ab", b""][n])).read() == b"ab"
