"""Card number, expiry and security code as values that refuse to show themselves.

Only ``vault`` and ``card_network`` may import this package (an import contract holds it).
A value here prints masked, can't be pickled, compared by accident, put in JSON or formatted;
the clear digits come out of ``clear_text()`` alone, so that every use can be found by search.
"""

from sekisho.card_secrets.card import CardExpiry, CardNumber, SecurityCode, brand_of

__all__ = ["CardExpiry", "CardNumber", "SecurityCode", "brand_of"]
