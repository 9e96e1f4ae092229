"""Code that an attacker runs inside the tax site's process: reads, asks and forges all it can.

It does no harm: it only tries, and writes down what it got in the site's own folder. It waits for
the file `go.json` (what the attacker knows: ids, process numbers, folders), works, and leaves
`loot.json`.
"""

import ctypes
import dataclasses
import gc
import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

LOOT = []


def attempt(name, act):
    """Try ``act``; keep what it gave, or why not."""
    try:
        got = act()
        LOOT.append({"name": name, "got": repr(got)[:2000], "worked": True})
    except BaseException as error:
        why = f"{type(error).__name__}: {error}"[:300]
        LOOT.append({"name": name, "got": why, "worked": False})


def files(knows):
    for name, path in knows["files"].items():
        attempt(f"read {name}", lambda path=path: Path(path).read_bytes()[:2000])
    for name, path in knows["folders"].items():
        attempt(f"list {name}", lambda path=path: list(Path(path).iterdir()))
        attempt(f"write {name}", lambda path=path: Path(path, "intruder").write_text("x"))
    attempt("control: write own folder", lambda: Path("own").write_text("x"))


def processes(knows):
    libc = ctypes.CDLL(None, use_errno=True)

    def must(result):
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    for name, pid in knows["pids"].items():
        attempt(f"signal {name}", lambda pid=pid: os.kill(pid, 0))
        attempt(f"trace {name}", lambda pid=pid: must(libc.ptrace(16, pid, 0, 0)))
        for what in ("environ", "mem", "maps", "fd"):
            place = Path(f"/proc/{pid}/{what}")
            attempt(f"read /proc of {name}: {what}", lambda place=place: place.read_bytes()[:9])
    attempt("start a shell", lambda: subprocess.run(["/bin/sh", "-c", "id"], check=True))


def ports(knows):
    for name, port in knows["ports"].items():
        attempt(
            f"connect to port of {name}",
            lambda port=port: socket.create_connection(("127.0.0.1", port), 3).close(),
        )
    attempt("listen on a port", lambda: socket.create_server(("127.0.0.1", 0)))


STATEMENTS = {
    "vault items": "SELECT * FROM vault.item",
    "vault data keys": "SELECT * FROM vault.data_key",
    "payments": "SELECT * FROM payments.payment",
    "payments outbox": "SELECT * FROM payments.outbox",
    "policies": "SELECT * FROM payments.policy",
    "the other site": "SELECT * FROM payer_site_group_life_premium.errand",
    "evidence": "SELECT * FROM evidence.line",
    "change evidence": "UPDATE evidence.line SET facts = '{}'",
    "passwords": "SELECT rolpassword FROM pg_authid",
    "become vault": "SET ROLE vault",
    "become owner": "SET ROLE payments_owner",
    "become superuser": (
        "SELECT set_config('role', (SELECT rolname FROM pg_roles WHERE rolsuper LIMIT 1), false)"
    ),
    "server files": "SELECT pg_read_file('postgresql.conf')",
    "server programs": "COPY (SELECT 1) TO PROGRAM 'id'",
    "large objects from files": "SELECT lo_import('/etc/passwd')",
    "own table": "CREATE TABLE mine (x int)",
    "own temporary table": "CREATE TEMP TABLE mine (x int)",
    "own function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "terminate others": (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vault'"
    ),
}


def database():
    from django.db import connection

    def run(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    for name, statement in STATEMENTS.items():
        attempt(f"sql: {name}", lambda statement=statement: run(statement))
        connection.close()
    nothing = (None, "", "<insufficient privilege>")
    attempt(
        "sql: what others ask now",
        lambda: (
            [
                row
                for row in run("SELECT usename, query FROM pg_stat_activity")
                if row[0] != "payer_site_metropolitan_tax" and row[1] not in nothing
            ]
            or 1 / 0
        ),
    )
    tables = run(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)"
        " FROM information_schema.table_privileges WHERE privilege_type = 'SELECT'"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    Path("tables.json").write_text(json.dumps(sorted(row[0] for row in tables)))
    rows = [repr(run(f"SELECT t::text FROM {row[0]} t")) for row in tables]
    Path("everything-readable.txt").write_text("\n".join(rows))


def crossings(briefing, knows):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from sekisho.crossings import payments, permits, vault
    from sekisho.transport import cross, sender
    from sekisho.transport.keys import CROSSING_KEY, signing_key
    from sekisho.transport.sender import SocketCrosser
    from sekisho.vocabulary.clock import now

    own = signing_key(briefing.keys_folder, CROSSING_KEY)
    sender.may_send = lambda zone, message: True
    known = {peer.process: peer for peer in briefing.peers}

    def ask(process, message, name=briefing.process, key=own):
        template = next(iter(known.values()))
        public = bytes.fromhex(knows["keys"][process])
        facts = {"process": process, "zone": process, "name": None, "crossing_key": public}
        target = type(template)(**facts, socket=knows["sockets"][process])
        crosser = SocketCrosser(process=name, zone="payments", key=key, peers=[target])
        return crosser.cross(message, seconds=5, to=process)

    signed = _forged_permit(vault, own, knows, now())
    release = vault.Release(signed_permit=signed)
    match = vault.MatchItem(token="tok", client_body="mihon_to", kind="email", box=b"x")
    for process in knows["sockets"]:
        attempt(f"health of {process}", lambda p=process: ask(p, permits.Health()))
    attempt("vault: release on a forged permit", lambda: ask("vault", release))
    attempt("vault: match", lambda: ask("vault", match))
    attempt("vault: as payments with my own key", lambda: ask("vault", match, "payments"))
    attempt("vault: as card_network with my own key", lambda: ask("vault", release, "card_network"))
    attempt(
        "vault: as payments with a fresh key",
        lambda: ask("vault", match, "payments", Ed25519PrivateKey.generate()),
    )
    history = payments.ShowHistory(reference=knows["other_reference"])
    attempt("payments: an operator's question", lambda: ask("payments", history))
    entered = payments.CardEntered(
        payment_id=knows["other_payment"],
        card_token="t",
        subject="s",
        brand="visa",
        last_four="1111",
        issuer_bin="41111111",
        fingerprint=b"x" * 32,
    )
    attempt("payments: speak for the vault", lambda: ask("payments", entered))
    approved = payments.AuthorisationOutcome(
        payment_id=knows["other_payment"],
        attempt=1,
        result="approved",
        response_code="00",
        approval_code="1",
        network_reference="1",
        trace_number="1",
    )
    attempt("payments: speak for the card network", lambda: ask("payments", approved))
    attempt(
        "payments: another site's payment",
        lambda: cross(payments.ShowPayment(payment_id=knows["other_payment"])),
    )
    attempt(
        "control: a payment of my own site",
        lambda: cross(payments.ShowPayment(payment_id=knows["own_payment"])),
    )


def _forged_permit(vault, key, knows, at):
    from datetime import timedelta

    permit = vault.ReleasePermit(
        permit_id="permit_forged",
        payment_id=knows["own_payment"],
        client_body="mihon_to",
        card_token="t",
        purpose="authorise",
        with_security_code=True,
        receiver_key=b"k" * 32,
        issued_at=at,
        expires_at=at + timedelta(minutes=5),
    )
    return vault.SignedPermit(permit=permit, signature=key.sign(permit.signed_bytes()))


def memory():
    """Every text in the process that holds a long run of digits."""
    found = set()
    for thing in gc.get_objects():
        if not isinstance(thing, (dict, list, tuple)):
            continue
        try:
            for value in list(thing.values() if isinstance(thing, dict) else thing):
                if isinstance(value, str) and re.search(r"\d(?:[ -]?\d){12}", value):
                    found.add(value[:300])
        except Exception:
            continue
    Path("memory.json").write_text(json.dumps(sorted(found)))


def work(briefing, stop):
    go = Path("go.json")
    while not go.exists():
        if stop.wait(0.2):
            return
    time.sleep(0.2)
    knows = json.loads(go.read_text())
    for part in (
        lambda: files(knows),
        lambda: processes(knows),
        lambda: ports(knows),
        database,
        lambda: crossings(briefing, knows),
        memory,
    ):
        attempt("control: a part of the attack ran", part)
    Path("loot.new").write_text(json.dumps(LOOT))
    Path("loot.new").rename("loot.json")


def begin():
    from sekisho.processes.payer_site.wiring import PROCESS
    from sekisho.processes.run import main

    main(dataclasses.replace(PROCESS, works=(*PROCESS.works, work)))


begin()
