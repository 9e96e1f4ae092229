"""Gives up what a process could do beyond its sandbox: capabilities, new privileges, core dumps."""

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
MAX_CAPABILITIES = 64

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityData(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def _prctl(option: int, *arguments: int) -> int:
    padded = [*arguments, 0, 0, 0, 0][:4]
    result = int(_libc.prctl(option, *(ctypes.c_ulong(value) for value in padded)))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def forbid_new_privileges() -> None:
    """No set-user-id program gives anything any more (PR_SET_NO_NEW_PRIVS)."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def forbid_dumps() -> None:
    """No core file and no other process of this user may read our memory (ptrace(2))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def drop_capabilities() -> None:
    """Give up every capability, and the way to get one back (capabilities(7)).

    Root without capabilities is the owner of root's files and nothing more.
    """
    held = capabilities_held()
    if held:
        for number in range(MAX_CAPABILITIES):
            try:
                if _prctl(PR_CAPBSET_READ, number):
                    _prctl(PR_CAPBSET_DROP, number)
            except OSError:
                # Past the last capability of this kernel, or not ours to drop in this container.
                continue
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    _capabilities("capset", (_CapabilityData * 2)())


def capabilities_held() -> int:
    """The permitted capabilities of this process as a bit set; 0 is none."""
    data = (_CapabilityData * 2)()
    _capabilities("capget", data)
    return int(data[0].permitted) | int(data[1].permitted) << 32


def _capabilities(call: str, data: object) -> None:
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    if getattr(_libc, call)(ctypes.byref(header), data) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
