"""What `sekisho status` and the console show, gathered by the supervisor."""

import os
import time
from collections.abc import Iterable

from sekisho.crossings.supervisor import PlatformShown, ProcessShown
from sekisho.processes.cluster import Cluster
from sekisho.processes.memory import memory_of, memory_of_tree
from sekisho.processes.sandbox.report import expected_report
from sekisho.processes.supervisor.child import Child


def gather_status(
    children: Iterable[Child],
    cluster: Cluster | None,
    began: float,
    *,
    ready: bool,
    folder: str,
) -> PlatformShown:
    """The state of the platform now. began: monotonic seconds of the supervisor's start."""
    processes = [_show(child) for child in children]
    server = cluster.pid if cluster else None
    server_memory, own_memory = memory_of_tree(server), memory_of(os.getpid())
    return PlatformShown(
        ready=ready,
        up_seconds=int(time.monotonic() - began),
        memory_bytes=own_memory + server_memory + sum(row.memory_bytes for row in processes),
        database_state="healthy" if server else "waiting",
        processes=processes,
        pid=os.getpid(),
        own_memory_bytes=own_memory,
        database_pid=server,
        database_memory_bytes=server_memory,
        folder=folder,
        kernel=expected_report().describe(),
    )


def _show(child: Child) -> ProcessShown:
    facts = child.health.facts if child.health else {}
    pid = child.pid
    return ProcessShown(
        process=child.seat.process,
        title=child.seat.title,
        state=child.state,
        up_seconds=int(time.monotonic() - child.started_at) if pid else 0,
        restarts=child.restarts,
        memory_bytes=memory_of(pid) or int(facts.get("memory_bytes", 0)),
        database_role=str(facts.get("database_role", "")),
        sandbox=str(facts.get("sandbox", "")),
        sandbox_missing=str(facts.get("sandbox_missing", "")),
        faults=_faults(child),
        last_end=child.ended_why,
        pid=pid,
        address=child.seat.address or "",
        zones=str(facts.get("zones", "")),
    )


def _faults(child: Child) -> dict[str, str]:
    if child.health is not None:
        return dict(child.health.faults)
    return {"health": child.silence} if child.pid and child.silence else {}
