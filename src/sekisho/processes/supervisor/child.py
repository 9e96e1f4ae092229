"""One process under the supervisor: started, watched, ended, started again."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sekisho.crossings.message import HealthShown
from sekisho.processes.supervisor.roster import Seat

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
"""Between lives that never were well, each twice the last: another start does not mend it."""
SHORT_SERVICE_PAUSE_SECONDS = 1.0
"""After a life that was well but short. Not longer: payers wait, and what killed it came from
outside."""
STEADY_SECONDS = 60.0
"""A life this long is followed by the shortest pause."""
UNRESPONSIVE_LIMIT_SECONDS = 30.0
"""A process that gives no answer for this long is killed and started again."""
FIRST_ANSWER_LIMIT_SECONDS = 180.0
"""The same for one that is starting: killing it on a busy machine would only add to the load."""

Start = Callable[[], "subprocess.Popen[bytes]"]


@dataclass
class Child:
    """A seat's process; `start` makes a new one with the seat's briefing."""

    seat: Seat
    start: Start
    program: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    failures: int = 0
    """Lives in a row that never were well."""
    started_at: float = 0.0
    next_start: float = 0.0
    health: HealthShown | None = None
    answered_at: float = 0.0
    served: bool = False
    """Whether this life was well at any time."""
    ended_why: str = field(default="", repr=False)
    silence: str = field(default="", repr=False)
    look_now: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        return self.program.pid if self.program and self.program.poll() is None else None

    @property
    def state(self) -> str:
        """`waiting` for a restart, `starting`, `healthy`, `needs a person` (it serves), or
        `unhealthy`."""
        if self.pid is None:
            return "waiting"
        if self.health is None:
            return "starting"
        if self.health.ok:
            return "healthy"
        return "needs a person" if self.health.serves else "unhealthy"

    @property
    def serves(self) -> bool:
        """Whether it does its work."""
        return self.state in ("healthy", "needs a person")

    def begin(self) -> None:
        """Start it now."""
        self.health, self.served = None, False
        self.started_at = self.answered_at = time.monotonic()
        self.program = self.start()
        self.look_now.set()

    def show_health(self, shown: HealthShown) -> None:
        """Note an answer of this life of the process."""
        if shown.facts.get("pid") == self.pid:
            self.health = shown
            self.served = self.served or shown.ok or shown.serves
            self.silence = ""
            self.answered_at = time.monotonic()

    def look(self) -> str | None:
        """See whether it died: returns why, once, and plans the next start."""
        if self.program is None:
            return None
        if self.pid is not None:
            limit = UNRESPONSIVE_LIMIT_SECONDS if self.health else FIRST_ANSWER_LIMIT_SECONDS
            if time.monotonic() - self.answered_at < limit:
                return None
            self.signal(signal.SIGKILL)
            self.program.wait()
            why = f"gave no answer for {limit:.0f} s"
        else:
            why = say_end(self.program.returncode)
        self.next_start = time.monotonic() + self._pause()
        self.program, self.health = None, None
        self.ended_why = why
        return why

    def _pause(self) -> float:
        """Seconds until the next life."""
        if self.served:
            self.failures = 0
            steady = time.monotonic() - self.started_at > STEADY_SECONDS
            return FIRST_PAUSE_SECONDS if steady else SHORT_SERVICE_PAUSE_SECONDS
        self.failures += 1
        return min(FIRST_PAUSE_SECONDS * 2.0 ** min(self.failures - 1, 10), LONGEST_PAUSE_SECONDS)

    def start_again_if_due(self) -> bool:
        """Start it again when its pause is over; True when it did."""
        if self.program is not None or time.monotonic() < self.next_start:
            return False
        try:
            self.begin()
        except OSError as error:
            # No memory, no descriptors, a full disk: nothing that may end the supervisor.
            self.ended_why = f"could not be started: {error.strerror}"
            self.next_start = time.monotonic() + self._pause()
            return False
        self.restarts += 1
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it may have started."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


def say_end(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def end_all(children: list[Child], limit_seconds: float, hurry: Callable[[], bool]) -> None:
    """End processes together: ask, wait, then by force. `hurry` True forces at once."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + limit_seconds
    while any(child.pid for child in children):
        if time.monotonic() > deadline or hurry():
            for child in children:
                child.signal(signal.SIGKILL)
        time.sleep(0.02)
