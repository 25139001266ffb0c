"""Process 1 of a sandbox: starts the job's command under limits, waits, ends what is left, hands the outputs out.

Its text is run by the sandbox's own Python (`python -I -S -c`), so it takes nothing but the standard library. It reads its
order (JSON) from stdin and writes to stdout the line `started`, and at the end one line of JSON (`exit_code`, `refused`,
`files` as pairs of name and size) and the bytes of the files in that order.

It holds no privilege that the job does not hold, and the host trusts nothing that it says beyond what the job could have
decided anyway: a job that takes it over can only lie about its own outputs.
"""

import json
import os
import resource
import signal
import stat
import sys
from contextlib import suppress
from typing import Any, BinaryIO

OUT = "/out"
CHUNK = 1 << 20


class Refused(Exception):
    """An output that is not what may be handed out."""


def main() -> None:
    """Follow the order on stdin."""
    order = json.loads(sys.stdin.buffer.read())
    report = os.fdopen(os.dup(1), "wb")
    report.write(b"started\n")
    report.flush()
    job = os.fork()
    if job == 0:
        become_job(order)
    exit_code = wait_for(job)
    end_everything_else()
    hand_out(report, exit_code, order["outputs"], order["limits"]["output"])


def become_job(order: dict[str, Any]) -> None:
    """Turn this process into the job's command; does not return."""
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    limits = order["limits"]
    for what, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["output"]),
        (resource.RLIMIT_NPROC, limits["processes"] + 1),  # this supervisor is counted too
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
    ):
        resource.setrlimit(what, (amount, amount))
    command = order["command"]
    try:
        os.chdir(order["directory"])
        os.execvpe(command[0], command, order["variables"])  # noqa: S606 (there is no shell)
    except OSError as error:
        os.write(2, f"cannot run {command[0]!r}: {error.strerror}\n".encode())
    os._exit(127)


def wait_for(job: int) -> int:
    """The job's exit code, minus the signal when one ended it; reaps whatever else ends meanwhile."""
    while True:
        pid, status = os.wait()
        if pid == job:
            return os.waitstatus_to_exitcode(status)


def end_everything_else() -> None:
    """Kill every other process of this namespace and wait until they are gone."""
    while True:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.wait()
        except ChildProcessError:
            return


def hand_out(report: BinaryIO, exit_code: int, names: list[str], limit: int) -> None:
    """Write the report: outputs that exist, or why one of them is refused."""
    files = []
    refused = None
    try:
        for name in names:
            file = open_output(name)
            if file is not None:
                files.append((name, file, os.fstat(file).st_size))
        if sum(size for _, _, size in files) > limit:
            raise Refused(f"outputs are larger than {limit} bytes")
    except Refused as refusal:
        files, refused = [], str(refusal)
    sizes = [(name, size) for name, _, size in files]
    report.write(json.dumps({"exit_code": exit_code, "refused": refused, "files": sizes}).encode() + b"\n")
    for _, file, size in files:
        copy(file, report, size)
    report.flush()


def open_output(name: str) -> int | None:
    """A descriptor of a regular file under /out, reached without following any link; None when there is nothing."""
    folder = os.open(OUT, os.O_RDONLY | os.O_DIRECTORY)
    *parents, last = name.split("/")
    try:
        for parent in parents:
            folder = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        file = os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(f"output {name!r} is a link or cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise Refused(f"output {name!r} is not a regular file")
    return file


def copy(file: int, report: BinaryIO, size: int) -> None:
    """Exactly `size` bytes; nothing can shrink the file any more, since nothing else runs."""
    while size > 0:
        chunk = os.read(file, min(CHUNK, size))
        if not chunk:
            return
        report.write(chunk)
        size -= len(chunk)


if __name__ == "__main__":
    main()
