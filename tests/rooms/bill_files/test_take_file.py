"""Taking a file in: what is sent, what counts, and what a second time does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.bill_files.errors import FileRefused
from sekisho.bill_files.sentences import tell
from sekisho.bill_files.take_file import FileTaken, Options, take_file
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import RowRefused
from tests.rooms.bill_files.files import (
    HEADINGS,
    RecordingPayments,
    file_of,
    reading,
    with_fields,
)


def bill(at: int, **changes: str) -> str:
    return with_fields(payment_number=str(10**19 + at), **changes)


def take(payments: RecordingPayments, source: io.BytesIO, **options: bool) -> FileTaken:
    return take_file(source, "bills.csv", reading(), Options(**options), cross=payments.cross)


def test_a_good_file_is_sent_in_messages_and_counts_once() -> None:
    payments = RecordingPayments()
    source = file_of(HEADINGS, *(bill(at) for at in range(2_500)))
    first = take(payments, source)
    again = take(payments, source)
    assert (first.taken, first.added, first.earlier) == (True, 2_500, False)
    assert (again.added, again.earlier) == (2_500, True)
    assert len(payments.counted) == 2_500
    assert payments.counted[0].line == 2


def test_a_file_with_a_bad_row_sends_nothing() -> None:
    payments = RecordingPayments()
    found = take(payments, file_of(HEADINGS, bill(1), bill(2, amount="x")))
    assert (found.taken, found.bad_rows) == (False, 1)
    assert not payments.digests


def test_the_good_rows_of_a_bad_file_are_taken_only_when_asked() -> None:
    payments = RecordingPayments()
    source = file_of(HEADINGS, bill(1), bill(2, amount="x"), bill(3), bill(3, amount="5"))
    found = take(payments, source, skip_bad=True)
    assert (found.taken, found.added, found.bad_rows) == (True, 1, 3)
    assert [row.line for row in payments.counted] == [2]


def test_a_dry_run_tells_everything_and_changes_nothing() -> None:
    payments = RecordingPayments()
    payments.refuse = [RowRefused(line=2, field="amount", code="bill_paid", detail="Paid already.")]
    source = file_of(HEADINGS, bill(1), bill(2), bill(3, amount="x"))
    found = take(payments, source, dry_run=True)
    assert not found.taken
    assert [(p.line, p.code) for p in found.problems] == [
        (2, "bill_paid"),
        (4, "amount_unreadable"),
    ]
    assert not payments.counted
    payments.refuse = []
    assert take(payments, file_of(HEADINGS, bill(1)), dry_run=True).added == 1
    assert take(payments, file_of(HEADINGS, bill(1))).taken


def test_what_payments_refuses_is_told_in_both_languages() -> None:
    payments = RecordingPayments()
    payments.refuse = [
        RowRefused(line=2, field="payment_number", code="bill_paid", detail="paid"),
        RowRefused(line=3, field="term", code="text_wrong", detail="at most 40 characters"),
    ]
    found = take(payments, file_of(HEADINGS, bill(1), bill(2)))
    assert not found.taken
    told = [tell(problem, "ja").what for problem in found.problems]
    assert told == ["すでに納付されているため、変更できません。", "at most 40 characters"]


def test_a_file_that_changes_while_it_is_read_is_not_committed() -> None:
    payments = RecordingPayments()

    class Changing(io.BytesIO):
        def seek(self, offset: int, whence: int = 0, /) -> int:
            content = self.getvalue().replace(b"12500", b"12501")
            if payments.digests:
                self.__init__(content)  # type: ignore[misc]
            return super().seek(offset, whence)

    with pytest.raises(FileRefused) as refused:
        take(payments, Changing(file_of(HEADINGS, bill(1)).getvalue()))
    assert refused.value.problem.code == "file_changed"
    assert not payments.counted


def test_a_refusal_by_payments_reaches_the_caller() -> None:
    def cross(message: object, *, seconds: float = 10.0) -> object:
        raise Refusal("client_body_unknown", field="client_body")

    with pytest.raises(Refusal, match="client_body_unknown"):
        take_file(file_of(HEADINGS, bill(1)), "bills.csv", reading(), Options(), cross=cross)


def test_an_empty_list_of_bills_is_taken_as_such() -> None:
    payments = RecordingPayments()
    found = take(payments, file_of(HEADINGS))
    assert (found.taken, found.added) == (True, 0)


@given(st.lists(st.booleans(), max_size=30), st.booleans(), st.booleans())
def test_what_counts_are_the_good_rows_of_a_file_that_was_taken(
    good: list[bool], skip_bad: bool, dry_run: bool
) -> None:
    payments = RecordingPayments()
    lines = (bill(at) if ok else bill(at, due_date="never") for at, ok in enumerate(good))
    found = take(payments, file_of(HEADINGS, *lines), skip_bad=skip_bad, dry_run=dry_run)
    assert found.bad_rows == good.count(False)
    assert found.taken == (not dry_run and (skip_bad or all(good)))
    counted = {row.line for row in payments.counted}
    wanted = {at + 2 for at, ok in enumerate(good) if ok} if found.taken else set()
    assert counted == wanted
