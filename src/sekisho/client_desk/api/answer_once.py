"""A POST said twice acts once: the Idempotency-Key header and the answers kept for it.

The key belongs to the client body that the API key acts on, so that a machine may go on with a
newer API key. The id of the kept answer is the key that payments is told: it is the same for every
try of one request and another one after it was forgotten, so a desk that dies between acting and
keeping the answer makes nothing happen twice (draft-ietf-httpapi-idempotency-key-header-07)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.problems import Problem, kind_of
from sekisho.client_desk.api.say_no import say_no
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.records.api_models import ApiAnswer
from sekisho.crossings.message import Refusal
from sekisho.crossings.repeating import IN_FLIGHT
from sekisho.vocabulary.clock import now

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY_PATTERN = r'"?[A-Za-z0-9._:-]{1,255}"?'

_KEY = re.compile(KEY_PATTERN)


def read_key(request: HttpRequest) -> str:
    """Return the request's Idempotency-Key; quotes around it (RFC 8941 3.3.3) are not part of it.

    Raises ``Problem``: ``idempotency_key_missing``, ``idempotency_key_wrong``."""
    text = request.headers.get(HEADER, "").strip()
    if not text:
        raise Problem("idempotency_key_missing")
    key = text[1:-1] if len(text) > 2 and text[0] == text[-1] == '"' else text
    if _KEY.fullmatch(text) is None or '"' in key:
        raise Problem("idempotency_key_wrong")
    return key


def answer_once(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Return what ``act`` answers, or what it answered before. While it acts
    ``order_key(request)`` is the key to give to payments.

    What is decided is kept, a refusal too; what came to no decision (5xx, *in flight*) is not, and
    the same request goes on where it stopped. Raises ``Problem``: ``key_reused``, ``in_flight``."""
    kept = _begin(request, read_key(request), now())
    if kept.state == "answered":
        return _replay(kept)
    request.said = kept  # type: ignore[attr-defined]
    try:
        response = act()
    except Refusal as refusal:
        if refusal.code == IN_FLIGHT:
            _move(kept, "again")
            raise
        response = say_no(request, refusal.code, refusal.detail, field=refusal.field)
    except (Problem, WebhookRefused) as problem:
        if kind_of(problem.code).status >= 500:
            _move(kept, "again")
            raise
        response = say_no(request, problem.code, problem.detail, field=problem.field)
    except BaseException:
        _move(kept, "again")
        raise
    _keep(kept, response)
    return response


def order_key(request: HttpRequest) -> str:
    """Return the key that says to payments that it is the same order."""
    kept: ApiAnswer = request.said  # type: ignore[attr-defined]
    return kept.answer_id


def order_begun(request: HttpRequest) -> datetime | None:
    """Return when the order was first said, if a try of it came to no answer; else ``None``."""
    kept: ApiAnswer = request.said  # type: ignore[attr-defined]
    return kept.begun_at if kept.moved_at > kept.begun_at else None


def _begin(request: HttpRequest, key: str, moment: datetime) -> ApiAnswer:
    client_body = holder_of(request).client_body
    mine = ApiAnswer(
        client_body=client_body,
        key=key,
        fingerprint=_fingerprint(request),
        begun_at=moment,
        moved_at=moment,
    )
    same = ApiAnswer.objects.filter(client_body=client_body, key=key)
    with transaction.atomic():
        same.filter(begun_at__lt=moment - limits.ANSWERS_KEPT).delete()
        ApiAnswer.objects.bulk_create([mine], ignore_conflicts=True)
        kept = same.select_for_update().get()
        if kept.answer_id == mine.answer_id:
            return kept
        if bytes(kept.fingerprint) != mine.fingerprint:
            raise Problem("key_reused")
        if kept.state == "answered":
            return kept
        if kept.state == "working" and moment - kept.moved_at < limits.ANSWER_UNDER_WAY:
            raise Problem("in_flight", retry_seconds=limits.IN_FLIGHT_RETRY_SECONDS)
        kept.state, kept.moved_at = "working", moment
        kept.save(update_fields=["state", "moved_at"])
    return kept


def _fingerprint(request: HttpRequest) -> bytes:
    said = b"\0".join([str(request.method).encode(), request.path.encode(), request.body])
    return hashlib.sha256(said).digest()


def _move(kept: ApiAnswer, state: str) -> None:
    ApiAnswer.objects.filter(answer_id=kept.answer_id).update(state=state, moved_at=now())


def _owner(kept: ApiAnswer) -> str:
    return f"api_answer:{kept.answer_id}"


def _keep(kept: ApiAnswer, response: HttpResponse) -> None:
    kept.state, kept.status, kept.moved_at = "answered", response.status_code, now()
    kept.content_type = response.headers["Content-Type"]
    kept.content = the_desk().sign_in.gate.keeper.seal(response.content, _owner(kept))
    kept.save(update_fields=["state", "status", "moved_at", "content_type", "content"])


def _replay(kept: ApiAnswer) -> HttpResponse:
    content = the_desk().sign_in.gate.keeper.open(bytes(kept.content or b""), _owner(kept))
    response = HttpResponse(content, status=kept.status, content_type=kept.content_type)
    response.headers[REPLAYED] = "true"
    response.headers["Cache-Control"] = "no-store"
    return response
