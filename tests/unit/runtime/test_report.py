"""Reports from a supervisor that the job may have taken over."""

import asyncio

import pytest

from scatter.runtime.report import MAX_HEADER, BrokenReport, Report, read_report, read_started


def stream(content: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=MAX_HEADER)
    reader.feed_data(content)
    reader.feed_eof()
    return reader


async def test_a_good_report() -> None:
    reader = stream(b'started\n{"exit_code": 0, "refused": null, "files": [["a", 3], ["b", 0]]}\nxyz')
    assert await read_started(reader)
    assert await read_report(reader, ["a", "b", "c"], 3) == Report(0, None, {"a": b"xyz", "b": b""})


@pytest.mark.parametrize("content", [b"", b"start", b"started", b"bwrap: no\n"])
async def test_no_start(content: bytes) -> None:
    assert not await read_started(stream(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\n",
        b"[" * 50_000 + b"\n",
        b" " * (2 * MAX_HEADER),
        b'{"exit_code": "0", "refused": null, "files": []}\n',
        b'{"exit_code": 0, "refused": 1, "files": []}\n',
        b'{"exit_code": 0, "refused": null, "files": null}\n',
        b'{"exit_code": 0, "refused": null, "files": ["a"]}\n',
        b'{"exit_code": 0, "refused": null, "files": [["other", 1]]}\nx',
        b'{"exit_code": 0, "refused": null, "files": [["a", 1], ["a", 1]]}\nxx',
        b'{"exit_code": 0, "refused": null, "files": [["a", -1]]}\n',
        b'{"exit_code": 0, "refused": null, "files": [["a", 11]]}\n01234567890',
        b'{"exit_code": 0, "refused": null, "files": [["a", 1e1]]}\n0123456789',
        b'{"exit_code": 0, "refused": null, "files": [["a", [1]]]}\n0',
        b'{"exit_code": 0, "refused": null, "files": [[["a"], 1]]}\n0',
        b'{"exit_code": 0, "refused": null, "files": [["a", 5]]}\n0123',
    ],
)
async def test_a_broken_report(content: bytes) -> None:
    with pytest.raises(BrokenReport):
        await read_report(stream(content), ["a"], 10)
