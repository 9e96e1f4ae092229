"""Postcards to people who have no e-mail: ordered by payments, addressed and printed here."""
