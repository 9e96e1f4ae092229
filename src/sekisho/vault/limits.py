"""Every limit of the vault, with its unit."""

from typing import Final

# --- security codes (PCI DSS 3.3.1) ---
SECURITY_CODE_SECONDS: Final = 600
"""Longest life of a security code in memory, in seconds."""

MAX_SECURITY_CODES: Final = 10_000
"""Codes held at once; past it the form refuses a card rather than forget another payer's."""

SWEEP_SECONDS: Final = 5.0
"""Pause between two sweeps of codes that are over, in seconds."""

# --- releases ---
RELEASES_PER_HOUR: Final = 20_000
"""Cards released for one client body in one hour, unless the settings say another figure."""

ALL_RELEASES_PER_HOUR: Final = 60_000
"""Cards released for all client bodies together in one hour."""

RELEASE_BLOCK: Final = 16
"""Releases that a process takes out of an hour's budget at once; what it had not given out when it
died is lost to that hour."""

PERMIT_SECONDS: Final = 900
"""Longest life of a permit, in seconds: a permit made for longer is refused."""

CLOCK_SKEW_SECONDS: Final = 5
"""How far ahead the clock of payments may be, in seconds."""

REFUSALS_TOLD_PER_MINUTE: Final = 600
"""Refused releases written to evidence in one minute; one line tells how many more there were, so
that a taken-over caller can't fill the disk."""

# --- honey cards ---
HONEY_CARDS_PER_ORDER: Final = 200
MAX_HONEY_HOURS: Final = 168
"""Longest time over which ordered honey cards are planted, in hours."""

HONEY_LOOKS_BACK_FORMS: Final = 20
"""Card forms of the client body, newest first, of which a honey card resembles one."""

HONEY_ALARMS_PER_HOUR: Final = 100
"""Alarms of honey cards in one hour, one a card at most: past it a bell rings already."""

HONEY_RANGES: Final = frozenset({"400099", "520099", "353099"})
"""First six digits of numbers that buy nothing: test ranges of the embedded platform's network.
A payment company puts its acquirer's test ranges in their place (setting ``honey_ranges``)."""

# --- card form ---
FORM_TRIES: Final = 10
"""Times that one card form may be sent before it is shut."""

MAX_FORM_SECONDS: Final = 3_600
"""Longest life of a card form, in seconds."""

MAX_FORM_BODY_BYTES: Final = 4_096
MAX_FORM_FIELDS: Final = 8
MAX_NUMBER_CHARACTERS: Final = 60
MAX_CODE_CHARACTERS: Final = 12
MAX_EXPIRY_CHARACTERS: Final = 8
MAX_CARDHOLDER_CHARACTERS: Final = 45
"""EMV 3-D Secure 2.2, cardholderName: 2 to 45 characters."""

CARD_ENTERED_SECONDS: Final = 8.0
"""Longest wait for payments to note a card that was entered, in seconds."""

FORM_LOCK_MILLISECONDS: Final = 3_000
"""Longest wait for a form that is being sent at this moment, in milliseconds."""

# --- items ---
MAX_ITEM_BYTES: Final = 2_048
"""Largest item, in bytes of UTF-8."""

MAX_KEY_CHARACTERS: Final = 200
"""Longest idempotency key, token or identifier taken from a message, in characters."""

MATCH_TRIES_PER_HOUR: Final = 10
"""Comparisons with one item in one hour."""

COMPARED_KINDS_ORDER: Final = (
    "name",
    "kana",
    "date_of_birth",
    "postal_code",
    "address",
    "phone",
    "email",
)
"""Kinds of a second entry, in the order of the paper."""

# --- keys ---
DATA_KEYS_CACHED: Final = 512
"""Unwrapped data keys kept in memory."""

REWRAP_BATCH_SUBJECTS: Final = 200
"""Subject keys wrapped anew in one transaction."""

REWRAP_PAUSE_SECONDS: Final = 0.05
"""Pause between two batches of a rotation, so that payments go first."""

REWRAP_RETRY_SECONDS: Final = 5.0
"""Pause after a batch that failed, in seconds."""

ROTATION_LOOK_SECONDS: Final = 60.0
"""Pause between two looks for a rotation that another life of the process began."""

STOP_LOOK_SECONDS: Final = 0.5
"""Longest time until a waiting work notices that the process stops."""

MAX_REASON_CHARACTERS: Final = 300
"""Longest reason that an operator gives, in characters."""

EPOCH_KEPT_DAYS: Final = 7
"""Days after which the key of a day's one-off cards is destroyed; what is still needed is wrapped
anew under today's key before."""

HOUSEKEEPING_SECONDS: Final = 3_600
"""Pause between two rounds of forgetting, in seconds."""

# --- mail ---
MAIL_TRIES: Final = 12
"""Deliveries tried before a mail is given up and shown to a person."""

MAIL_FIRST_PAUSE_SECONDS: Final = 2.0
MAIL_LONGEST_PAUSE_SECONDS: Final = 900.0
MAX_MAIL_FACTS: Final = 32
MAX_MAIL_FACT_CHARACTERS: Final = 300
SMTP_SECONDS: Final = 20.0
