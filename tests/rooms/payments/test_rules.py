"""Pure rules: fees, hours, a site's section, the lifecycle's public face."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.payments.charge_fee import FeeRule, charge_fee
from sekisho.payments.errors import LedgerWrong, SettingsWrong
from sekisho.payments.ledger.entry import Leg, check_legs, pending_legs
from sekisho.payments.lifecycle import (
    EDGES,
    HOLDING,
    OPEN,
    PAID,
    State,
    has_edge,
    public_reason,
    public_status,
)
from sekisho.payments.opening_hours import ClosedSetting, closed_until, read_closed
from sekisho.payments.site_rules import read_site_rules
from sekisho.vocabulary.clock import TOKYO
from sekisho.vocabulary.money import MAX_AMOUNT_YEN
from tests.rooms.payments.world import SITES

rules = st.builds(
    FeeRule,
    start_yen=st.integers(0, 2_000),
    step_yen=st.integers(1, 50_000),
    per_step_yen=st.integers(0, 2_000),
    first_step_yen=st.integers(0, 50_000),
    consumption_tax_percent=st.integers(0, 30),
    rounding=st.sampled_from(["down", "up", "half_up"]),
)
amounts = st.integers(0, 1_000_000)


@given(amounts, rules)
def test_a_fee_is_what_the_rule_says_in_words(amount: int, rule: FeeRule) -> None:
    """One bracket after the other, tax as an exact fraction, rounded at the end."""
    before_tax, covered = rule.start_yen, rule.first_step_yen
    if rule.step_yen >= 50:
        while covered < amount:
            covered, before_tax = covered + rule.step_yen, before_tax + rule.per_step_yen
    else:
        over = max(0, amount - covered)
        before_tax += ceil(Fraction(over, rule.step_yen)) * rule.per_step_yen
    tax = Fraction(before_tax * rule.consumption_tax_percent, 100)
    rounded = {"down": floor(tax), "up": ceil(tax), "half_up": floor(tax + Fraction(1, 2))}
    fee = charge_fee(amount, rule)
    assert (fee.tax_yen, fee.total_yen) == (
        rounded[rule.rounding],
        before_tax + rounded[rule.rounding],
    )


@given(amounts, st.integers(0, 10_000), rules)
def test_a_larger_bill_never_costs_a_smaller_fee(amount: int, more: int, rule: FeeRule) -> None:
    assert charge_fee(amount, rule).total_yen <= charge_fee(amount + more, rule).total_yen


def test_the_brackets_of_the_sample_site() -> None:
    rule = FeeRule(start_yen=50, first_step_yen=10_000, step_yen=10_000, per_step_yen=80)
    fees = {amount: charge_fee(amount, rule).total_yen for amount in (1, 10_000, 10_001, 20_001)}
    assert fees == {1: 55, 10_000: 55, 10_001: 143, 20_001: 231}
    assert charge_fee(10_000, None) == (0, 0)
    with pytest.raises(ValueError, match="negative"):
        charge_fee(-1, rule)


@given(st.integers(1, MAX_AMOUNT_YEN), st.integers(0, 100_000), st.data())
def test_legs_always_sum_to_zero(amount: int, fee: int, data: st.DataObject) -> None:
    tax = data.draw(st.integers(0, fee))
    legs = pending_legs(amount, fee, tax)
    assert sum(leg.amount_yen for leg in legs) == 0
    assert legs[0].amount_yen == amount + fee
    assert all(leg.amount_yen for leg in legs)


def test_legs_that_make_no_sense_are_refused() -> None:
    for bad in ((0, 0, 0), (-1, 0, 0), (100, 10, 11), (100, 10, -1)):
        with pytest.raises(LedgerWrong):
            pending_legs(*bad)
    for legs in (
        [],
        [Leg("fee", 1)],
        [Leg("fee", 1), Leg("tax", -2)],
        [Leg("fee", 1), Leg("tax", -1), Leg("bank", 0)],
        [Leg("cash", 1), Leg("tax", -1)],  # type: ignore[arg-type]
    ):
        with pytest.raises(LedgerWrong):
            check_legs(legs)


def test_every_state_is_reached_and_told() -> None:
    reached = {edge.target for edge in EDGES}
    assert reached == set(State)
    for edge in EDGES:
        assert public_status(edge.target)
        reason = public_reason(edge.target, edge.event)
        assert bool(reason) == (
            public_status(edge.target) in ("declined", "failed", "cancelled", "expired")
        )


def test_money_is_asked_for_only_by_who_holds_the_bill() -> None:
    assert PAID <= HOLDING and not OPEN & HOLDING
    for edge in EDGES:
        if edge.target in HOLDING and edge.source not in HOLDING:
            # By saying "pay", by a run that two persons approved, by a second person who checked a
            # paper, or by two operators who saw in the network's record that it was paid.
            assert edge.event in (
                "confirmed",
                "charge_asked",
                "paper_checked",
                "operator_honoured",
            ), edge
        if edge.source in PAID:
            assert edge.target in PAID, "what was taken is not undone by an edge"
    assert not has_edge(State.UNKNOWN, State.FAILED, "no_answer")
    assert not any(
        edge.source == State.UNKNOWN and edge.target in (State.EXPIRED, State.CANCELLED_BY_EXPIRY)
        for edge in EDGES
    ), "an unknown outcome never ends by the clock"


def closed(**setting: Any) -> Any:
    return read_closed(
        ClosedSetting(since=setting.pop("since"), until=setting.pop("until"), **setting)
    )


@given(st.datetimes(timezones=st.just(TOKYO)).filter(lambda at: 1980 < at.year < 2100))
def test_a_nightly_window_over_midnight(local: datetime) -> None:
    moment = local
    opens = closed_until(moment, [closed(since="23:30", until="05:00")])
    shut = (local.hour, local.minute) >= (23, 30) or local.hour < 5
    assert (opens is not None) == shut
    if opens:
        assert (opens.hour, opens.minute) == (5, 0)
        assert timedelta(0) < opens - moment <= timedelta(hours=5, minutes=30)


def test_windows_that_touch_open_at_the_end_of_the_last() -> None:
    windows = [
        closed(since="2026-12-31T20:00", until="2027-01-01T00:00"),
        closed(since="00:00", until="05:00", weekdays=("fri",)),
    ]
    at = datetime(2026, 12, 31, 21, tzinfo=TOKYO)
    assert closed_until(at, windows) == datetime(2027, 1, 1, 5, tzinfo=TOKYO)
    assert closed_until(at + timedelta(days=7), windows) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"client_body": "Mihon To"}, "client_body"),
        ({"merchant_id": "TOO LONG FOR FIELD 42"}, "merchant_id"),
        ({"payee_numbers": []}, "payee_numbers"),
        ({"payee_numbers": ["1399"]}, "5 digits"),
        ({"card_limit_yen": 0}, "card_limit_yen"),
        ({"brands": ["vista"]}, "brands"),
        ({"brands": []}, "at least one brand"),
        ({"payment_minutes": 2}, "payment_minutes"),
        ({"fee": {"start_yen": 1}}, "step_yen"),
        ({"fee": {**SITES["metropolitan_tax"]["fee"], "step_yen": 0}}, "fee.step_yen"),
        ({"fee": {**SITES["metropolitan_tax"]["fee"], "rounding": "sideways"}}, "rounding"),
        ({"closed": [{"from": "25:00", "to": "01:00"}]}, "closed[0]"),
        ({"closed": [{"from": "2027-01-02T00:00", "to": "2027-01-01T00:00"}]}, "after from"),
        ({"closed": [{"from": "01:00", "to": "2027-01-01T00:00"}]}, "hours such as"),
        ({"card_check_yen": 2}, "card_check_yen"),
        ({"three_d_secure_unavailable": "maybe"}, "three_d_secure_unavailable"),
        ({"tries": {"per_session": 0}}, "tries.per_session"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_section_is_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_site_rules("tax", {**SITES["metropolitan_tax"], **change})
    assert says in str(caught.value) and "site tax" in str(caught.value)


def test_the_sites_that_come_with_sekisho_are_right() -> None:
    from sekisho.processes.supervisor.site_files import site_settings

    for site, section in site_settings("payments")["sites"].items():
        assert read_site_rules(site, section["payments"]).site == site
