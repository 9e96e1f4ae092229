"""What may be asked of payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Answer, Crossing, Taken

Language = Literal["ja", "en"]


class BillFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bill as its payer may see it."""

    bill_id: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    fee_yen: int
    """Fee with its consumption tax, in yen."""
    fee_tax_yen: int
    """Consumption tax inside ``fee_yen``."""
    total_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime


class FindBill(Crossing["BillFound"], frozen=True, kw_only=True):
    """Find a bill by the four numbers of the slip, digits only.

    Refusals: ``number_wrong`` (field), ``bill_unknown``, ``bill_paid``, ``bill_in_payment``,
    ``bill_withdrawn``, ``bill_not_yet``, ``bill_expired``, ``bill_over_limit``, ``site_closed``,
    ``too_many_tries``. Their ``detail`` is the reference of the earlier payment for ``bill_paid``
    and ``bill_in_payment``, and a moment (ISO 8601) for ``bill_not_yet``, ``site_closed`` and
    ``too_many_tries`` (when it opens or may be tried again), else empty."""

    receiver: ClassVar[str] = "payments"
    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str
    source: str
    """Keyed hash of the payer's network address, made by the site: tries are counted by it."""
    session: str
    """Keyed hash of the payer's session."""


class BillFound(Answer, frozen=True, kw_only=True):
    bill: BillFacts


class StartPayment(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """Begin to pay a bill; said again with the same ``key`` it gives the same payment. An earlier
    payment of the bill that holds no money is cancelled; refused as ``FindBill`` otherwise, and
    ``amount_changed`` when the bill's total is no longer ``total_yen``."""

    receiver: ClassVar[str] = "payments"
    key: str
    bill_id: str
    total_yen: int
    """What the payer saw and agreed to."""
    language: Language
    sealed_email: bytes | None
    """Box of ``{"email": …}`` sealed to the vault, or nothing if no mail is wanted."""
    parent_origin: str
    return_url: str
    """Site page for after the card form; ``{payment_id}`` in it is filled in."""
    source: str
    session: str


class PaymentStarted(Answer, frozen=True, kw_only=True):
    payment_id: str
    reference: str
    total_yen: int
    card_form_url: str
    expires_at: datetime


class ReopenCardForm(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """A fresh card form for a payment that was declined softly, whose code is gone, or whose
    payer wants another card. Refusals: ``payment_unknown``, ``payment_over``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    parent_origin: str
    return_url: str


PublicStatus = Literal[
    "started",
    "card_entered",
    "processing",
    "challenge",
    "succeeded",
    "declined",
    "failed",
    "cancelled",
    "expired",
    "unknown",
]
"""What a payer is told. ``failed``: nothing was taken. ``unknown``: the network has not said yet;
the bill can't be paid again meanwhile and the money is taken at most once."""


class Challenge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the payer proves to be the cardholder."""

    acs_url: str
    creq: str


class PaymentShown(Answer, frozen=True, kw_only=True):
    payment_id: str
    reference: str
    purpose: Literal["payment", "enrolment"]
    status: PublicStatus
    reason: str
    """Why, for a status that needs it: ``declined_by_issuer`` (uniform), ``authentication_failed``,
    ``authentication_unavailable``, ``network_unavailable``, ``by_payer``, ``by_client_body``,
    ``time_over``, ``superseded``, ``code_gone``; else empty."""
    bill: BillFacts | None
    total_yen: int
    card_brand: str | None
    card_last_four: str | None
    challenge: Challenge | None
    started_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    mail_wanted: bool
    enrolment: EnrolmentFacts | None = None


class ShowPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """Show a payment of the caller's site. Refusal: ``payment_unknown`` (also for another's)."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


class FindPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """Find a payment by what its payer has in hand: the reference and the number it was for (a
    bill's payment number or a policy's number). Refusals: ``payment_unknown`` (nobody learns which
    of the two was wrong, nor of another site's), ``too_many_tries`` (detail: a moment)."""

    receiver: ClassVar[str] = "payments"
    reference: str
    number: str
    source: str
    session: str


class ConfirmPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The payer agreed to pay with the card entered. Said again it changes nothing."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    notification_url: str
    browser: BrowserFacts


class FinishChallenge(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The browser is back from the challenge with ``cres``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    cres: str


class CancelPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The payer gives up before the card is charged. Refusals: ``payment_over``,
    ``payment_in_flight``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


class ExtendPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """More time to finish (WCAG 2.2, 2.2.1), up to a limit. Refusal: ``payment_over``,
    ``extended_enough``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


# --- premiums -----------------------------------------------------------------------------------


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as its holder may see it: no personal item."""

    policy_id: str
    policy_number: str
    product_ja: str
    product_en: str
    yearly_premium_yen: int
    joined_month: int
    """Month (1-12) of joining, in which the premium is charged each year."""


class EnrolmentFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enrolment_id: str
    policy: PolicyFacts
    applied_on: date
    first_charge_month: str
    """``YYYY-MM``."""
    status: Literal["applied", "active", "refused"]


class FindPolicy(Crossing["PolicyFound"], frozen=True, kw_only=True):
    """Find a policy by its number and its holder's date of birth (sealed, ISO 8601 inside).
    Refusals: ``policy_unknown`` (also for a wrong date: nobody learns which), ``policy_enrolled``,
    ``policy_ended``, ``too_many_tries``, ``site_closed``."""

    receiver: ClassVar[str] = "payments"
    policy_number: str
    sealed_date_of_birth: bytes
    source: str
    session: str


class PolicyFound(Answer, frozen=True, kw_only=True):
    policy: PolicyFacts


class StartEnrolment(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """Apply to pay a policy's premiums by card. ``box`` holds name, kana,
    postal_code, address, phone and, if given, email, sealed to the vault. The date of birth is
    not asked a second time (WCAG 2.2, 3.3.7): it came with ``FindPolicy`` and matched the
    policy's."""

    receiver: ClassVar[str] = "payments"
    key: str
    policy_id: str
    box: bytes
    language: Language
    parent_origin: str
    return_url: str
    source: str
    session: str


# --- from the vault ---------------------------------------------------------------------------


class CardEntered(Crossing[Taken], frozen=True, kw_only=True):
    """The vault took a card for a payment. Refusal: ``payment_over``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    card_token: str
    subject: str
    brand: str
    last_four: str
    issuer_bin: str
    fingerprint: bytes
    """Keyed fingerprint of the number (HMAC by a vault key): for counting, never for finding."""


# --- from the card network --------------------------------------------------------------------


class AuthenticationOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What 3-D Secure said of the payer (EMV 3DS transStatus Y, A, C, N, R, U in this order)."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["authenticated", "attempted", "challenge", "failed", "rejected", "unavailable"]
    eci: str
    ds_transaction_id: str
    challenge: Challenge | None = None


class AuthorisationOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """``not_sent``: the request surely never left, nothing was taken. ``unknown``: it may have
    arrived. A later outcome for the same attempt may turn *unknown* into another."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["approved", "declined", "unknown", "not_sent", "reversed", "code_gone"]
    response_code: str
    approval_code: str
    network_reference: str
    trace_number: str


class CaptureOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What the network said to the capture."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["captured", "refused", "unknown"]
    response_code: str


class ReversalOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What the network said to the reversal."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["reversed", "nothing_to_reverse", "unknown"]
    response_code: str


# --- bills and policies come in (desk, terminal) -----------------------------------------------

MAX_ROWS_PER_MESSAGE = 1_000


class BillRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bill as its client body gave it; ``line`` is its place in the file."""

    line: int
    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime
    withdrawn: bool = False


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    line: int
    policy_number: str
    product_ja: str
    product_en: str
    yearly_premium_yen: int
    joined_month: int
    ended: bool
    box: bytes
    """``{"date_of_birth": "YYYY-MM-DD"}`` sealed to the vault."""


class OpenImport(Crossing["ImportOpened"], frozen=True, kw_only=True):
    """Begin to take a file in. The same ``file_digest`` again for the same body and kind is
    answered with the earlier result (``done``)."""

    receiver: ClassVar[str] = "payments"
    kind: Literal["bills", "policies"]
    client_body: str
    file_digest: str
    """SHA-256 of the file's bytes and of the options, hex."""
    file_name: str


class ImportOpened(Answer, frozen=True, kw_only=True):
    import_id: str
    done: ImportResult | None


class ImportBills(Crossing[Taken], frozen=True, kw_only=True):
    """Lay rows aside; nothing counts before ``CommitImport``."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    rows: list[BillRow]


class ImportPolicies(Crossing[Taken], frozen=True, kw_only=True):
    """Lay rows aside as ``ImportBills`` does."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    rows: list[PolicyRow]


class RowRefused(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    line: int
    field: str
    code: str
    detail: str


class ImportResult(Answer, frozen=True, kw_only=True):
    """``refused`` holds at most ``MAX_ROWS_REFUSED_SHOWN``; ``refused_count`` all."""

    added: int
    changed: int
    withdrawn: int
    unchanged: int
    refused_count: int
    refused: list[RowRefused]
    taken: bool
    """False: a dry run, or rows were refused and bad rows were not to be skipped."""


MAX_ROWS_REFUSED_SHOWN = 1_000


class CommitImport(Crossing[ImportResult], frozen=True, kw_only=True):
    """Take all rows laid aside in one transaction, or say what would happen (``dry_run``)."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    skip_bad: bool
    dry_run: bool


# --- for operators ----------------------------------------------------------------------------


class PaymentEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: datetime
    from_state: str
    to_state: str
    by: str
    why: str


class PaymentHistory(Answer, frozen=True, kw_only=True):
    reference: str
    payment_id: str
    client_body: str
    site: str
    state: str
    amount_yen: int
    fee_yen: int
    events: list[PaymentEvent]
    entries: list[dict[str, str | int]]


class ShowHistory(Crossing[PaymentHistory], frozen=True, kw_only=True):
    """Everything of one payment for an operator, by payer's reference or id."""

    receiver: ClassVar[str] = "payments"
    reference: str


class VerifyLedger(Crossing["LedgerVerified"], frozen=True, kw_only=True):
    """Check that every transfer sums to zero, each payment's state fits its entries, and the
    books balance."""

    receiver: ClassVar[str] = "payments"


class LedgerVerified(Answer, frozen=True, kw_only=True):
    ok: bool
    transfers: int
    entries: int
    payments: int
    faults: list[str]


class ListUnpaidBills(Crossing["UnpaidBills"], frozen=True, kw_only=True):
    """A few unpaid sample bills and unenrolled policies, for ``make up`` to print."""

    receiver: ClassVar[str] = "payments"
    limit: int


class UnpaidBills(Answer, frozen=True, kw_only=True):
    bills: list[dict[str, str | int]]
    policies: list[str]


for _message, _reply in (
    (FindBill, BillFound),
    (StartPayment, PaymentStarted),
    (ReopenCardForm, PaymentStarted),
    (ShowPayment, PaymentShown),
    (FindPayment, PaymentShown),
    (ConfirmPayment, PaymentShown),
    (FinishChallenge, PaymentShown),
    (CancelPayment, PaymentShown),
    (ExtendPayment, PaymentShown),
    (FindPolicy, PolicyFound),
    (StartEnrolment, PaymentStarted),
    (CardEntered, Taken),
    (AuthenticationOutcome, Taken),
    (AuthorisationOutcome, Taken),
    (CaptureOutcome, Taken),
    (ReversalOutcome, Taken),
    (OpenImport, ImportOpened),
    (ImportBills, Taken),
    (ImportPolicies, Taken),
    (CommitImport, ImportResult),
    (ShowHistory, PaymentHistory),
    (VerifyLedger, LedgerVerified),
    (ListUnpaidBills, UnpaidBills),
):
    _message.reply = _reply


def rows_in(result: ImportResult) -> int:
    """Return how many rows an import looked at."""
    return (
        result.added + result.changed + result.withdrawn + result.unchanged + result.refused_count
    )
