"""Messages between zones: one file per receiver, and ``permits``, the one table of who may send
what. Nothing here does anything; a crossing is data."""
