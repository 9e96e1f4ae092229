"""Signals to the supervisor, as orders that its loop reads when it is ready for them."""

import select
import signal
import socket
from types import FrameType


class Orders:
    """Counts orders to stop; the second one means at once."""

    def __init__(self) -> None:
        self.stops = 0
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)

    @property
    def stopping(self) -> bool:
        """Whether somebody said stop."""
        return self.stops > 0

    def hurry(self) -> bool:
        """Whether somebody said it twice."""
        return self.stops > 1

    def listen(self) -> None:
        """Take signals from now on (main thread only)."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._count)
        # A child's end must wake the loop too; what ended is found by asking each child.
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.stops += 1

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes or `seconds` pass."""
        ready, _, _ = select.select([self._woken], [], [], seconds)
        if ready:
            self._woken.recv(4096)
