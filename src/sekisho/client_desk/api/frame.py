"""The API as a whole: its routers, its document, and what it says when something is amiss."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from sekisho.client_desk.api import bills, hooks, limits, payments, settling, standing
from sekisho.client_desk.api.describe import describe
from sekisho.client_desk.api.problems import BY_STATUS, Problem
from sekisho.client_desk.api.say_no import say_no
from sekisho.client_desk.errors import WebhookRefused
from sekisho.crossings.message import Refusal
from sekisho.transport import TransportError

DOCUMENT_PATH = "/openapi.json"

api = NinjaAPI(
    title="sekisho",
    version="1",
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
    servers=[{"url": "/", "description": "the client bodies' desk"}],
)
api.add_router("/bills", bills.router)
api.add_router("/payment-links", bills.links)
api.add_router("/payments", payments.router)
api.add_router("/refunds", payments.refunds)
api.add_router("/disputes", payments.disputes)
api.add_router("/enrolments", standing.enrolments)
api.add_router("/charge-runs", standing.runs)
api.add_router("/settlements", settling.settlements)
api.add_router("/payouts", settling.payouts)
api.add_router("/events", hooks.router)
api.add_router("/webhook-endpoints", hooks.hooks)
api.add_router("/webhook-deliveries", hooks.deliveries)


@api.exception_handler(Problem)
def _say_problem(request: HttpRequest, problem: Problem | type[Problem]) -> HttpResponse:
    assert isinstance(problem, Problem)
    return say_no(
        request,
        problem.code,
        problem.detail,
        field=problem.field,
        retry_seconds=problem.retry_seconds,
    )


@api.exception_handler(Refusal)
def _say_refusal(request: HttpRequest, refusal: Refusal | type[Refusal]) -> HttpResponse:
    assert isinstance(refusal, Refusal)
    return say_no(request, refusal.code, refusal.detail, field=refusal.field)


@api.exception_handler(WebhookRefused)
def _say_hook_refused(
    request: HttpRequest, refused: WebhookRefused | type[WebhookRefused]
) -> HttpResponse:
    assert isinstance(refused, WebhookRefused)
    return say_no(request, refused.code, refused.detail, field=refused.field)


@api.exception_handler(TransportError)
def _say_away(request: HttpRequest, error: Any) -> HttpResponse:
    return say_no(request, "unavailable", retry_seconds=limits.AWAY_RETRY_SECONDS)


@api.exception_handler(AuthenticationError)
def _say_keyless(request: HttpRequest, error: Any) -> HttpResponse:
    return say_no(request, "key_missing")


@api.exception_handler(Http404)
def _say_unknown(request: HttpRequest, error: Any) -> HttpResponse:
    return say_no(request, "path_unknown")


@api.exception_handler(HttpError)
def _say_unread(request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    assert isinstance(error, HttpError)
    return say_no(request, BY_STATUS.get(error.status_code, "malformed"))


@api.exception_handler(ValidationError)
def _say_invalid(
    request: HttpRequest, error: ValidationError | type[ValidationError]
) -> HttpResponse:
    """Which fields, and what each must be; never what was typed."""
    assert isinstance(error, ValidationError)
    places = [_place(one.get("loc", ())) for one in error.errors]
    if any(place == "path" for place, _ in places):
        return say_no(request, "path_unknown")
    errors = [
        {
            "in": place,
            "field": field,
            "detail": str(one.get("msg", "")).removeprefix("Value error, "),
        }
        for (place, field), one in zip(places, error.errors, strict=True)
    ]
    field = errors[0]["field"] if errors else None
    return say_no(request, "invalid", field=field, errors=errors)


def _place(loc: Any) -> tuple[str, str]:
    """Where a field is: ninja puts the parameter's own name between the place and the field."""
    where, *rest = [str(part) for part in loc] or [""]
    return where, ".".join(rest[1:] if len(rest) > 1 else rest)


_document: dict[str, Any] | None = None


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API."""
    global _document
    if _document is None:
        _document = describe(dict(api.get_openapi_schema(path_prefix=limits.ROOT.lstrip("/"))))
    return _document


@csrf_exempt
def show_document(request: HttpRequest) -> HttpResponse:
    """The document; for anybody, as it holds no secret and nothing of a client body."""
    if request.method != "GET":
        response = say_no(request, "method_not_allowed")
        response.headers["Allow"] = "GET"
        return response
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})
