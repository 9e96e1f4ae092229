"""Wires card_network: one event loop in a thread for the network, doors in others, one outbox."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sekisho.processes import django_settings
from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Doors
from sekisho.transport.keys import receiving_key

if TYPE_CHECKING:
    from sekisho.card_network.run_orders import OrderRunner
    from sekisho.transport.outbox import Outbox

NETWORK, DIRECTORY_SERVER = "sim_card_network", "sim_three_d_secure"
"""Whose addresses in the briefing are the network's and the directory server's."""

RECEIVING_KEY = "receive"

_runner: OrderRunner | None = None


def _settings(briefing: Briefing | None) -> dict[str, Any]:
    return django_settings.build(briefing, zone="card_network")


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    ports = [urlsplit(briefing.addresses[name]).port for name in (NETWORK, DIRECTORY_SERVER)]
    return plan.also(connect_ports=tuple(port for port in ports if port))


def _prepare(folder: Path) -> dict[str, bytes]:
    return {RECEIVING_KEY: receiving_key(folder, RECEIVING_KEY).public_key().public_bytes_raw()}


def _make_runner(briefing: Briefing) -> OrderRunner:
    from sekisho.card_network.connection import NetworkLink
    from sekisho.card_network.connector import Acquirer, Connector, Patience
    from sekisho.card_network.directory_server import HttpDirectoryServer
    from sekisho.card_network.run_orders import OrderRunner
    from sekisho.card_network.scribe import Scribe

    settings = briefing.settings.get("card_network", {})
    patience = Patience(**settings.get("patience", {}))
    network = urlsplit(briefing.addresses[NETWORK])
    directory_server = HttpDirectoryServer(
        f"{briefing.addresses[DIRECTORY_SERVER]}/ds/areq", answer_s=patience.directory_answer_s
    )
    return OrderRunner(
        Connector(
            link=NetworkLink(network.hostname or "localhost", network.port or 0),
            scribe=Scribe(),
            private_key=receiving_key(briefing.keys_folder, RECEIVING_KEY),
            directory_server=directory_server,
            result_url=briefing.addresses["card_network"],
            acquirer=Acquirer(**settings.get("acquirer", {})),
            patience=patience,
        )
    )


def _doors(briefing: Briefing) -> Doors:
    global _runner
    from sekisho.card_network.doors import open_doors

    _runner = _make_runner(briefing)
    return open_doors(_runner)


def _outbox(_briefing: Briefing) -> Outbox:
    from sekisho.crossings import payments
    from sekisho.transport.outbox import Outbox

    return Outbox(
        sends=[
            payments.AuthenticationOutcome,
            payments.AuthorisationOutcome,
            payments.CaptureOutcome,
            payments.ReversalOutcome,
            payments.RefundOutcome,
            payments.ChargebackReceived,
            payments.DisputeEnded,
        ]
    )


def _speak_to_network(briefing: Briefing, stop: threading.Event) -> None:
    assert _runner is not None
    asyncio.run(_speak(_runner, briefing, stop))


async def _speak(runner: OrderRunner, briefing: Briefing, stop: threading.Event) -> None:
    from sekisho.card_network.result_door import ResultDoor

    connector = runner.connector
    connector.scribe.start()
    door = ResultDoor(connector)
    await door.open(socket.socket(fileno=os.dup(briefing.page_fds["rreq"])))
    working = [asyncio.create_task(connector.link.run()), asyncio.create_task(runner.run())]
    ending = asyncio.create_task(_wait(stop))
    done, _ = await asyncio.wait([*working, ending], return_when=asyncio.FIRST_COMPLETED)
    await door.shut()
    await runner.drain()
    await connector.link.sign_off()
    for task in working:
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*working)
    await connector.directory_server.close()
    connector.scribe.stop()
    for task in done - {ending}:
        task.result()


async def _wait(stop: threading.Event) -> None:
    """Return once ``stop`` is set. The thread is a daemon's: when the work breaks, the loop must
    end without it."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def watch() -> None:
        stop.wait()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="stop-watch", daemon=True).start()
    await ended.wait()


def _checks() -> dict[str, Callable[[], str]]:
    from sekisho.card_network.watch import check_link

    assert _runner is not None
    link = _runner.connector.link
    return {"network": lambda: check_link(link)}


def _concerns() -> dict[str, Callable[[], str]]:
    from sekisho.card_network.watch import check_stuck

    return {"stuck": check_stuck}


PROCESS = Process(
    zone="card_network",
    settings=_settings,
    doors=_doors,
    outbox=_outbox,
    works=(_speak_to_network,),
    checks=_checks,
    concerns=_concerns,
    sandbox=_sandbox,
    prepare=_prepare,
)
