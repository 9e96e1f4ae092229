"""After the storm: wait until nothing moves, then hold the books against one another.

The network's book is the simulator's own record; what payers were told is what the thin payers
remember; the rest is read in the database as its superuser, past every wall."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from sekisho.processes.cluster import Cluster
from sekisho.simulators.card_network.book import Entry, double_charges, read_book
from sekisho.transport import TransportError
from tests.engine_load import ENDED, Engine, ThinPayer
from tests.running_platform import RunningPlatform

QUIET_LIMIT_SECONDS = 180.0

MOVING = (
    "authenticating", "challenge", "authorising", "authorised", "capture_requested", "reversing",
    "check_approved", "unknown",
)  # fmt: skip
"""States that somebody must still lead on."""

PAID = ("captured", "settled")
_OUTBOXES = "SELECT schemaname FROM pg_tables WHERE tablename = 'outbox'"


class Books:
    """All that is written down about payments on one platform."""

    def __init__(self, platform: RunningPlatform, engine: Engine) -> None:
        self.platform = platform
        self.engine = engine
        folder = engine.folder
        self._cluster = Cluster(
            folder.postgres, run_folder=folder.run / "pg", secrets_folder=folder.secrets
        )

    def ask(self, statement: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query as superuser in the schema of payments."""
        with self._cluster.superuser_connection() as connection:
            connection.execute("SET search_path = payments")
            return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]

    def do(self, statement: str, values: list[Any] | None = None) -> None:
        """Change something as superuser in the schema of payments."""
        with self._cluster.superuser_connection() as connection:
            connection.execute("SET search_path = payments")
            connection.execute(statement, values)  # type: ignore[arg-type]

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Hold a table of payments so that nobody else can read it."""
        with self._cluster.superuser_connection() as connection:
            connection.execute(f"LOCK TABLE payments.{table} IN ACCESS EXCLUSIVE MODE")  # type: ignore[arg-type]
            yield

    # --- quiet -----------------------------------------------------------------------------------

    def wait_for_quiet(self, limit_seconds: float = QUIET_LIMIT_SECONDS) -> list[str]:
        """Wait until every process is well, no message waits and no payment moves; returns the
        payments left ``unknown`` with a time at which the network is asked again. Whatever else
        still moves at the end of the wait fails the test."""
        until = time.monotonic() + limit_seconds
        while (restless := self._restless()) and time.monotonic() < until:
            time.sleep(0.3)
        left = self.ask(
            "SELECT id, state FROM payment WHERE state = ANY(%s)"
            " AND NOT (state = 'unknown' AND due_at IS NOT NULL)",
            [list(MOVING)],
        )
        assert not left, f"no outcome after {limit_seconds:.0f} s: {left}"
        unknown = [str(row[0]) for row in self.ask(_UNKNOWN)]
        assert not restless or restless == [f"{len(unknown)} payments move"], restless
        return unknown

    def _restless(self) -> list[str]:
        found = []
        try:
            rows = self.engine.platform().processes
            found += [f"{row.process} is {row.state}" for row in rows if row.state != "healthy"]
            for (schema,) in self.ask(_OUTBOXES):
                waiting = self.ask(
                    f"SELECT count(*) FROM {schema}.outbox"
                    " WHERE refused IS NULL AND due_at < now() + interval '70 s'"
                )
                found += [f"{schema}: {waiting[0][0]} messages wait"] if waiting[0][0] else []
            moving = self.ask("SELECT count(*) FROM payment WHERE state = ANY(%s)", [list(MOVING)])
            found += [f"{moving[0][0]} payments move"] if moving[0][0] else []
        except (TransportError, psycopg.OperationalError) as error:
            found.append(str(error))
        return found

    # --- agreement -------------------------------------------------------------------------------

    def check(self, payers: Iterable[ThinPayer]) -> Counter[str]:
        """Assert that all books agree; returns how many payments are in which state."""
        self._check_network()
        self._check_history()
        self._check_payers(list(payers))
        assert "the books are right" in self.platform.sekisho("ledger", "verify")
        assert "the chain is whole" in self.platform.sekisho("evidence", "verify")
        return Counter(row[0] for row in self.ask("SELECT state FROM payment"))

    def _check_network(self) -> None:
        """The network and the ledger agree to the yen, payment by payment; nothing is held by a
        payment that ended, nothing was charged twice."""
        entries = read_book(self.engine.folder.of("sim_card_network"))
        assert double_charges(entries) == []
        ledger = {str(row[0]): (str(row[1]), int(row[2])) for row in self.ask(_LEDGER)}
        captured: Counter[str] = Counter()
        held: Counter[str] = Counter()
        for entry in _authorisations(entries):
            assert entry.reference in ledger, f"the network knows {entry.reference}, we do not"
            captured[entry.reference] += entry.captured - entry.refunded
            held[entry.reference] += entry.amount if entry.state == "approved" else 0
        for reference, (state, posted_yen) in ledger.items():
            assert captured[reference] == posted_yen, (reference, state, "captured")
            assert state in MOVING or not held[reference], (reference, state, "still held")

    def _check_history(self) -> None:
        """A bill is paid once; the money of a payment was captured once; evidence has each."""
        assert self.ask(_PAID_TWICE) == []
        assert self.ask(_CAPTURED_TWICE) == []
        for (schema,) in self.ask(_OUTBOXES):
            refused = f"SELECT message, refused FROM {schema}.outbox WHERE refused IS NOT NULL"
            assert self.ask(refused) == []
        paid = self.ask("SELECT id FROM payment WHERE state = ANY(%s) ORDER BY id", [list(PAID)])
        assert self.ask(_EVIDENCE) == paid

    def _check_payers(self, payers: list[ThinPayer]) -> None:
        """Whoever said "pay" and was answered has one payment, and it is as they were told."""
        by_key = {str(row[0]): tuple(map(str, row[1:])) for row in self.ask(_BY_KEY)}
        for payer in payers:
            if not payer.payment_id:
                continue
            payment_id, state = by_key[payer.key]
            assert payment_id == payer.payment_id
            last = payer.told[-1] if payer.told else ""
            if last == "succeeded":
                assert state in PAID, (payer.reference, state, payer.told)
            elif last in ENDED:
                assert state not in PAID, (payer.reference, state, payer.told)
            if payer.accepted:
                assert state not in ("created", "card_entered") or last in ENDED, (
                    payer.reference, state, payer.told,
                )  # fmt: skip


def _authorisations(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.kind == "authorisation" and entry.reference]


_UNKNOWN = "SELECT id FROM payment WHERE state = 'unknown' AND due_at IS NOT NULL"

_LEDGER = (
    "SELECT p.reference, p.state, coalesce(sum(t.amount_yen) FILTER (WHERE t.kind = 'posted'), 0)"
    " FROM payment p LEFT JOIN transfer t ON t.payment_id = p.id GROUP BY p.reference, p.state"
)
_PAID_TWICE = (
    "SELECT bill_id FROM payment WHERE state IN ('captured', 'settled') AND bill_id IS NOT NULL"
    " GROUP BY bill_id HAVING count(*) > 1"
)
_CAPTURED_TWICE = (
    "SELECT payment_id FROM payment_event WHERE to_state = 'captured'"
    " GROUP BY payment_id HAVING count(*) > 1"
)
_EVIDENCE = "SELECT subject FROM evidence.line WHERE kind = 'payments.captured' ORDER BY subject"
_BY_KEY = "SELECT start_key, id, state FROM payment"
