"""The edge's error family: everything that can stop an edge from being built or changed.

A request that is refused is no error of ours: it is a `Refused` answer (see `refuse.py`).
"""

from __future__ import annotations


class EdgeError(Exception):
    """Root of the family; the message says what to do."""


class EngineMissing(EdgeError):
    """The ModSecurity library is not installed or lacks a function that we call."""


class CrsMissing(EdgeError):
    """The OWASP Core Rule Set is not where it should be."""


class RulesRefused(EdgeError):
    """ModSecurity could not read a rule; the set that was live before stays live."""


class PageRuleWrong(EdgeError):
    """A page's rule contradicts itself; names the page and the field."""
