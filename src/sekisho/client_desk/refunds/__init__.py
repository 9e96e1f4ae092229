"""Refunds that staff ask for: alone up to their body's limit, above it with a second person."""
