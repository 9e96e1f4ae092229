"""Says of each operation what it needs and promises, once: for the router and for the document."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import Router
from ninja.errors import ValidationError
from pydantic import BaseModel

from sekisho.client_desk.api.admit_key import ApiKeyHeld
from sekisho.client_desk.api.answer_once import answer_once
from sekisho.client_desk.api.problems import Problem

AT_ONCE = "Asks payments itself: sees everything that was committed before the question came."
DONE = "When it answers, the change is committed, and every later question sees it."
ORDERED = (
    "When it answers, the order is committed and survives any failure; what the card network says "
    "comes later. Ask again, or watch the events."
)
AT_THE_DESK = "Kept at the desk itself: sees everything committed before the question came."
COPIED = (
    "A copy at the desk, as a rule less than two seconds behind payments, longer after an outage; "
    "no event is left out. The order in which events come is not promised."
)

PATH_PATTERNS: dict[str, str] = {
    "bill_id": "^t?bill_[0-9a-z]{26}$",
    "day": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "delivery_id": "^delivery_[0-9a-z]{26}$",
    "endpoint_id": "^hook_[0-9a-z]{26}$",
    "enrolment_id": "^enrol_[0-9a-z]{26}$",
    "event_id": "^event_[0-9a-z]{26,32}$",
    "case_number": "^[0-9A-Za-z-]{1,40}$",
    "link_id": "^t?link_[0-9a-z]{26}$",
    "payout_id": "^payout_[0-9a-z]{26}$",
    "run_id": "^crun_[0-9a-z]{26}$",
    "payment_id": "^t?pay_[0-9a-z]{26}$",
    "refund_id": "^rfd_[0-9a-z]{26}$",
}
"""What stands in addresses; the edge lets nothing else through."""

MAX_NAME_CHARACTERS = 60
"""Of an unknown name that is said back."""

QUESTION_REFUSALS = ("client_body_unknown",)
LIST_REFUSALS = ("cursor_wrong", "limit_wrong", "filter_wrong", "after_wrong")


class Declared(NamedTuple):
    """``reply`` is ``None`` for what is no JSON (``media_type``)."""

    operation_id: str
    method: Literal["GET", "POST"]
    scope: str
    consistency: str
    status: int
    reply: type[BaseModel] | None
    refusals: tuple[str, ...]
    media_type: str = "application/json"


DECLARED: dict[str, Declared] = {}
"""Every operation by its ``operationId``."""

Handler = Callable[..., Any]


def declare(
    router: Router,
    method: Literal["GET", "POST"],
    path: str,
    *,
    scope: str,
    consistency: str,
    reply: type[BaseModel] | None,
    refusals: tuple[str, ...] = (),
    status: int = 200,
    media_type: str = "application/json",
) -> Callable[[Handler], Handler]:
    """Put a handler on ``router``. A POST's handler is only called once for one Idempotency-Key;
    what a handler returns is shown as ``reply``."""

    def put(handler: Handler) -> Handler:
        operation_id = handler.__name__
        facts = Declared(
            operation_id, method, scope, consistency, status, reply, refusals, media_type
        )
        if DECLARED.setdefault(operation_id, facts) != facts:
            raise ValueError(f"two operations are called {operation_id}")
        router.api_operation(
            [method],
            path,
            auth=ApiKeyHeld(scope),
            operation_id=operation_id,
            summary=operation_id.replace("_", " ").capitalize(),
            response={status: reply} if reply else {status: None},
        )(_answering(handler, facts))
        return handler

    return put


def _answering(handler: Handler, facts: Declared) -> Callable[..., HttpResponseBase]:
    signature = inspect.signature(handler, eval_str=True)
    names = _names_asked(signature)

    @functools.wraps(handler)
    def answer(request: HttpRequest, **asked: Any) -> HttpResponseBase:
        _check_places(asked)
        _check_names(request, names)
        if facts.method == "GET":
            found: HttpResponseBase = show(handler(request, **asked), facts)
            return found
        return answer_once(request, lambda: show(handler(request, **asked), facts))

    # The router reads annotations where the wrapper stands, not where the handler does.
    answer.__signature__ = signature  # type: ignore[attr-defined]
    return answer


def _names_asked(signature: inspect.Signature) -> frozenset[str]:
    """Names that the query string of an operation may have."""
    asked = signature.parameters.get("asked")
    if asked is None:
        return frozenset()
    shape: type[BaseModel] = get_args(asked.annotation)[0]
    return frozenset(shape.model_fields)


def _check_names(request: HttpRequest, names: frozenset[str]) -> None:
    """A filter that is misspelt must not find everything, nor one said twice something else than
    was meant. Raises ``ValidationError``."""
    wrong = [
        {"loc": ("query", "asked", name[:MAX_NAME_CHARACTERS]), "msg": "Not known, or said twice"}
        for name, values in request.GET.lists()
        if name not in names or len(values) > 1
    ]
    if wrong:
        raise ValidationError(wrong)


def _check_places(asked: dict[str, Any]) -> None:
    """What can stand at no address is not asked for. Raises ``Problem``: ``path_unknown``."""
    for name, pattern in PATH_PATTERNS.items():
        if name in asked and re.fullmatch(pattern, asked[name]) is None:
            raise Problem("path_unknown")


def show(result: Any, facts: Declared) -> Any:
    """Return ``result`` as the answer that its operation promises."""
    if facts.reply is None:
        return result
    shown = facts.reply.model_validate(result)
    return HttpResponse(
        shown.model_dump_json(), status=facts.status, content_type="application/json"
    )
