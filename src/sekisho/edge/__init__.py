"""What stands before a public zone: WAF, request log, limits, security headers.

`stand_before` puts it around a WSGI application; `PageRule` and `page_from_form` say what each
page takes. Docs: docs/reference/request-log.md, docs/decisions/waf-*.md.
"""

from sekisho.edge.errors import CrsMissing, EdgeError, EngineMissing, PageRuleWrong, RulesRefused
from sekisho.edge.find_crs import default_crs_dir
from sekisho.edge.limits import EdgeLimits
from sekisho.edge.page_rules import (
    CSRF_FIELD,
    FORM,
    JSON,
    LANGUAGE,
    MULTIPART,
    FieldRule,
    PageRule,
    page_from_form,
)
from sekisho.edge.security_headers import STRICT_CSP
from sekisho.edge.stand_before import OUTAGE, Edge, stand_before
from sekisho.edge.waf import Waf

LOOK_PAGE = PageRule(r"/look/[A-Za-z0-9_/-]{1,200}\.(?:css|js|svg|png|ico)", query=())
"""The shared stylesheet and what belongs to it, for every process that serves `edge.look`."""

__all__ = [
    "CSRF_FIELD",
    "FORM",
    "JSON",
    "LANGUAGE",
    "LOOK_PAGE",
    "MULTIPART",
    "OUTAGE",
    "STRICT_CSP",
    "CrsMissing",
    "Edge",
    "EdgeError",
    "EdgeLimits",
    "EngineMissing",
    "FieldRule",
    "PageRule",
    "PageRuleWrong",
    "RulesRefused",
    "Waf",
    "default_crs_dir",
    "page_from_form",
    "stand_before",
]
