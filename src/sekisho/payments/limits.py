"""Every limit of the room, with its unit."""

from __future__ import annotations

from datetime import timedelta

# --- a payer's session ------------------------------------------------------------------------

EXTENSIONS_LIMIT = 10
"""How often a payer may ask for more time (WCAG 2.2, 2.2.1: at least ten times)."""

EXTENSION_PAUSE = timedelta(seconds=30)
"""More time asked for again within this is the same asking."""

CARDS_PER_PAYMENT_LIMIT = 6
"""Cards that may be entered for one payment, the first included: a guesser is stopped early."""

AUTHENTICATION_LIMIT = timedelta(minutes=10)
"""From "pay" until the issuer must have said who the payer is. Nothing was taken by then."""

PERMIT_LIFE = timedelta(minutes=10)
"""How long a release permit may wait in the outbox; the vault keeps a security code as long."""

MAX_KEY_CHARACTERS = 200
MAX_URL_CHARACTERS = 2_000
MAX_BOX_BYTES = 16_384
"""Largest sealed box that is passed on to the vault, in bytes."""

MAX_CRES_CHARACTERS = 16_384
MAX_CHALLENGE_CHARACTERS = 16_384

# --- the network ------------------------------------------------------------------------------

ASK_AGAIN_AFTER = (
    timedelta(minutes=5),
    timedelta(hours=1),
    *(timedelta(days=1),) * 5,
)
"""Pauses between questions about an outcome that nobody knows; then an operator is called."""

LATE_YES_HONOURED = timedelta(hours=24)
"""A yes that comes this long after the payer's "pay" is honoured; a later one is given back, as
the payer will have paid elsewhere by then."""

CARD_KEPT_AFTER_CAPTURE = timedelta(days=3)
"""The longest that the number of a one-off card is kept after capture. It is forgotten at the
settlement; no file of the network in that time must not keep it (PCI DSS 3.2.1). Capture, reversal
and refund go by the network's reference, so nothing needs it."""

ITEMS_KEPT_AFTER_END = timedelta(days=1)
"""How long what the payer typed (e-mail, an applicant's items) outlives a payment that ended
without money: until the mail that says so has left, also over a mail server's bad night."""

# --- after the issuer's yes -------------------------------------------------------------------

CAPTURE_WITHIN_HOURS = 120
"""Delayed capture: hours until an authorisation that nobody captured is given back, unless the site
says otherwise."""

MAX_CAPTURE_WITHIN_HOURS = 168
"""Issuers let a hold go after seven days or so."""

MAX_REASON_CHARACTERS = 200
MAX_BY_CHARACTERS = 100
"""A person as the asking zone knows them."""

MAX_NOTE_CHARACTERS = 4_000
"""Facts that wait for an operator on one payment."""

MAX_GROUNDS_BYTES = 700
"""What proves a contested payment right, in bytes of UTF-8: a field of the network's message."""

MAX_CASE_NUMBER_CHARACTERS = 40

DISPUTE_DECISION_LIMIT = timedelta(days=120)
"""How long the network may take to decide a contested chargeback before an operator asks it."""

MAX_DISPUTES_SHOWN = 200

# --- wrong answers ----------------------------------------------------------------------------

WRONG_ANSWERS_PER_SESSION = 5
WRONG_ANSWERS_PER_SOURCE = 30
"""Per network address: many payers may share one."""

WRONG_ANSWERS_PER_NUMBER = 10
"""Per bill or policy number: 10 of 1,000,000 confirmation numbers an hour find nothing."""

WRONG_ANSWERS_WINDOW = timedelta(hours=1)

# --- numbers as printed -----------------------------------------------------------------------

PAYEE_DIGITS = 5
PAYMENT_DIGITS = (14, 20)
CONFIRMATION_DIGITS = 6
CATEGORY_DIGITS = (1, 10)
POLICY_DIGITS = (6, 12)

# --- files ------------------------------------------------------------------------------------

MAX_ROWS_PER_IMPORT = 1_000_000
SMALL_FILE_ROWS = 5_000
"""Up to here a file's rows look up theirs by index; a larger file is joined table against table."""
IMPORTS_KEPT = timedelta(days=2)
"""Rows that were laid aside and never committed are dropped after this."""

# --- the sweep --------------------------------------------------------------------------------

SWEEP_SECONDS = 5.0
"""Pause between two looks at what is due."""

SWEEP_BATCH_PAYMENTS = 200
"""Payments moved in one look."""
