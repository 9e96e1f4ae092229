"""Measurements: `make bench`, or `python -m bench start payments waf`. Nothing here is a test."""
