"""The data folder: what lies where, made with narrow modes, held by one supervisor at a time."""

import fcntl
import os
from pathlib import Path

from sekisho.processes.socket_places import socket_folder
from sekisho.processes.supervisor.errors import AlreadyRunning, FolderUnusable

DATA_VARIABLE = "SEKISHO_DATA"
DEFAULT_FOLDER = "data"


class DataFolder:
    """One platform's files. `secrets` is for the supervisor and the terminal alone."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.postgres = self.root / "postgres"
        self.secrets = self.root / "secrets"
        self.log = self.root / "log"
        self.mail = self.root / "mail"
        self.clearing = self.root / "clearing"
        self.notices = self.root / "notices" / "public"
        self.terminal = self.secrets / "terminal"
        self._lock: int | None = None

    @property
    def run(self) -> Path:
        """Where the sockets lie: below the data folder, or a short folder that stands for it."""
        return socket_folder(self.root / "run")

    def of(self, process: str) -> Path:
        """A process's own writable folder."""
        return self.root / process

    def log_of(self, process: str) -> Path:
        """The folder of a process's logs."""
        return self.log / process

    def socket_of(self, process: str) -> Path:
        """Where a process answers crossings."""
        return self.run / f"{process}.sock"

    def make(self, processes: list[str]) -> None:
        """Make every folder, 0700. Raises FolderUnusable."""
        own = [place for name in processes for place in (self.of(name), self.log_of(name))]
        shared = (self.root, self.secrets, self.terminal, self.log, self.mail, self.clearing)
        try:
            for folder in (*shared, *own):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.notices.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.secrets.chmod(0o700)
        except OSError as error:
            raise FolderUnusable(
                f"{error.filename} can't be made ({error.strerror}); "
                f"set {DATA_VARIABLE} to a folder that this user may write"
            ) from error

    def lock(self) -> None:
        """Hold the folder until this process ends. Raises AlreadyRunning, naming who holds it."""
        file = self.root / "supervisor.lock"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"sekisho runs already on {self.root} (process {holder}); "
                "see it with `sekisho status`, stop it with `sekisho down`"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._lock = descriptor

    def holder(self) -> int | None:
        """The process id of the supervisor that runs on this folder, None when none does."""
        try:
            descriptor = os.open(self.root / "supervisor.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).decode().strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
        return None


def find_data_folder(given: str | None = None) -> DataFolder:
    """The data folder of this command: the option, SEKISHO_DATA, or `./data`."""
    return DataFolder(Path(given or os.environ.get(DATA_VARIABLE) or DEFAULT_FOLDER))


def check_reachable_without_privileges(paths: list[Path]) -> None:
    """As root, see that every path can be entered by root without capabilities.

    Processes and PostgreSQL give root's powers up, so another user's 0700 home shuts them out.
    Raises FolderUnusable naming the folder.
    """
    if os.geteuid() != 0:
        return
    for path in paths:
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                break
            facts = folder.stat()
            enter = 0o100 if facts.st_uid == 0 else 0o010 if facts.st_gid == 0 else 0o001
            if not facts.st_mode & enter:
                raise FolderUnusable(
                    f"{folder} belongs to another user and is closed; our processes give up "
                    f"root's powers and could not enter it. Run as that user, or put the checkout "
                    f"and {DATA_VARIABLE} where root owns every folder"
                )
