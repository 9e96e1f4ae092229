"""The sample files: read without a fault, the same each time, some bills payable and some not."""

from datetime import date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from sekisho.bill_files.check_file import check_file
from sekisho.bill_files.samples import (
    BODY_OF_KIND,
    OVER_LIMIT_YEN,
    PAYABLE_BILLS,
    sample_bills,
    sample_birth,
    sample_file,
    sample_policies,
)
from sekisho.vocabulary.clock import TOKYO
from tests.rooms.bill_files.files import reading

days = st.dates(min_value=date(2025, 1, 1), max_value=date(2040, 12, 31))


@given(days)
def test_sample_files_have_no_faults_on_any_day(today: date) -> None:
    for kind, body in BODY_OF_KIND.items():
        checked = check_file(sample_file(kind, today), reading(kind, client_body=body, today=today))
        assert checked.rows > 100
        assert not checked.problems


@given(days)
def test_the_payable_ones_are_payable_today_and_the_others_are_not(today: date) -> None:
    noon = datetime.combine(today, time(12), TOKYO)
    bills = list(sample_bills(today))
    for bill in bills[:PAYABLE_BILLS]:
        assert bill.first_payable_at <= noon <= bill.payable_until
        assert bill.amount_yen < OVER_LIMIT_YEN
        assert len(bill.payment_number) == 20
    for bill in bills[PAYABLE_BILLS:]:
        in_time = bill.first_payable_at <= noon <= bill.payable_until
        assert not in_time or bill.amount_yen >= OVER_LIMIT_YEN
    assert any(bill.first_payable_at > noon for bill in bills)
    assert any(bill.payable_until < noon for bill in bills)


def test_samples_are_the_same_each_time_and_numbers_are_their_own() -> None:
    today = date(2026, 5, 1)
    assert list(sample_bills(today)) == list(sample_bills(date(2027, 3, 31)))
    numbers = [bill.payment_number for bill in sample_bills(today)]
    assert len(set(numbers)) == len(numbers)
    policies = [row[0] for row in sample_policies()]
    assert len(set(policies)) == len(policies)


def test_a_sample_policys_date_of_birth_can_be_shown() -> None:
    first = next(sample_policies())
    assert sample_birth(first[0]) == first[6]
    assert sample_birth("1") is None
