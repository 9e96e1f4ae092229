"""What the vault's pages take, for the WAF: this one form and its shelf, nothing else."""

from sekisho.edge import LANGUAGE, LOOK_PAGE, FieldRule, PageRule
from sekisho.vault.card_form.fields import NAME_PATTERN
from sekisho.vault.limits import (
    MAX_CARDHOLDER_CHARACTERS,
    MAX_CODE_CHARACTERS,
    MAX_EXPIRY_CHARACTERS,
    MAX_FORM_BODY_BYTES,
    MAX_NUMBER_CHARACTERS,
)

CARD_FORM_PAGE = PageRule(
    r"/card/(?P<secret>[A-Za-z0-9_-]{20,100})",
    methods=("GET", "HEAD", "POST"),
    fields=(
        FieldRule("number", "digits", max_length=MAX_NUMBER_CHARACTERS, secret=True),
        FieldRule("expiry_month", "expiry", max_length=MAX_EXPIRY_CHARACTERS, secret=True),
        FieldRule("expiry_year", "expiry", max_length=MAX_EXPIRY_CHARACTERS, secret=True),
        FieldRule("code", "digits", max_length=MAX_CODE_CHARACTERS, secret=True),
        FieldRule("name", pattern=NAME_PATTERN, max_length=MAX_CARDHOLDER_CHARACTERS, secret=True),
    ),
    query=(LANGUAGE,),
    max_body_bytes=MAX_FORM_BODY_BYTES,
)

SHELF_PAGE = PageRule(r"/card-form/[a-z0-9]{16}/[a-z_]{1,40}\.(?:css|js|svg)", query=())

PAGES = (CARD_FORM_PAGE, SHELF_PAGE, LOOK_PAGE)
"""Every page of the vault, for ``edge.stand_before``."""
