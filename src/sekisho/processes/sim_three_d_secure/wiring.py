"""Wires the simulated 3-D Secure servers: both behind one port; results go to card_network."""

import asyncio
import os
import socket
import threading
from urllib.parse import urlsplit

from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    port = urlsplit(briefing.addresses["card_network"]).port
    return plan.also(connect_ports=(port,) if port else ())


def _answer_browsers(briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.simulators.three_d_secure.servers import ThreeDSecureServers

    async def answer() -> None:
        servers = ThreeDSecureServers(briefing.addresses[briefing.process])
        await servers.start(listener=socket.socket(fileno=os.dup(briefing.page_fds["pages"])))
        await asyncio.to_thread(stop.wait)
        await servers.stop()

    asyncio.run(answer())


PROCESS = Process(zone="sim_three_d_secure", works=(_answer_browsers,), sandbox=_sandbox)
