"""Enters the sandbox: once, before any thread, for good."""

from pathlib import Path

from sekisho.processes.sandbox import landlock, privileges
from sekisho.processes.sandbox.plan import SandboxPlan
from sekisho.processes.sandbox.report import SandboxReport


class SandboxError(Exception):
    """The sandbox could not be entered as planned; the process must not go on."""


def enter(plan: SandboxPlan) -> SandboxReport:
    """Bind this process to `plan` and give up every privilege.

    Files of the plan that do not exist are left out: they can't be made later either, unless their
    folder is in `write`. Raises SandboxError when threads already run (they would stay outside) or
    when the kernel has Landlock and refuses the rules. A kernel without Landlock is in the report.
    """
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise SandboxError(f"{threads} threads run already; enter the sandbox before starting any")
    try:
        privileges.forbid_new_privileges()
        version = landlock.abi()
        if version:
            _restrict_by_landlock(plan, version)
        privileges.drop_capabilities()
        privileges.forbid_dumps()
    except OSError as error:
        raise SandboxError(f"the kernel refused the sandbox: {error}") from error
    return SandboxReport(
        landlock_abi=version,
        files=version >= 1,
        ports=version >= landlock.ABI_PORTS,
        scopes=version >= landlock.ABI_SCOPES,
        no_new_privileges=True,
        no_capabilities=privileges.capabilities_held() == 0,
        no_dumps=True,
    )


def _restrict_by_landlock(plan: SandboxPlan, version: int) -> None:
    rules = landlock.Ruleset(version)
    for paths, access in ((plan.read, landlock.READ), (plan.write, landlock.WRITE)):
        for path in paths:
            if path.exists():
                rules.allow_path(path, access)
    rules.allow_ports(plan.connect_ports, landlock.Ports.CONNECT_TCP)
    rules.allow_ports(plan.bind_ports, landlock.Ports.BIND_TCP)
    rules.restrict_self()
