"""What a hostile job tries. Each attempt runs in the real sandbox and must be denied, and must leave nothing behind."""

# ruff: noqa: S108, ASYNC110, ASYNC240 (paths inside the sandbox; waiting for processes that tell nobody)

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scatter.ports import Limits, SandboxResult, SandboxRun
from scatter.runtime import LocalSandbox
from scatter.runtime.staging import JOB_UID

MEBIBYTE = 1 << 20

PRELUDE = """
import ctypes, errno, json, os, resource, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
tried = {}
def attempt(name, function):
    try:
        tried[name] = f"allowed {function()}"
    except (OSError, MemoryError, ValueError) as error:
        tried[name] = f"denied {errno.errorcode.get(getattr(error, 'errno', None), type(error).__name__)}"
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
def read(path):
    return open(path, errors="replace").read()
def done():
    json.dump(tried, open("/out/tried", "w"))
"""


async def run(code: str, *outputs: str, seconds: float = 30, memory: int = 512, processes: int = 64) -> SandboxResult:
    limits = Limits(seconds=seconds, memory=memory * MEBIBYTE, processes=processes, output=64 * MEBIBYTE)
    command = ["python", "-c", PRELUDE + code]
    return await LocalSandbox().run(SandboxRun(command, {}, limits, outputs))


async def attempts(code: str) -> dict[str, str]:
    result = await run(code + "\ndone()\n", "tried")
    assert result.succeeded, result
    tried: dict[str, str] = json.loads(result.outputs["tried"])
    return tried


def allowed(tried: dict[str, str]) -> set[str]:
    return {name for name, outcome in tried.items() if outcome.startswith("allowed")}


@pytest.fixture
def marker() -> Iterator[str]:
    """A word in the command line of what a job starts; when the test is over no process may have it."""
    word = f"marker-{secrets.token_hex(8)}"
    yield word
    assert processes_with(word) == []


def processes_with(word: str) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_fork_bomb_stops_at_the_limit() -> None:
    code = """
count = 0
try:
    while count < 2000:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        count += 1
except OSError as error:
    tried["error"] = errno.errorcode[error.errno]
tried["forked"] = str(count)
"""
    tried = await attempts(code)
    assert tried["error"] == "EAGAIN"
    assert int(tried["forked"]) < 64


async def test_an_endless_fork_bomb_ends_with_the_clock() -> None:
    begun = time.monotonic()
    result = await run("while True:\n try: os.fork()\n except OSError: pass", seconds=1.5)
    assert result.reason == "ran longer than 1.5 s"
    assert time.monotonic() - begun < 15


async def test_memory_of_all_processes_together_is_limited() -> None:
    code = """
for _ in range(8):
    if os.fork() == 0:
        hoard = b"x" * (100 << 20)
        time.sleep(60)
time.sleep(60)
"""
    result = await run(code, memory=256)
    assert result.exit_code is None
    assert result.reason == "used more than 256 MiB of memory"
    assert result.seconds < 20


async def test_shared_pages_count_once() -> None:
    code = """
shared = b"x" * (100 << 20)
children = [pid for pid in (os.fork() for _ in range(6)) if pid]
if len(children) < 6:
    time.sleep(1)
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""
    result = await run(code, memory=256)
    assert result.succeeded, result


async def test_memory_that_nobody_is_charged_for_is_denied() -> None:
    tried = await attempts("""
import mmap
attempt("shared anonymous", lambda: mmap.mmap(-1, 1 << 20))
attempt("private anonymous", lambda: mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
attempt("memfd", lambda: os.memfd_create("x"))
attempt("shmget", lambda: call("shmget", 0, 1 << 20, 0o1600))
attempt("msgget", lambda: call("msgget", 0, 0o1600))
attempt("/dev/zero", lambda: open("/dev/zero"))
""")
    assert allowed(tried) == {"private anonymous"}


async def test_writable_places_are_bounded() -> None:
    code = """
def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        finally:
            tried[path] = file.tell() >> 20
for path in ("/out/fill", "/tmp/fill", "/dev/shm/fill"):
    attempt(path + " ended", lambda: fill(path))
    os.unlink(path)
"""
    result = await run(code + "\ndone()\n", "tried")
    tried: dict[str, Any] = json.loads(result.outputs["tried"])
    assert {tried[f"{path}/fill ended"] for path in ("/out", "/tmp", "/dev/shm")} <= {"denied EFBIG", "denied ENOSPC"}
    assert (tried["/out/fill"], tried["/tmp/fill"], tried["/dev/shm/fill"]) == (64, 64, 64)


async def test_many_files_in_a_bounded_place_are_bounded_too() -> None:
    code = """
for place in ("/tmp", "/out"):
    try:
        for number in range(1000):
            with open(f"{place}/{number}", "wb") as file:
                file.write(bytes(16 << 20))
    except OSError as error:
        tried[place] = f"{errno.errorcode[error.errno]} at {number * 16} MiB"
    for name in os.listdir(place):
        os.unlink(f"{place}/{name}")
"""
    assert await attempts(code) == {"/tmp": "ENOSPC at 256 MiB", "/out": "ENOSPC at 64 MiB"}


async def test_millions_of_empty_files_end_the_run() -> None:
    result = await run("n = 0\nwhile True:\n open(f'/tmp/{n}', 'w').close(); n += 1")
    assert result.reason == "made more than 20000 files"


async def test_nothing_else_can_be_written() -> None:
    tried = await attempts("""
for path in ("/x", "/etc/x", "/etc/passwd", "/opt/python/x", "/opt/python/bin/python3", "/lib/x", "/usr/x", "/in/x", "/dev/x",
             "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/self/uid_map", "/proc/self/oom_score_adj_"):
    attempt(path, lambda: open(path, "a").close())
for path in ("/", "/etc", "/dev"):
    attempt("mkdir " + path, lambda: os.mkdir(path + "/x"))
attempt("chmod", lambda: os.chmod("/opt/python/bin/python3", 0o777))
attempt("rename", lambda: os.rename("/etc/passwd", "/etc/x"))
""")
    assert allowed(tried) == set()


async def test_the_host_is_not_visible() -> None:
    tried = await attempts("""
for path in ("/etc/shadow", "/root", "/home", "/work", "/var", "/sys", "/run", "/boot", "/usr/bin", "/bin/sh",
             "/proc/1/root/etc/shadow", "/proc/1/cwd/etc/shadow", "/proc/kcore", "/proc/self/root/etc/shadow"):
    attempt(path, lambda: os.listdir(path) if os.path.isdir(path) else read(path))
tried["environ"] = read("/proc/1/environ")
tried["root"] = " ".join(sorted(os.listdir("/")))
tried["processes"] = " ".join(sorted(name for name in os.listdir("/proc") if name.isdigit()))
""")
    assert allowed(tried) == set()
    assert [line for line in tried.pop("environ").split("\0") if line] in ([], ["PWD=/"])
    assert tried["root"] == "dev etc lib lib64 opt out proc tmp usr"
    assert tried["processes"] == "1 2"


async def test_there_is_no_network() -> None:
    reached = asyncio.Event()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.close()

    abstract = f"\0scatter-test-{secrets.token_hex(8)}"
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    unix = await asyncio.start_unix_server(greet, abstract)
    port = server.sockets[0].getsockname()[1]
    async with server, unix:
        tried = await attempts(f"""
def connect(family, address):
    with socket.socket(family) as end:
        end.settimeout(2)
        end.connect(address)
attempt("loopback of the host", lambda: connect(socket.AF_INET, ("127.0.0.1", {port})))
attempt("abstract socket of the host", lambda: connect(socket.AF_UNIX, {abstract!r}))
attempt("internet", lambda: connect(socket.AF_INET, ("192.0.2.1", 80)))
attempt("internet 6", lambda: connect(socket.AF_INET6, ("2001:db8::1", 80)))
attempt("vsock", lambda: socket.socket(socket.AF_VSOCK))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
tried["interfaces"] = read("/proc/net/dev")
""")
    assert allowed(tried) == set()
    assert not reached.is_set()
    interfaces = [line.split(":")[0].strip() for line in tried["interfaces"].splitlines()[2:]]
    assert interfaces == ["lo"]


async def test_there_are_no_privileges() -> None:
    tried = await attempts("""
attempt("user namespace", lambda: call("unshare", 0x10000000))
attempt("mount namespace", lambda: call("unshare", 0x00020000))
attempt("clone into a user namespace", lambda: call("syscall", {"x86_64": 56, "aarch64": 220}[os.uname().machine], 0x10000011, 0, 0, 0, 0))
attempt("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
attempt("umount", lambda: call("umount2", b"/out", 2))
attempt("ptrace", lambda: call("ptrace", 16, 1, 0, 0))
attempt("setuid", lambda: os.setuid(0))
attempt("setgid", lambda: os.setgid(0))
attempt("setgroups", lambda: os.setgroups([0]))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("mknod", lambda: os.mknod("/tmp/disk", 0o60600, os.makedev(254, 0)))
attempt("more memory", lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2))
attempt("kill the supervisor", lambda: (os.kill(1, 9), os.kill(1, 0)) and None)
attempt("keyctl", lambda: call("syscall", {"x86_64": 250, "aarch64": 219}[os.uname().machine], 0, -3, 0))
attempt("nice", lambda: os.nice(-5))
status = dict(line.split(":", 1) for line in read("/proc/self/status").splitlines())
tried |= {name: status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}
tried["uid"] = str(os.getuid())
tried["core"] = str(resource.getrlimit(resource.RLIMIT_CORE))
""")
    # Process 1 of a namespace takes no signal from inside it: the call says yes and nothing happens.
    assert allowed(tried) == {"kill the supervisor"}
    assert {tried[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (tried["NoNewPrivs"], tried["Seccomp"], tried["uid"], tried["core"]) == ("1", "2", "1000", "(0, 0)")


async def test_outside_a_job_is_not_root(marker: str) -> None:
    running = asyncio.create_task(run(f"time.sleep(60) # {marker}"))
    await until(lambda: any(map(is_job, processes_with(marker))))
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_with(marker)}
    assert owners == {os.geteuid() or JOB_UID}
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def is_job(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"python")


DAEMON = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.fork() == 0:
        os.execvp("python", ["python", "-c", "import time; time.sleep(777)", "{marker}"])
    os._exit(0)
os.wait()
open("/out/started", "w").close()
"""


async def test_the_clock_ends_daemons_that_ignore_signals(marker: str) -> None:
    result = await run(DAEMON.format(marker=marker) + "time.sleep(1000)", seconds=1)
    assert result.reason == "ran longer than 1 s"
    assert processes_with(marker) == []


async def test_daemons_do_not_survive_a_job_that_ends(marker: str) -> None:
    result = await run(DAEMON.format(marker=marker), "started")
    assert result.succeeded
    assert "started" in result.outputs
    assert processes_with(marker) == []


async def test_cancelling_ends_daemons(marker: str) -> None:
    running = asyncio.create_task(run(DAEMON.format(marker=marker) + "time.sleep(1000)"))
    await until(lambda: any(map(is_job, processes_with(marker))))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert processes_with(marker) == []


async def test_a_flood_on_stderr_does_not_keep_the_node_busy() -> None:
    before = time.process_time()
    result = await run("while True: os.write(2, b'x' * 65536)", seconds=2)
    assert result.reason == "ran longer than 2 s"
    assert len(result.stderr) == 4096
    assert time.process_time() - before < 1


async def test_a_job_that_writes_into_its_supervisor_gets_no_further() -> None:
    """The supervisor's memory is not protected from the job; what it says is then nonsense, and is read as that."""
    code = """
for line in read("/proc/1/maps").splitlines():
    if " rw-p " in line or " rw" in line.split()[1]:
        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
        with open("/proc/1/mem", "r+b", buffering=0) as memory:
            memory.seek(begin)
            memory.write(os.urandom(min(end - begin, 1 << 20)))
"""
    result = await run(code, "x", seconds=5)
    assert not result.succeeded
    assert result.outputs == {}


async def test_a_killed_node_takes_its_jobs_along(marker: str, tmp_path: Path) -> None:
    secret = tmp_path / "data"
    secret.write_text("private")
    secret.chmod(0o600)
    program = f"""
import asyncio
from pathlib import Path
from scatter.ports import *
from scatter.runtime import LocalSandbox
code = "import time; time.sleep(600) # {marker}"
asyncio.run(LocalSandbox().run(SandboxRun(["python", "-c", code], {{"/data": Path({str(secret)!r})}}, Limits(600, 1 << 29), [])))
"""
    node = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    await until(lambda: any(map(is_job, processes_with(marker))))
    node.kill()
    await node.wait()
    await until(lambda: processes_with(marker) == [])
