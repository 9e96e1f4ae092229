"""What an intruder in a process would try first. Run as a program, in the sandbox (`on`) or without
it (`off`), it prints a JSON object: attempt -> "" where it succeeded, else the error."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def attempts(
    inside: Path, outside: Path, open_port: int, closed_port: int
) -> dict[str, Callable[[], object]]:
    def listen() -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))

    def import_late() -> None:
        import decimal
        import http.client  # noqa: F401
        import zoneinfo

        decimal.Decimal(1)
        zoneinfo.ZoneInfo("Asia/Tokyo")

    return {
        "read_inside": lambda: (inside / "own.txt").read_text(),
        "write_inside": lambda: (inside / "new.txt").write_text("x"),
        "rename_inside": lambda: (inside / "new.txt").rename(inside / "renamed.txt"),
        "import_late": import_late,
        "connect_listed_port": lambda: socket.create_connection(("127.0.0.1", open_port)).close(),
        "read_outside": lambda: (outside / "secret.txt").read_text(),
        "list_outside": lambda: list(outside.iterdir()),
        "write_outside": lambda: (outside / "planted.txt").write_text("x"),
        "change_outside": lambda: (outside / "secret.txt").write_text("changed"),
        "truncate_outside": lambda: os.truncate(outside / "secret.txt", 0),
        "remove_outside": lambda: (outside / "victim.txt").unlink(),
        "link_inside_to_outside": lambda: os.link(outside / "secret.txt", inside / "linked.txt"),
        "connect_other_port": lambda: socket.create_connection(("127.0.0.1", closed_port)).close(),
        "listen": listen,
        "start_program": lambda: subprocess.run(["/bin/true"], check=True),
        "signal_parent": lambda: os.kill(os.getppid(), signal.SIGCONT),
        "read_own_memory_file": lambda: Path("/proc/self/environ").read_bytes(),
        "read_parent_memory_file": lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    }


def main() -> None:
    mode, inside, outside, open_port, closed_port = sys.argv[1:]
    told: dict[str, object] = {}
    if mode == "on":
        from sekisho.processes.sandbox import enter, plan_for_code

        plan = plan_for_code().also(write=(Path(inside),), connect_ports=(int(open_port),))
        report = enter(plan)
        told["report"] = {"missing": list(report.missing), "describe": report.describe()}
        told["privileges"] = read_privileges()
    tries = attempts(Path(inside), Path(outside), int(open_port), int(closed_port))
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError as error:
            told[name] = type(error).__name__
        else:
            told[name] = ""
    print(json.dumps(told))


def read_privileges() -> dict[str, int]:
    import ctypes
    import resource

    from sekisho.processes.sandbox import privileges

    libc = ctypes.CDLL(None)
    return {
        "capabilities": privileges.capabilities_held(),
        "no_new_privileges": libc.prctl(39, 0, 0, 0, 0),
        "dumpable": libc.prctl(3, 0, 0, 0, 0),
        "core_bytes": resource.getrlimit(resource.RLIMIT_CORE)[1],
    }


if __name__ == "__main__":
    main()
