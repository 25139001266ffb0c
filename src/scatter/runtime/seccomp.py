"""The system calls that job code may not make, as a classic BPF program for `bwrap --seccomp`.

A deny list on top of namespaces, dropped capabilities and no_new_privs. It removes three things that those leave open:
parts of the kernel that job code has no use for and that keep having bugs (user namespaces, mounts, bpf, io_uring, keys,
ptrace …), socket families that are not confined by a network namespace (vsock reaches the hypervisor's host), and ways to
hold memory that is charged to no process and no bounded file system (memfd, System V IPC, shared anonymous mappings).

Sources: linux/seccomp.h, linux/bpf_common.h, the syscall tables of x86_64 and of arm64 (asm-generic/unistd.h).
"""

import errno
import platform
import struct
from dataclasses import dataclass

_LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_JUMP_EQUAL = 0x15
_JUMP_GREATER_EQUAL = 0x35
_JUMP_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000

# struct seccomp_data: number, architecture, instruction pointer (8 bytes), six arguments of 8 bytes, little-endian here.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000

# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_MAP_SHARED_ANONYMOUS = 0x01 | 0x20
_ALLOWED_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET and AF_INET6 (the loopback device of its own network namespace)

_SAME_EVERYWHERE = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "landlock_create_ruleset": 444,
    "memfd_secret": 447,
}
_CLONE3 = 435


@dataclass(frozen=True, slots=True)
class _Machine:
    """An architecture: its AUDIT_ARCH value and its syscall numbers."""

    audit: int
    denied: dict[str, int]
    clone: int
    socket: int
    mmap: int
    has_x32: bool


_X86_64 = _Machine(
    audit=0xC000003E,
    denied={
        "shmget": 29,
        "shmat": 30,
        "semget": 64,
        "msgget": 68,
        "ptrace": 101,
        "pivot_root": 155,
        "mount": 165,
        "umount2": 166,
        "init_module": 175,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "finit_module": 313,
        "memfd_create": 319,
        "kexec_file_load": 320,
        "bpf": 321,
        "userfaultfd": 323,
    },
    clone=56,
    socket=41,
    mmap=9,
    has_x32=True,
)
_AARCH64 = _Machine(
    audit=0xC00000B7,
    denied={
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "unshare": 97,
        "kexec_load": 104,
        "init_module": 105,
        "ptrace": 117,
        "msgget": 186,
        "semget": 190,
        "shmget": 194,
        "shmat": 196,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "name_to_handle_at": 264,
        "open_by_handle_at": 265,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "finit_module": 273,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
        "kexec_file_load": 294,
    },
    clone=220,
    socket=198,
    mmap=222,
    has_x32=False,
)
_MACHINES = {"x86_64": _X86_64, "aarch64": _AARCH64}


def seccomp_filter(machine: str | None = None) -> bytes:
    """The program for an architecture as `platform.machine()` names it (this one by default): `struct sock_filter`s of
    8 bytes. ValueError when there is none for it."""
    name = machine or platform.machine()
    if name not in _MACHINES:
        raise ValueError(f"no seccomp filter for {name} machines (there is one for {', '.join(sorted(_MACHINES))})")
    return b"".join(_program(_MACHINES[name]))


def _program(machine: _Machine) -> list[bytes]:
    program = [
        _instruction(_LOAD_WORD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, machine.audit, 1, 0),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD_WORD, _NUMBER),
    ]
    if machine.has_x32:
        program += [_instruction(_JUMP_GREATER_EQUAL, _X32_BIT, 0, 1), _refuse(errno.ENOSYS)]
    for number in (machine.denied | _SAME_EVERYWHERE).values():
        program += _when(number, [_refuse(errno.EPERM)])
    # The C library falls back to clone, whose flags a filter can see; clone3 takes them from memory.
    program += _when(_CLONE3, [_refuse(errno.ENOSYS)])
    program += _when(machine.clone, _refuse_bits(argument=0, bits=_NEW_NAMESPACES))
    program += _when(machine.mmap, _refuse_all_bits(argument=3, bits=_MAP_SHARED_ANONYMOUS))
    program += _when(machine.socket, _refuse_other_families())
    return [*program, _instruction(_RETURN, _ALLOW)]


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """Run `body`, which always returns, for one system call."""
    return [_instruction(_JUMP_EQUAL, number, 0, len(body)), *body]


def _refuse_bits(argument: int, bits: int) -> list[bytes]:
    return [
        _load_argument(argument),
        _instruction(_JUMP_ANY_BIT, bits, 0, 1),
        _refuse(errno.EPERM),
        _instruction(_RETURN, _ALLOW),
    ]


def _refuse_all_bits(argument: int, bits: int) -> list[bytes]:
    return [
        _load_argument(argument),
        _instruction(_AND, bits),
        _instruction(_JUMP_EQUAL, bits, 0, 1),
        _refuse(errno.EPERM),
        _instruction(_RETURN, _ALLOW),
    ]


def _refuse_other_families() -> list[bytes]:
    checks = [
        _instruction(_JUMP_EQUAL, family, len(_ALLOWED_FAMILIES) - index, 0)
        for index, family in enumerate(_ALLOWED_FAMILIES)
    ]
    return [_load_argument(0), *checks, _refuse(errno.EAFNOSUPPORT), _instruction(_RETURN, _ALLOW)]


def _load_argument(index: int) -> bytes:
    return _instruction(_LOAD_WORD, _ARGUMENTS + 8 * index)


def _refuse(error: int) -> bytes:
    return _instruction(_RETURN, _ERRNO | error)


def _instruction(code: int, value: int, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, jump_true, jump_false, value)
