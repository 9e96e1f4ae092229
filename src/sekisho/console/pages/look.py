"""Pages of the console behind the sign-in."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse

from sekisho import evidence
from sekisho.console.pages.console import the_console
from sekisho.console.watch.ask import PaymentUnknown, ask_now, find_history
from sekisho.transport import TransportError

REFRESH_SECONDS = 10
MAX_REFERENCE_CHARACTERS = 40
MEBIBYTE = 1024 * 1024


class ReferenceForm(forms.Form):
    """A payer's reference."""

    reference = forms.CharField(max_length=MAX_REFERENCE_CHARACTERS)


def show_now(request: HttpRequest) -> HttpResponse:
    """How everything is, at this moment."""
    found = ask_now()
    rows = found.platform.processes if found.platform else []
    response = the_console().sign_in.show(
        request,
        "now.html",
        now=found,
        well=found.all_well,
        processes=[
            {
                "shown": row,
                "memory": row.memory_bytes // MEBIBYTE,
                "up": _duration(row.up_seconds),
                "well": row.state == "healthy" and not row.faults,
            }
            for row in rows
        ],
        memory=found.platform.memory_bytes // MEBIBYTE if found.platform else 0,
        restarts=sum(row.restarts for row in rows),
    )
    response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _duration(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 60:
        return f"{seconds} s"
    return f"{minutes} min" if hours < 2 else f"{hours} h" if hours < 48 else f"{hours // 24} d"


def show_payment(request: HttpRequest) -> HttpResponse:
    """The whole history of one payment. Looking is on evidence (PCI DSS 10.2.1.1)."""
    show = the_console().sign_in.show
    if request.method != "POST":
        return show(request, "payment.html")
    form = ReferenceForm(request.POST)
    typed = form.cleaned_data["reference"] if form.is_valid() else ""
    try:
        history = find_history(typed)
    except ValueError:
        return show(request, "payment.html", 400, typed=typed, why="reference_wrong")
    except PaymentUnknown:
        return show(request, "payment.html", 404, typed=typed, why="payment_unknown")
    except TransportError:
        return show(request, "payment.html", 503, typed=typed, why="payments_away")
    person = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind="console.payment_looked_at",
        subject=history.payment_id,
        facts={"by": person.name, "person": person.person_id},
    )
    return show(request, "payment.html", typed=typed, history=history)
