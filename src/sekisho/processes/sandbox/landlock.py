"""Landlock by its three system calls (landlock(7)); no library, no root."""

import ctypes
import os
import stat
from collections.abc import Iterable
from enum import IntFlag
from pathlib import Path

CREATE_RULESET = 444
ADD_RULE = 445
RESTRICT_SELF = 446
"""System call numbers, the same on every architecture."""

CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1
RULE_NET_PORT = 2


class Files(IntFlag):
    """LANDLOCK_ACCESS_FS_*."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


class Ports(IntFlag):
    """LANDLOCK_ACCESS_NET_*."""

    BIND_TCP = 1 << 0
    CONNECT_TCP = 1 << 1


class Scopes(IntFlag):
    """LANDLOCK_SCOPE_*: what may not leave the sandbox."""

    ABSTRACT_UNIX_SOCKET = 1 << 0
    SIGNAL = 1 << 1


ABI_REFER, ABI_TRUNCATE, ABI_PORTS, ABI_IOCTL, ABI_SCOPES = 2, 3, 4, 5, 6

READ = Files.READ_FILE | Files.READ_DIR
WRITE = (
    READ
    | Files.WRITE_FILE
    | Files.REMOVE_DIR
    | Files.REMOVE_FILE
    | Files.MAKE_DIR
    | Files.MAKE_REG
    | Files.REFER
    | Files.TRUNCATE
)
"""No EXECUTE anywhere: no zone has a program to start. No sockets, pipes, devices or links made."""
ON_A_FILE = Files.EXECUTE | Files.WRITE_FILE | Files.READ_FILE | Files.TRUNCATE | Files.IOCTL_DEV

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


class _NetPort(ctypes.Structure):
    _fields_ = [("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64)]


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def abi() -> int:
    """The kernel's Landlock version, 0 where it has none or has it switched off."""
    try:
        return _call(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def handled_files(version: int) -> Files:
    """Every file access that Landlock `version` can govern."""
    handled = Files((1 << 13) - 1)
    for since, access in (
        (ABI_REFER, Files.REFER),
        (ABI_TRUNCATE, Files.TRUNCATE),
        (ABI_IOCTL, Files.IOCTL_DEV),
    ):
        if version >= since:
            handled |= access
    return handled


class Ruleset:
    """A set of rules; nothing holds until `restrict_self`."""

    def __init__(self, version: int) -> None:
        """Raises OSError where the kernel has no Landlock."""
        self._files = handled_files(version)
        self._ports = version >= ABI_PORTS
        rules = _Ruleset(int(self._files), 0, 0)
        if self._ports:
            rules.handled_access_net = int(Ports.BIND_TCP | Ports.CONNECT_TCP)
        if version >= ABI_SCOPES:
            rules.scoped = int(Scopes.ABSTRACT_UNIX_SOCKET | Scopes.SIGNAL)
        # An older kernel refuses fields that it does not know, even when they are zero.
        size = 24 if version >= ABI_SCOPES else 16 if self._ports else 8
        self._fd = _call(
            CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0)
        )

    def allow_path(self, path: Path, access: Files) -> None:
        """Allow `access` on a file, or on all below a folder. Raises OSError for a missing path."""
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                access &= ON_A_FILE
            rule = _PathBeneath(int(access & self._files), descriptor)
            self._add(RULE_PATH_BENEATH, rule)
        finally:
            os.close(descriptor)

    def allow_ports(self, ports: Iterable[int], access: Ports) -> None:
        """Allow binding or connecting to TCP ports; nothing where the kernel can't tell ports."""
        for port in ports if self._ports else ():
            self._add(RULE_NET_PORT, _NetPort(int(access), port))

    def _add(self, kind: int, rule: ctypes.Structure) -> None:
        _call(
            ADD_RULE,
            ctypes.c_int(self._fd),
            ctypes.c_int(kind),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )

    def restrict_self(self) -> None:
        """Bind the calling thread and all that it starts, for good (needs no_new_privs)."""
        _call(RESTRICT_SELF, ctypes.c_int(self._fd), ctypes.c_uint32(0))
        os.close(self._fd)
