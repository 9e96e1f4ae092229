"""Draws the form of an entry from paper. What was typed is shown by the request that brought it and
by no other."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.pages.asking import language, told, word
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.paper_application.read_entry import FIELDS, EntryForm
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import PaperShown

_ENTRY_REFUSALS = {
    "policy_unknown": "policy_number",
    "policy_ended": "policy_number",
    "policy_enrolled": "policy_number",
    "birth_differs": "date_of_birth",
    "date_wrong": "applied_on",
}


def faults_of(request: HttpRequest, refusal: Refusal) -> dict[str, str]:
    """Return by field what payments or the vault refuses."""
    field = _ENTRY_REFUSALS.get(refusal.code) or refusal.field or ""
    code = "item_invalid" if refusal.code == "item_invalid" else refusal.code
    return {field if field in FIELDS else "": told(request, code, topic="papered")}


def show_entry(
    request: HttpRequest,
    form: EntryForm,
    faults: dict[str, str],
    status: int = 200,
    paper: PaperShown | None = None,
) -> HttpResponse:
    """The form of an entry with what is wrong with it; ``paper``: the second entry of that
    application, which has its policy already."""
    typed = form.data if form.is_bound else {}
    fields = [
        {
            "name": name,
            "label": word(request, f"paper_field_{name}"),
            "hint": _hint(request, name),
            "value": typed.get(name, ""),
            "fault": faults.get(name, ""),
            "must": name != "email",
            "longest": EntryForm.base_fields[name].max_length,  # type: ignore[attr-defined]
            "digits": name in ("policy_number", "postal_code", "phone"),
        }
        for name in FIELDS
        if paper is None or name != "policy_number"
    ]
    return the_desk().sign_in.show(
        request,
        "papers/entry.html",
        status,
        fields=fields,
        faults=[(one["name"], one["label"], one["fault"]) for one in fields if one["fault"]],
        fault=faults.get("", ""),
        key=typed.get("key") or form.initial.get("key", ""),
        paper=paper,
    )


def _hint(request: HttpRequest, name: str) -> str:
    return the_desk().sign_in.words[language(request)].get(f"paper_hint_{name}", "")
