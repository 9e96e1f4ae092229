"""Carries webhooks out: the only process that may reach the internet for the desk.

Keeps nothing: no database, no key, no list of receivers. It sends what the desk signed, to public
addresses alone, and tells how it went; a desk that was taken over has no other way out."""
