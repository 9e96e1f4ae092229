"""Card brands as payers read them, in the order in which they are listed."""

from typing import Final

BRAND_NAMES: Final = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "jcb": "JCB",
    "amex": "American Express",
    "diners": "Diners Club",
}
