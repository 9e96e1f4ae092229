"""Wires the simulated card network: one listening socket, its own folder."""

import asyncio
import os
import socket
import threading
from pathlib import Path

from sekisho.processes.run import Process
from sekisho.transport.briefing import Briefing


def _answer_acquirers(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.simulators.card_network.host import CardNetworkHost

    async def answer() -> None:
        host = CardNetworkHost(Path(briefing.folder))
        await host.start(listener=socket.socket(fileno=os.dup(briefing.page_fds["network"])))
        await asyncio.to_thread(stop.wait)
        await host.stop()

    asyncio.run(answer())


PROCESS = Process(zone="sim_card_network", works=(_answer_acquirers,))
