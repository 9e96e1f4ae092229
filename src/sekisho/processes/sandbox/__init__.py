"""What a process may touch, enforced by the kernel on the process itself.

`enter(plan)` is called once, early, before any thread exists; from then on whatever runs in the
process, ours or an attacker's, has the plan's files and ports and nothing else. What the kernel
lacks is in the report, never silent.
"""

from sekisho.processes.sandbox.enter import SandboxError, enter
from sekisho.processes.sandbox.plan import SandboxPlan, plan_for_code
from sekisho.processes.sandbox.report import SandboxReport

__all__ = ["SandboxError", "SandboxPlan", "SandboxReport", "enter", "plan_for_code"]
