"""Enrolments and charge runs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from sekisho.client_desk.api.shapes.bills import PaymentNumber
from sekisho.client_desk.api.shapes.words import (
    Asked,
    AskedFlag,
    Reason,
    Said,
    Shown,
    Stamp,
    whole,
)
from sekisho.crossings.payments.charge_runs import (
    ChargeItemReason,
    ChargeItemState,
    ChargeRunState,
)
from sekisho.crossings.payments.enrolments import (
    EnrolmentChannel,
    EnrolmentEnder,
    EnrolmentStatus,
)

Month = Annotated[int, Field(ge=1, le=12), BeforeValidator(whole)]


class Policy(Shown):
    """A policy; `joined_month` is the month in which its premium is charged each year."""

    policy_id: str
    policy_number: str
    product_ja: str
    product_en: str
    yearly_premium_yen: int
    joined_month: int


class Enrolment(Shown):
    """A standing order for a policy's premium. `expires_month` when its card is about to expire;
    `reinstatable_until` while an ended one can be taken back."""

    enrolment_id: str
    site: str
    policy: Policy
    channel: EnrolmentChannel
    status: EnrolmentStatus
    applied_on: date
    first_charge_month: str
    card_brand: str
    card_last_four: str
    mail_known: bool
    ended_by: EnrolmentEnder
    ended_at: Stamp | None
    reinstatable_until: Stamp | None
    expires_month: str
    card_change_asked_at: Stamp | None


class EnrolmentPage(Shown):
    """Enrolments in the order of their ids."""

    data: list[Enrolment]
    next_cursor: str | None


class EnrolmentsAsked(Asked):
    """Every filter that is given must hold."""

    status: EnrolmentStatus | None = None
    channel: EnrolmentChannel | None = None
    policy_number: PaymentNumber | None = None
    joined_month: Month | None = None
    expiring_only: AskedFlag = False


class EnrolmentStep(Shown):
    """One step of an enrolment's life."""

    step: int
    at: Stamp
    from_status: str
    to_status: str
    event: str
    by: str
    why: str


class WholeEnrolment(Shown):
    """An enrolment with its history."""

    enrolment: Enrolment
    events: list[EnrolmentStep]


class EnrolmentEnd(Said):
    """Whose wish it was, and why."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ended_by": "holder", "reason": "asked by telephone"}]}
    )

    ended_by: Literal["holder", "body"]
    reason: Reason


class WhyReinstated(Said):
    """Why the end is taken back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "ended by mistake"}]})

    reason: Reason


class ChargeTotal(Shown):
    """Items of one state and reason."""

    state: ChargeItemState
    reason: ChargeItemReason
    items: int
    total_yen: int


class ChargeRun(Shown):
    """The yearly charge of a month's enrolments. It is planned and approved by two people on the
    portal."""

    run_id: str
    month: str
    charge_on: date
    notice_on: date
    state: ChargeRunState
    why: str
    items: int
    total_yen: int
    done: int
    charged: int
    charged_yen: int
    on_work_list: int
    notices_mailed: int
    notices_printed: int
    notices_due: int
    totals: list[ChargeTotal]
    planned_by: str
    planned_at: Stamp
    approved_by: str
    approved_at: Stamp | None
    begun_at: Stamp | None
    finished_at: Stamp | None
    waits_until: Stamp | None


class ChargeRunPage(Shown):
    """Charge runs, newest first."""

    data: list[ChargeRun]
    next_cursor: str | None


class ChargeItem(Shown):
    """One enrolment in a run, named there by `item`; `response_code` is the issuer's last word."""

    item: int
    policy_number: str
    enrolment_id: str
    amount_yen: int
    state: ChargeItemState
    reason: ChargeItemReason
    note: str
    notice: Literal["", "mailed", "postcard"]
    tries: int
    response_code: str
    next_try_at: Stamp | None
    payment_id: str
    reference: str
    changed_at: Stamp


class ChargeItemPage(Shown):
    """Items in their order."""

    data: list[ChargeItem]
    next_cursor: str | None


class ChargeItemsAsked(Asked):
    """Of one state, or all."""

    state: ChargeItemState | None = None
