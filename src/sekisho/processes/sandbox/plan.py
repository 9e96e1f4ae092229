"""The plan of a sandbox: which files and ports, and nothing else."""

import sys
import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

import sekisho

SYSTEM_READ = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/mime.types",
    "/dev/urandom",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system/cpu",
)
"""What Python and its libraries open while they run; none of it is ours."""

DEVICES = ("/dev/null",)
SYSTEM_PREFIXES = (Path("/usr"), Path("/usr/local"))


@dataclass(frozen=True)
class SandboxPlan:
    """What a process may touch.

    read: files, and folders with all below them. write: the same, also to change, make and remove.
    connect_ports, bind_ports: TCP ports.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    connect_ports: tuple[int, ...] = ()
    bind_ports: tuple[int, ...] = ()

    def also(
        self,
        *,
        read: tuple[Path, ...] = (),
        write: tuple[Path, ...] = (),
        connect_ports: tuple[int, ...] = (),
    ) -> "SandboxPlan":
        """The same plan with more in it."""
        return replace(
            self,
            read=(*self.read, *read),
            write=(*self.write, *write),
            connect_ports=(*self.connect_ports, *connect_ports),
        )


def plan_for_code() -> SandboxPlan:
    """What every process of ours needs to run Python: our code, its libraries, the system's."""
    libraries = {
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    code = [Path(sekisho.__file__).parent, *map(Path, sorted(libraries))]
    if Path(sys.base_prefix) not in SYSTEM_PREFIXES:
        code.append(Path(sys.base_prefix) / "lib")
    return SandboxPlan(read=(*code, *map(Path, SYSTEM_READ)), write=tuple(map(Path, DEVICES)))
