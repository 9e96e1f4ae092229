"""A card network's host, simulated: ISO 8583 over TCP with packing, book and faults of its own.

It keeps no clear card number and no security code: its book holds masked numbers and a keyed
hash, so that a test can compare the book with the platform's ledger."""
