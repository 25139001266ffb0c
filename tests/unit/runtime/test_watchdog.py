"""The watchdog of sandboxes, where what it looks at is no sandbox yet."""

import asyncio
import os

import pytest

from scatter.runtime import watchdog


async def test_files_of_the_machine_are_not_the_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before bubblewrap has changed the root, its child sees the machine's /tmp, which may be full of files."""
    assert os.statvfs("/tmp").f_files > 0  # noqa: S108
    monkeypatch.setattr(watchdog, "MAX_FILES", 0)
    not_yet = await asyncio.create_subprocess_exec("sh", "-c", "sleep 60; true")
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watchdog.watch(not_yet.pid, memory=1 << 40), 5 * watchdog.INTERVAL)
    finally:
        watchdog.kill_sandbox(not_yet.pid)
        await not_yet.wait()
