"""The development chain itself: its clock, its state, its end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scatter.chain.anvil import GENESIS, STATE_FILE, AnvilMissing, DevelopmentChain, find_anvil
from scatter.chain.rpc import Rpc
from scatter.ports import BlockRef, ChainUnavailable
from scatter.protocol.ids import Address, Timestamp

SOMEBODY = Address("0x" + "ab" * 20)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(pid: int) -> bool:
    for _ in range(100):
        if not alive(pid):
            return True
        await asyncio.sleep(0.02)
    return False


async def ask(chain: DevelopmentChain, method: str, *params: object) -> object:
    rpc = Rpc(chain.url)
    try:
        return await rpc.call(method, *params)
    finally:
        await rpc.close()


async def test_blocks_come_when_told_and_when_they_should() -> None:
    async with await DevelopmentChain.start() as chain:
        assert (chain.head.number, chain.head.timestamp) == (0, GENESIS)
        await asyncio.sleep(0.1)
        assert await ask(chain, "eth_blockNumber") == "0x0"
        first = await chain.mine()
        assert (first.number, first.timestamp) == (1, GENESIS + 1)
        assert (await chain.mine(Timestamp(GENESIS + 500))).timestamp == GENESIS + 500
        assert (await chain.advance(3600)).timestamp == GENESIS + 4100
        for wrong in (GENESIS + 4100, GENESIS):
            with pytest.raises(ValueError, match="the next cannot be at"):
                await chain.mine(Timestamp(wrong))
        assert chain.head.number == 3


async def test_miners_at_once_take_turns() -> None:
    async with await DevelopmentChain.start() as chain:
        blocks = await asyncio.gather(*(chain.mine() for _ in range(20)))
        assert [block.number for block in blocks] == list(range(1, 21))


async def test_the_same_start_gives_the_same_chain() -> None:
    async def run() -> BlockRef:
        async with await DevelopmentChain.start() as chain:
            await chain.set_balance(SOMEBODY, 5)
            return await chain.advance(7)

    assert await run() == await run()


async def test_two_chains_side_by_side() -> None:
    async with await DevelopmentChain.start() as first, await DevelopmentChain.start() as second:
        assert first.url != second.url
        await first.mine()
        assert (await ask(first, "eth_blockNumber"), await ask(second, "eth_blockNumber")) == ("0x1", "0x0")


async def test_stopping_keeps_the_state_and_the_clock(tmp_path: Path) -> None:
    async with await DevelopmentChain.start(tmp_path, save_every=3600) as chain:
        await chain.set_balance(SOMEBODY, 77)
        head = await chain.advance(10_000)
        pid = chain.pid
    assert not alive(pid)
    async with await DevelopmentChain.start(tmp_path) as chain:
        assert chain.head == head
        assert await ask(chain, "eth_getBalance", SOMEBODY, "latest") == hex(77)
        assert (await chain.mine()).timestamp == head.timestamp + 1


async def test_a_kill_loses_at_most_what_was_not_saved(tmp_path: Path) -> None:
    chain = await DevelopmentChain.start(tmp_path, save_every=0.05)
    kept = await chain.mine()
    await asyncio.sleep(0.5)
    os.kill(chain.pid, signal.SIGKILL)
    assert await gone(chain.pid)
    with pytest.raises(ChainUnavailable, match="no chain at"):
        await chain.mine()
    await chain.stop()
    await chain.stop()
    async with await DevelopmentChain.start(tmp_path) as chain:
        assert chain.head.number >= kept.number


async def test_the_state_file_is_whole_at_every_moment(tmp_path: Path) -> None:
    async with await DevelopmentChain.start(tmp_path, save_every=0.001) as chain:
        await chain.mine()
        await chain.save()
        for _ in range(50):
            await chain.mine()
            assert "blocks" in json.loads((tmp_path / STATE_FILE).read_bytes())


async def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_text("{half")
    with pytest.raises(ChainUnavailable, match=r"anvil did not start: .*(?i:state|json|parse|expected)"):
        await DevelopmentChain.start(tmp_path)


async def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = """
        import asyncio, sys
        from scatter.chain.anvil import DevelopmentChain

        async def main():
            chain = await DevelopmentChain.start()
            print(chain.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    await parent.wait()
    assert await gone(pid)


async def test_without_anvil_one_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCATTER_ANVIL", raising=False)
    monkeypatch.setattr("scatter.chain.anvil.__file__", str(tmp_path / "a" / "b" / "c" / "anvil.py"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilMissing, match="npm install"):
        await DevelopmentChain.start()
    monkeypatch.setenv("SCATTER_ANVIL", str(tmp_path / "nothing"))
    with pytest.raises(AnvilMissing, match=r"SCATTER_ANVIL is .*nothing, which is no program"):
        find_anvil()


async def test_a_program_that_is_not_anvil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCATTER_ANVIL", "/bin/echo")
    with pytest.raises(ChainUnavailable, match="anvil did not start: --host"):
        await DevelopmentChain.start()
