"""What a hostile job leaves for the host to read: links, pipes, sparse files. See `test_hostile_job.py`."""

import pytest
from tests.faults.test_hostile_job import MEBIBYTE, allowed, attempts, run


@pytest.mark.parametrize(
    ("code", "output"),
    [
        ("os.symlink('/etc/shadow', '/out/bait')", "bait"),
        ("os.symlink('/etc/passwd', '/out/bait')", "bait"),
        ("os.symlink('../../../../../../etc/shadow', '/out/bait')", "bait"),
        ("os.symlink('/etc', '/out/folder')", "folder/passwd"),
        ("os.mkfifo('/out/bait')", "bait"),
        ("socket.socket(socket.AF_UNIX).bind('/out/bait')", "bait"),
        ("os.mkdir('/out/bait')", "bait"),
        ("os.chmod(os.open('/out/bait', os.O_CREAT), 0)", "bait"),
    ],
)
async def test_outputs_that_are_not_files_are_refused(code: str, output: str) -> None:
    result = await run(code, output)
    assert result.exit_code is None
    assert result.reason is not None
    assert result.reason.startswith(f"output {output!r} is ")
    assert result.outputs == {}


async def test_sparse_and_linked_outputs_are_bounded() -> None:
    result = await run("open('/out/x', 'wb').write(bytes(40 << 20)); os.link('/out/x', '/out/y')", "x", "y")
    assert result.reason == f"outputs are larger than {64 * MEBIBYTE} bytes"
    tried = await attempts("""
attempt("sparse", lambda: os.truncate(os.open("/out/sparse", os.O_CREAT | os.O_WRONLY), 1 << 40))
attempt("hard link", lambda: os.link("/etc/passwd", "/out/passwd"))
""")
    assert allowed(tried) == set()


async def test_an_output_with_setuid_is_only_bytes() -> None:
    result = await run("open('/out/su', 'w').write('#!'); os.chmod('/out/su', 0o4755)", "su")
    assert result.outputs == {"su": b"#!"}
