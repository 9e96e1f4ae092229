"""What the edge lets through to the console."""

from __future__ import annotations

from sekisho.console.pages import settling
from sekisho.console.pages.cases import DecisionForm
from sekisho.console.pages.console import Console
from sekisho.console.pages.guard import CardEntryForm
from sekisho.console.pages.look import ReferenceForm
from sekisho.console.pages.money import DayForm
from sekisho.edge import CSRF_FIELD, LANGUAGE, LOOK_PAGE, FieldRule, PageRule, page_from_form
from sekisho.sign_in import account
from sekisho.sign_in.forms import FACTOR_KINDS

_PAYMENT = "t?pay_[0-9a-z]{26}"
_MOMENT = "[0-9T: -]*"


def page_rules(console: Console) -> list[PageRule]:
    """Return every page there is."""
    return [
        LOOK_PAGE,
        PageRule(r"/indoors/[a-f0-9]{16}/[a-z_]{1,40}\.(?:css|js)", query=()),
        PageRule("/"),
        page_from_form("/payments", ReferenceForm, kinds={"reference": "word"}),
        PageRule("/cases", query=(LANGUAGE, FieldRule("done", "flag", max_length=1))),
        page_from_form(rf"/cases/{_PAYMENT}", DecisionForm, kinds=FACTOR_KINDS),
        PageRule("/alarms"),
        PageRule("/disputes", query=(LANGUAGE, FieldRule("all", "flag", max_length=1))),
        page_from_form("/guard", CardEntryForm, kinds={"site": "word", **FACTOR_KINDS}),
        PageRule(
            "/ledger",
            methods=("GET", "HEAD", "POST"),
            fields=(CSRF_FIELD,),
            query=(LANGUAGE, FieldRule("at", pattern=_MOMENT, max_length=20)),
        ),
        page_from_form("/reconciliations", DayForm),
        PageRule("/settlement"),
        page_from_form(
            "/settlement/prepare",
            settling.PrepareForm,
            kinds={"body": "word", **FACTOR_KINDS},
            methods=("POST",),
        ),
        page_from_form(r"/payouts/payout_[0-9a-z]{26}", settling.PayoutForm, kinds=FACTOR_KINDS),
        page_from_form(
            r"/differences/diff_[0-9a-z]{26}", settling.DifferenceForm, kinds=FACTOR_KINDS
        ),
        *account.page_rules(),
        *console.sign_in.page_rules(),
    ]
