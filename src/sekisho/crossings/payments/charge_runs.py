"""What may be asked about charge runs: the yearly charge of a client body's enrolments, drafted for
a month, approved by a second person, announced to the holders and charged at a pace.

``client_body`` is the one body that the asker acts for; the terminal and the console may say ``*``
where a run is named. ``by`` is the person as the asking zone knows them; it stands in the history.
Shown figures are those of one moment. Nothing here holds a personal item."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing

MAX_CHARGE_RUNS_SHOWN = 100
"""Runs in one answer."""

MAX_CHARGE_ITEMS_SHOWN = 200
"""Items in one answer."""

ChargeRunState = Literal[
    "drafting", "draft", "approved", "running", "stopped", "finished", "withdrawn"
]
"""``drafting``: its list is being written; ``draft``: waits for a second person; ``approved``:
waits for its notices and its day; ``stopped``: by a person or by itself (``why``), goes on when a
person says so; ``finished``: nothing is left to do by itself, the work list may still have items;
``withdrawn``: for good, what was not charged may stand in another run."""

ChargeItemState = Literal[
    "left_out", "waiting", "charging", "unknown", "retrying", "charged", "work_list", "skipped",
    "closed", "withdrawn"
]  # fmt: skip
"""``left_out`` when drafted, ``skipped`` when its turn came (``reason`` says why of both);
``unknown``: the network must say what became of it, and it is not tried again before; ``retrying``:
declined, to be tried again at ``next_try_at``; ``work_list``: a person decides; ``closed``: by a
person, ended by other means."""

ChargeItemReason = Literal[
    "",
    "new",
    "policy_ended",
    "enrolment_ended",
    "card_expires",
    "in_another_run",
    "no_card",
    "nothing_to_charge",
    "premium_changed",
    "declined",
    "given_back",
    "not_sent",
    "network_record",
    "already_held",
    "by_hand",
]
"""Why an item is where it is. ``new``: its first charge is in a later month; ``premium_changed``:
not the amount that was approved and announced; ``declined``: see ``response_code``; ``not_sent``:
the issuer was never asked; ``network_record``: two operators ended its payment by the network's own
record; ``already_held``: another payment of this policy and month stands."""


class ChargeTotal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Items of one state and reason, and their yen."""

    state: ChargeItemState
    reason: ChargeItemReason
    items: int
    total_yen: int


class ChargeRunShown(Answer, frozen=True, kw_only=True):
    """A run with its totals. ``items`` and ``total_yen`` are what is approved: every item but those
    left out. ``done`` of ``items`` are at an end, for a progress bar."""

    run_id: str
    client_body: str
    month: str
    """``YYYY-MM``."""
    charge_on: date
    notice_on: date
    state: ChargeRunState
    why: str
    """Why it is stopped or withdrawn, in words for people; empty otherwise."""
    items: int
    total_yen: int
    done: int
    charged: int
    charged_yen: int
    on_work_list: int
    notices_mailed: int
    notices_printed: int
    notices_due: int
    """Holders who were not told yet."""
    totals: list[ChargeTotal]
    planned_by: str
    planned_at: datetime
    approved_by: str
    approved_at: datetime | None
    begun_at: datetime | None
    finished_at: datetime | None
    waits_until: datetime | None
    """The vault's budget of this hour is used up for the run; it goes on by itself then."""


class PlanChargeRun(Crossing[ChargeRunShown], frozen=True, kw_only=True):
    """Draft the run of ``month`` (``YYYY-MM``) from the active enrolments, to be charged from
    ``charge_on`` (a day of that month) on. Answers at once; the list is there when the state is
    ``draft``. ``key`` makes it safe to say again. Refusals: ``month_wrong``, ``date_wrong`` (not of
    that month, or too soon for the notices), ``no_policies`` (the body has none), ``run_open``
    (another run of that month was not begun yet), ``key_wrong``, ``key_reused``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    key: str
    month: str
    charge_on: date
    by: str


class ListChargeRuns(Crossing["ChargeRunsShown"], frozen=True, kw_only=True):
    """Newest first, at most ``MAX_CHARGE_RUNS_SHOWN``; ``after`` is the last ``next`` heard.
    Refusal: ``cursor_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    limit: int
    after: str = ""


class ChargeRunsShown(Answer, frozen=True, kw_only=True):
    """``next`` is empty at the end."""

    runs: list[ChargeRunShown]
    next: str


class ShowChargeRun(Crossing[ChargeRunShown], frozen=True, kw_only=True):
    """One run. Refusal: ``run_unknown``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str


class ChargeItemShown(Answer, frozen=True, kw_only=True):
    """One enrolment in a run; ``item`` names it within the run. ``payment_id`` and ``reference``
    are of the newest try, empty before the first."""

    item: int
    policy_number: str
    enrolment_id: str
    amount_yen: int
    state: ChargeItemState
    reason: ChargeItemReason
    note: str
    """What a person wrote when it was retried or closed, and who."""
    notice: Literal["", "mailed", "postcard"]
    """How the holder was told ahead of the charge; empty: not yet."""
    tries: int
    response_code: str
    """The issuer's last answer (ISO 8583 field 39), empty before one."""
    next_try_at: datetime | None
    payment_id: str
    reference: str
    changed_at: datetime


class ListChargeItems(Crossing["ChargeItemsShown"], frozen=True, kw_only=True):
    """Items of a run in their order, those of ``state`` alone unless it is empty; ``after`` is the
    last ``next`` heard. Refusal: ``run_unknown``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    state: ChargeItemState | Literal[""]
    limit: int
    after: int = 0


class ChargeItemsShown(Answer, frozen=True, kw_only=True):
    """``next`` is 0 at the end."""

    items: list[ChargeItemShown]
    next: int


class ApproveChargeRun(Crossing[ChargeRunShown], frozen=True, kw_only=True):
    """Approve a draft as it was seen: ``items`` and ``total_yen`` are what the approver saw. Said
    again by the same person it is the same. Refusals: ``run_unknown``, ``run_not_draft``,
    ``same_person`` (who planned it), ``totals_differ``, ``too_late`` (the notices would not be
    ahead of the charge any more: withdraw and plan anew), ``nothing_to_charge``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    items: int
    total_yen: int
    by: str


class StopChargeRun(Crossing[ChargeRunShown], frozen=True, kw_only=True):
    """Charge nobody more until the run is resumed; once this is answered no new charge begins, what
    is under way ends by itself. ``for_good``: it is withdrawn; its items that wait (also on the
    work list) are free for another run. Said again it is the same. Refusals: ``run_unknown``,
    ``run_over``, ``run_busy`` (for good: charges are under way or unknown, stop it first),
    ``reason_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    for_good: bool
    reason: str
    by: str


class ResumeChargeRun(Crossing[ChargeRunShown], frozen=True, kw_only=True):
    """Go on with a stopped run. Said again it is the same. Refusals: ``run_unknown``,
    ``run_not_stopped``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    by: str


class RetryChargeItem(Crossing[ChargeItemShown], frozen=True, kw_only=True):
    """Charge an item of the work list once more, with the enrolment's card as it is now.
    ``amount_yen`` must be the amount that was approved and announced: another amount is another
    run's. Said again it is the same. Refusals: ``run_unknown``, ``item_unknown``,
    ``item_not_on_work_list``, ``amount_differs``, ``reason_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    item: int
    amount_yen: int
    reason: str
    by: str


class CloseChargeItem(Crossing[ChargeItemShown], frozen=True, kw_only=True):
    """Take an item off the work list: it ended by other means (paid by slip, waived). Said again it
    is the same. Refusals as ``RetryChargeItem``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    run_id: str
    item: int
    reason: str
    by: str


PlanChargeRun.reply = ChargeRunShown
ListChargeRuns.reply = ChargeRunsShown
ShowChargeRun.reply = ChargeRunShown
ListChargeItems.reply = ChargeItemsShown
ApproveChargeRun.reply = ChargeRunShown
StopChargeRun.reply = ChargeRunShown
ResumeChargeRun.reply = ChargeRunShown
RetryChargeItem.reply = ChargeItemShown
CloseChargeItem.reply = ChargeItemShown
