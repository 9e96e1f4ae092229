"""Pages on which files are handed in."""

from __future__ import annotations

import queue
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from sekisho.bill_files.columns import COLUMNS
from sekisho.bill_files.errors import Problem
from sekisho.bill_files.sentences import tell
from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.errors import UploadOver, UploadRefused, UploadUnknown
from sekisho.client_desk.import_bills.keep_pieces import MAX_UPLOAD_BYTES, PIECE_BYTES
from sekisho.client_desk.import_bills.receive import (
    begin_upload,
    find_upload,
    give_up,
    keep_piece,
    order_next,
)
from sekisho.client_desk.import_bills.work_through import COUNTS
from sekisho.client_desk.pages.desk import FILES, acts_for, the_desk
from sekisho.client_desk.records.models import Upload
from sekisho.sign_in.pages import language_of
from sekisho.vocabulary.clock import now

UPLOADS_SHOWN = 100
REFRESH_SECONDS = 2
"""How often a page about a file that is being worked on asks again."""


class BeginForm(forms.Form):
    """What the script says of a file before it sends it."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in COLUMNS])
    encoding = forms.CharField(max_length=20, required=False)
    file_name = forms.CharField(max_length=200)
    size = forms.IntegerField(min_value=0)


class TakeForm(forms.Form):
    """Whether rows with faults are left out."""

    skip_bad = forms.BooleanField(required=False)


def show_files(request: HttpRequest) -> HttpResponse:
    """The form for a file, and the files handed in."""
    person: Any = request.person  # type: ignore[attr-defined]
    return the_desk().sign_in.show(
        request,
        "files.html",
        kinds=client_bodies()[person.client_body].kinds,
        columns={kind: COLUMNS[kind] for kind in client_bodies()[person.client_body].kinds},
        uploads=Upload.objects.order_by("-begun_at")[:UPLOADS_SHOWN],
        script=FILES.address("hand_in.js"),
        integrity=FILES.integrity("hand_in.js"),
        piece_bytes=PIECE_BYTES,
        most_megabytes=MAX_UPLOAD_BYTES // 1_000_000,
    )


def begin(request: HttpRequest) -> HttpResponse:
    """Begin a file; asked by the page's script."""
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _say(request, 400, "upload_unclear")
    try:
        upload = begin_upload(
            person=request.person,  # type: ignore[attr-defined]
            client_body=acts_for(request),
            kind=form.cleaned_data["kind"],
            file_name=form.cleaned_data["file_name"],
            encoding=form.cleaned_data["encoding"],
            size_bytes=form.cleaned_data["size"],
            now=now(),
        )
    except UploadRefused as refused:
        return _say(request, 409, refused.code)
    return JsonResponse({"address": f"/files/{upload.upload_id}"}, status=201)


def receive_piece(request: HttpRequest, upload_id: str, number: int) -> HttpResponse:
    """Take one piece of a file; sent by the page's script."""
    content = request.read(PIECE_BYTES + 1)
    try:
        upload = keep_piece(the_desk().pieces, upload_id, number, content, now())
    except UploadUnknown:
        return _say(request, 404, "upload_unknown")
    except UploadOver:
        return _say(request, 409, "upload_over")
    except UploadRefused as refused:
        return _say(request, 409, refused.code)
    return JsonResponse({"received": upload.received_bytes})


def _say(request: HttpRequest, status: int, key: str) -> JsonResponse:
    return JsonResponse({"error": the_desk().sign_in.word(request, key)}, status=status)


def order_check(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Have a complete file checked."""
    return _order(request, upload_id, take=False)


def order_take(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Have a checked file taken."""
    form = TakeForm(request.POST)
    skip_bad = form.is_valid() and form.cleaned_data["skip_bad"]
    return _order(request, upload_id, take=True, skip_bad=skip_bad)


def _order(
    request: HttpRequest, upload_id: str, *, take: bool, skip_bad: bool = False
) -> HttpResponse:
    desk = the_desk()
    try:
        upload, new = order_next(upload_id, now(), take=take, skip_bad=skip_bad)
        if new:
            desk.worker.order(upload.client_body, upload.upload_id)
    except UploadUnknown:
        return desk.sign_in.show(request, "no_file.html", 404)
    except (UploadOver, queue.Full):
        pass
    return HttpResponseRedirect(f"/files/{upload_id}")


def order_give_up(request: HttpRequest, upload_id: str) -> HttpResponse:
    """Give a file up."""
    try:
        give_up(the_desk().pieces, upload_id, now())
    except UploadUnknown:
        return the_desk().sign_in.show(request, "no_file.html", 404)
    except UploadOver:
        pass
    return HttpResponseRedirect(f"/files/{upload_id}")


def show_file(request: HttpRequest, upload_id: str) -> HttpResponse:
    """What becomes of a file: progress, then the result with every fault."""
    desk = the_desk()
    try:
        upload = find_upload(upload_id)
    except UploadUnknown:
        return desk.sign_in.show(request, "no_file.html", 404)
    result = upload.result or {}
    language = language_of(request)
    problems = [*result.get("problems", ())]
    if "file_problem" in result:
        problems.append(result["file_problem"])
    working = upload.state in ("checking", "taking")
    response = desk.sign_in.show(
        request,
        "file.html",
        upload=upload,
        result=result,
        figures=[
            (desk.sign_in.word(request, name), f"{result[name]:,}")
            for name in COUNTS
            if name in result
        ],
        working=working,
        through=_percent(upload),
        why=desk.sign_in.word(request, result["why"]) if "why" in result else "",
        problems=[_told(Problem(*problem), language) for problem in problems],
        more_problems=max(0, result.get("problem_count", 0) - len(problems)),
    )
    if working:
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def _percent(upload: Upload) -> int:
    """The file is read once to check and once to send."""
    share: float = min(upload.through_bytes / upload.size_bytes, 1.0)
    return round(50 * share) + {"check": 0, "send": 50, "commit": 50}.get(upload.step, 0)


def _told(problem: Problem, language: str) -> dict[str, Any]:
    what, to_do = tell(problem, language)
    return {"line": problem.line or "", "field": problem.field, "what": what, "to_do": to_do}
