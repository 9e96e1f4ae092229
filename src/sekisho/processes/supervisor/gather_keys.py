"""Gathers everyone's public keys; private keys stay where their process made them."""

import base64
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from sekisho.processes.secret_files import write_secret
from sekisho.processes.supervisor.brief import SUPERVISOR, TERMINAL
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.errors import PrepareFailed
from sekisho.processes.supervisor.roster import Seat
from sekisho.processes.supervisor.start_program import start_program
from sekisho.transport.briefing import Briefing
from sekisho.transport.keys import CROSSING_KEY, signing_key

PREPARE_LIMIT_SECONDS = 60
PUBLIC_KEYS_FILE = "public_keys.json"

PublicKeys = dict[str, dict[str, bytes]]


def gather_keys(data: DataFolder, roster: Iterable[Seat]) -> PublicKeys:
    """Every party's public keys by process and name; asks only those whose keys are not known yet.

    Raises PrepareFailed.
    """
    file = data.secrets / PUBLIC_KEYS_FILE
    known = _read(file)
    roster = tuple(roster)
    asked = [seat for seat in roster if _must_ask(data, seat, known)]
    known |= _ask(data, asked)
    for party in (TERMINAL, SUPERVISOR):
        key = signing_key(data.secrets / party / "keys", CROSSING_KEY)
        known[party] = {CROSSING_KEY: key.public_key().public_bytes_raw()}
    processes = {seat.process for seat in roster} | {TERMINAL, SUPERVISOR}
    known = {process: keys for process, keys in known.items() if process in processes}
    write_secret(file, _write(known))
    return known


def _must_ask(data: DataFolder, seat: Seat, known: PublicKeys) -> bool:
    own = data.of(seat.process) / "keys" / f"{CROSSING_KEY}.ed25519"
    return seat.process not in known or not own.exists()


def _ask(data: DataFolder, asked: list[Seat]) -> PublicKeys:
    programs: list[tuple[Seat, subprocess.Popen[bytes]]] = []
    for seat in asked:
        briefing = Briefing(
            process=seat.process,
            zone=seat.zone,
            name=seat.name,
            folder=str(data.of(seat.process)),
            log_folder=str(data.log_of(seat.process)),
        )
        program = start_program(
            seat.module,
            "prepare",
            briefing,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        programs.append((seat, program))
    keys = {}
    for seat, program in programs:
        said, complaint = program.communicate(timeout=PREPARE_LIMIT_SECONDS)
        try:
            keys[seat.process] = {
                name: base64.b64decode(raw) for name, raw in json.loads(said).items()
            }
        except ValueError:
            end = complaint.decode(errors="replace")[-600:].strip()
            raise PrepareFailed(f"{seat.process} could not make its keys: {end}") from None
    return keys


def _read(file: Path) -> PublicKeys:
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {
        process: {name: base64.b64decode(raw) for name, raw in keys.items()}
        for process, keys in stored.items()
    }


def _write(known: PublicKeys) -> str:
    return json.dumps(
        {
            process: {name: base64.b64encode(raw).decode() for name, raw in keys.items()}
            for process, keys in known.items()
        },
        indent=1,
    )
