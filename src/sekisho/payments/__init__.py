"""payments: bills and policies, a payment's life, the ledger.

Keeps bills, policies, enrolments, payments with every edge they took, and a double-entry ledger.
Knocked at by payer sites, the vault, the card network, the desk and the terminal. Never holds a
card number or a personal item: it knows tokens.

Read ``lifecycle`` first, then ``take_payment`` and ``card_outcomes``."""
