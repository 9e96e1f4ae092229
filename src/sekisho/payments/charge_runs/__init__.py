"""Charge runs: the yearly charge of enrolments. ``work`` tells the story of one."""
