"""The filter, run by a small interpreter of classic BPF: so that the program for the other processor is run too."""

import errno
import struct

import pytest

from scatter.runtime.seccomp import seccomp_filter

ALLOW = 0x7FFF0000
KILL = 0x80000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, audit or AUDIT[machine], 0, *padded)
    program = list(struct.iter_unpack("<HBBI", seccomp_filter(machine)))
    accumulator = position = 0
    while True:
        code, jump_true, jump_false, value = program[position]
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            accumulator &= value
        else:
            outcome = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: accumulator & value != 0}[code]
            position += jump_true if outcome else jump_false


def refused(error: int) -> int:
    return 0x00050000 | error


# The numbers of read, mount, unshare, ptrace, memfd_create, clone, socket, mmap.
NUMBERS = {
    "x86_64": {
        "read": 0,
        "mount": 165,
        "unshare": 272,
        "ptrace": 101,
        "memfd": 319,
        "clone": 56,
        "socket": 41,
        "mmap": 9,
    },
    "aarch64": {
        "read": 63,
        "mount": 40,
        "unshare": 97,
        "ptrace": 117,
        "memfd": 279,
        "clone": 220,
        "socket": 198,
        "mmap": 222,
    },
}


@pytest.mark.parametrize("machine", sorted(NUMBERS))
def test_what_is_refused(machine: str) -> None:
    numbers = NUMBERS[machine]
    assert verdict(machine, numbers["read"]) == ALLOW
    for name in ("mount", "unshare", "ptrace", "memfd"):
        assert verdict(machine, numbers[name]) == refused(errno.EPERM), name
    for io_uring_setup_or_bigger_siblings in (425, 426, 427, 428, 442):
        assert verdict(machine, io_uring_setup_or_bigger_siblings) == refused(errno.EPERM)
    assert verdict(machine, 435) == refused(errno.ENOSYS)


@pytest.mark.parametrize("machine", sorted(NUMBERS))
def test_flags_decide(machine: str) -> None:
    numbers = NUMBERS[machine]
    assert verdict(machine, numbers["clone"], 0x3D0F00) == ALLOW  # a thread
    assert verdict(machine, numbers["clone"], 0x11) == ALLOW  # fork
    for namespace in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, numbers["clone"], namespace | 0x11) == refused(errno.EPERM)
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x22) == ALLOW  # private, anonymous
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x01) == ALLOW  # shared, of a file
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x21) == refused(errno.EPERM)
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x23) == refused(errno.EPERM)


@pytest.mark.parametrize("machine", sorted(NUMBERS))
def test_socket_families(machine: str) -> None:
    number = NUMBERS[machine]["socket"]
    families = [family for family in range(64) if verdict(machine, number, family, 1) == ALLOW]
    assert families == [1, 2, 10]
    assert verdict(machine, number, 40, 1) == refused(errno.EAFNOSUPPORT)  # vsock


def test_foreign_system_calls_are_refused() -> None:
    assert verdict("x86_64", 0, audit=0x40000003) == KILL  # i386
    assert verdict("aarch64", 63, audit=AUDIT["x86_64"]) == KILL
    assert verdict("x86_64", 0x40000000) == refused(errno.ENOSYS)  # x32


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(ValueError, match="no seccomp filter for vax machines"):
        seccomp_filter("vax")
