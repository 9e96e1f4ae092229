"""The embedded PostgreSQL's settings: small, durable, silent about values."""

from pathlib import Path

DATABASE = "sekisho"
SUPERUSER = "sekisho_superuser"
PORT = 5432
"""Only names the socket file; nothing listens on TCP."""

MAX_CONNECTIONS = 120

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": str(MAX_CONNECTIONS),
    "superuser_reserved_connections": "5",
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "max_wal_size": "512MB",
    "min_wal_size": "48MB",
    "autovacuum_max_workers": "2",
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    # The workers of PostgreSQL 18's default cost three more processes on a small machine.
    "io_method": "sync",
    "jit": "off",
    "huge_pages": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "pglz",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u ",
    "log_checkpoints": "off",
    # A statement or a DETAIL line may hold a value; neither goes to the server's log.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "track_activity_query_size": "100",
}

THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a cluster that tests throw away, never for one that keeps payments."""

HBA = f"""\
# Sockets only, passwords always; a role can reach no database but {DATABASE}.
local {DATABASE} all scram-sha-256
local all {SUPERUSER} scram-sha-256
local replication {SUPERUSER} scram-sha-256
"""


def write_settings(pgdata: Path, socket_folder: Path, *, durable: bool, open_socket: bool) -> None:
    """Write `postgresql.conf` and `pg_hba.conf` anew; hand-made changes there do not last."""
    values = SETTINGS | ({} if durable else THROW_AWAY)
    values = values | {"unix_socket_directories": str(socket_folder), "port": str(PORT)}
    if open_socket:
        # PostgreSQL is another user than ours here; the password still stands before it.
        values = values | {"unix_socket_permissions": "0777"}
    lines = [f"{name} = '{value}'" for name, value in values.items()]
    _write_whole(pgdata / "postgresql.conf", "\n".join(lines) + "\n")
    _write_whole(pgdata / "pg_hba.conf", HBA)


def _write_whole(file: Path, text: str) -> None:
    """Write `file` whole or not at all, and only when it differs: on a full disk half a file of
    settings would let the server come up without them."""
    if file.exists() and file.read_text(encoding="utf-8") == text:
        return
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(file)
