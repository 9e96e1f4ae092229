"""What the kernel gave of a sandbox, for `sekisho status` and the start's screen."""

from dataclasses import dataclass

from sekisho.processes.sandbox import landlock


@dataclass(frozen=True)
class SandboxReport:
    """What holds in this process since `enter`."""

    landlock_abi: int
    files: bool
    ports: bool
    scopes: bool
    no_new_privileges: bool
    no_capabilities: bool
    no_dumps: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """In words, what the kernel does not enforce here; empty when all holds."""
        wanted = {
            "files (Landlock, Linux 5.13)": self.files,
            "TCP ports (Landlock ABI 4, Linux 6.7)": self.ports,
            "signals and abstract sockets (Landlock ABI 6, Linux 6.12)": self.scopes,
            "no new privileges": self.no_new_privileges,
            "no capabilities": self.no_capabilities,
            "no dumps": self.no_dumps,
        }
        return tuple(what for what, given in wanted.items() if not given)

    def describe(self) -> str:
        """One line for people."""
        given = {"files": self.files, "TCP ports": self.ports, "signals": self.scopes}
        names = [name for name, holds in given.items() if holds]
        what = f"Landlock {self.landlock_abi}: {', '.join(names)}" if names else "no Landlock"
        return what if not self.missing else f"{what}; NOT enforced: {', '.join(self.missing)}"


def expected_report() -> SandboxReport:
    """What this kernel can give, told without entering a sandbox."""
    version = landlock.abi()
    return SandboxReport(
        landlock_abi=version,
        files=version >= 1,
        ports=version >= landlock.ABI_PORTS,
        scopes=version >= landlock.ABI_SCOPES,
        no_new_privileges=True,
        no_capabilities=True,
        no_dumps=True,
    )
