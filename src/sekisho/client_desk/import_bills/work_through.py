"""Checks and takes files one after the other, away from the pages' threads."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import Any, cast

from django.db import close_old_connections, connection, transaction

from sekisho import evidence, transport
from sekisho.bill_files.check_file import Reading
from sekisho.bill_files.columns import Kind
from sekisho.bill_files.errors import FileRefused
from sekisho.bill_files.take_file import FileTaken, Options, Step, take_file
from sekisho.client_desk.import_bills.keep_pieces import Pieces
from sekisho.client_desk.records.models import Upload
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.message import Refusal
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import business_date, now

ORDERS_WAITING_LIMIT = 100
TELL_SECONDS = 1.0
"""How often progress is written down."""
SHOWN_PROBLEMS_LIMIT = 300
"""Faults kept with the upload to be shown."""

log = logging.getLogger("sekisho.client_desk")

Order = tuple[str, str]


class Worker:
    """Works through orders (client body, upload) in one thread of its own."""

    def __init__(self, pieces: Pieces, vault_key: bytes) -> None:
        self._pieces = pieces
        self._vault_key = vault_key
        self._orders: queue.Queue[Order] = queue.Queue(ORDERS_WAITING_LIMIT)

    def order(self, client_body: str, upload_id: str) -> None:
        """Put an upload in line. Raises ``queue.Full``."""
        self._orders.put_nowait((client_body, upload_id))

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``."""
        while not stop.is_set():
            try:
                client_body, upload_id = self._orders.get(timeout=0.5)
            except queue.Empty:
                continue
            self.work_through(client_body, upload_id)

    def work_through(self, client_body: str, upload_id: str) -> None:
        """Do what the upload's state asks for; whatever happens, the upload says so after."""
        close_old_connections()
        enter_body(client_body)
        upload = Upload.objects.get(upload_id=upload_id)
        take = upload.state == "taking"
        try:
            found = self._take(upload, dry_run=not take)
        except FileRefused as refused:
            problem = refused.problem
            facts = [problem.line, problem.field, problem.code, problem.facts]
            result: dict[str, Any] = {"file_problem": facts}
        except Refusal as refusal:
            result = {"why": "upload_refused_by_payments", "code": refusal.code}
        except TransportError:
            result = {"why": "upload_payments_away"}
        except Exception:
            log.exception("upload %s broke", upload_id)
            result = {"why": "upload_broke"}
        else:
            result = show_result(found)
        finally:
            connection.close_if_unusable_or_obsolete()
        self._end(upload, result, take=take)

    def _take(self, upload: Upload, *, dry_run: bool) -> FileTaken:
        reading = Reading(
            kind=cast(Kind, upload.kind),
            client_body=upload.client_body,
            vault_key=self._vault_key,
            today=business_date(now()),
            encoding=upload.encoding or None,
        )
        told = time.monotonic()

        def watch(step: Step, through: int) -> None:
            nonlocal told
            if time.monotonic() - told > TELL_SECONDS or step == "commit":
                told = time.monotonic()
                Upload.objects.filter(upload_id=upload.upload_id).update(
                    step=step, through_bytes=through
                )

        return take_file(
            self._pieces.open(upload.upload_id),  # type: ignore[arg-type]
            upload.file_name,
            reading,
            Options(dry_run=dry_run, skip_bad=upload.skip_bad),
            cross=transport.cross,
            watch=watch,
        )

    def _end(self, upload: Upload, result: dict[str, Any], *, take: bool) -> None:
        failed = "file_problem" in result or "why" in result
        if take:
            state = "taken" if result.get("taken") else "refused"
        else:
            state = "refused" if failed else "checked"
        with transaction.atomic():
            Upload.objects.filter(upload_id=upload.upload_id).update(
                state=state, step="", result=result, moved_at=now()
            )
            if take:
                counts = {name: result[name] for name in COUNTS if name in result}
                facts = {"client_body": upload.client_body, "by": upload.person_name, **counts}
                kind = f"client_desk.{upload.kind}_{state}"
                evidence.append(kind=kind, subject=upload.upload_id, facts=facts)
        if state != "checked":
            self._pieces.drop(upload.upload_id)


COUNTS = ("rows", "added", "changed", "withdrawn", "unchanged", "bad_rows")


def show_result(found: FileTaken) -> dict[str, Any]:
    """Return what was found as plain JSON for the upload's record."""
    return {
        "taken": found.taken,
        "earlier": found.earlier,
        "encoding": found.checked.encoding,
        "rows": found.checked.rows,
        "added": found.added,
        "changed": found.changed,
        "withdrawn": found.withdrawn,
        "unchanged": found.unchanged,
        "bad_rows": found.bad_rows,
        "problem_count": found.problem_count,
        "problems": [
            [problem.line, problem.field, problem.code, problem.facts]
            for problem in found.problems[:SHOWN_PROBLEMS_LIMIT]
        ],
    }
