"""The table of commands. A command's module is imported only when it is the one that was typed."""

from dataclasses import dataclass

PLACE = "sekisho.processes.terminal"


@dataclass(frozen=True)
class Command:
    """words: as typed; module: below this package; tells: one line for `sekisho --help`."""

    words: str
    module: str
    tells: str

    @property
    def dotted(self) -> str:
        """The module's full name."""
        return f"{PLACE}.{self.module}"


COMMANDS = (
    Command("up", "start_platform", "start every process and stay until Ctrl-C"),
    Command("down", "stop_platform", "stop a running platform"),
    Command("status", "show_status", "each process: sandbox, database role, memory, health"),
    Command("samples", "load_samples", "load sample bills and policies, or show what is to pay"),
    Command("bills import", "import_bills", "take in a CSV file of bills"),
    Command("policies import", "import_policies", "take in a CSV file of policies"),
    Command("payments show", "show_payment", "the whole history of one payment"),
    Command("ledger verify", "verify_ledger", "check that the books balance"),
    Command("desk invite", "invite_staff", "invite a client body's staff; prints a link"),
    Command("console invite", "invite_operator", "invite an operator; prints a link"),
    Command("evidence show", "show_evidence", "the newest lines of evidence, by kind or subject"),
    Command("evidence verify", "verify_evidence", "check the evidence chain from its first line"),
)


def find_command(words: list[str]) -> tuple[Command, list[str]] | None:
    """The command that `words` begin with, and the words behind it."""
    for count in (2, 1):
        typed = " ".join(words[:count])
        for command in COMMANDS:
            if command.words == typed and len(words) >= count:
                return command, words[count:]
    return None
