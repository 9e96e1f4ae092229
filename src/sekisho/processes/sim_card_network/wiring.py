"""Wires the simulated card network: one listening socket, its own folder."""

import asyncio
import os
import socket
import threading
from pathlib import Path

from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing


def _answer_acquirers(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.simulators.card_network.host import CardNetworkHost

    async def answer() -> None:
        drop = briefing.settings.get("clearing_folder")
        host = CardNetworkHost(Path(briefing.folder), deliver_to=Path(drop) if drop else None)
        await host.start(listener=socket.socket(fileno=os.dup(briefing.page_fds["network"])))
        await asyncio.to_thread(stop.wait)
        await host.stop()

    asyncio.run(answer())


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    drop = briefing.settings.get("clearing_folder")
    return plan.also(write=(Path(drop),)) if drop else plan


PROCESS = Process(zone="sim_card_network", works=(_answer_acquirers,), sandbox=_sandbox)
