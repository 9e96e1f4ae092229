"""Wires the mailbox: pages that show what the vault wrote to the mail folder."""

from pathlib import Path
from typing import Any

from sekisho.processes.run import Process
from sekisho.processes.sandbox import SandboxPlan
from sekisho.processes.stand_edge import edge_options, read_rules, stand_edge
from sekisho.transport.briefing import Briefing


def _pages(briefing: Briefing) -> Any:
    from sekisho.simulators.mailbox import PAGES, Mailbox

    return stand_edge(briefing, Mailbox(Path(briefing.settings["mail_folder"])), PAGES)


def _sandbox(briefing: Briefing, plan: SandboxPlan) -> SandboxPlan:
    return read_rules(briefing, plan).also(read=(Path(briefing.settings["mail_folder"]),))


PROCESS = Process(zone="sim_mailbox", pages=_pages, page_options=edge_options, sandbox=_sandbox)
