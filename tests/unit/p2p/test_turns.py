"""Whose turn it is; time is trio's own, which does not pass by itself."""

from collections.abc import Awaitable, Callable

import trio
import trio.testing

from scatter.p2p.turns import Pace, Turns

ALICE, BOB, CAROL = (bytes([number]) * 32 for number in range(3))


def in_trio(test: Callable[[], Awaitable[None]]) -> None:
    trio.run(test, clock=trio.testing.MockClock(autojump_threshold=0))


def test_peers_take_turns_however_much_each_asks() -> None:
    async def test() -> None:
        turns, order = Turns(total=1, each=1), list[bytes]()

        async def ask(peer: bytes) -> None:
            async with turns.turn(peer):
                order.append(peer)
                await trio.sleep(1)

        async with trio.open_nursery() as nursery:
            for peer in (ALICE, ALICE, ALICE, ALICE, BOB, CAROL, CAROL):
                nursery.start_soon(ask, peer)
                await trio.testing.wait_all_tasks_blocked()
        assert order == [ALICE, ALICE, BOB, CAROL, ALICE, CAROL, ALICE]

    in_trio(test)


def test_there_are_so_many_at_once_and_so_many_for_each() -> None:
    async def test() -> None:
        turns = Turns(total=3, each=2)
        active: list[bytes] = []
        most = {ALICE: 0, BOB: 0}
        together = 0

        async def ask(peer: bytes) -> None:
            nonlocal together
            async with turns.turn(peer):
                active.append(peer)
                most[peer] = max(most[peer], active.count(peer))
                together = max(together, len(active))
                await trio.sleep(1)
                active.remove(peer)

        async with trio.open_nursery() as nursery:
            for peer in 10 * (ALICE, BOB):
                nursery.start_soon(ask, peer)
        assert most == {ALICE: 2, BOB: 2}
        assert together == 3

    in_trio(test)


def test_who_gives_up_does_not_keep_a_place() -> None:
    async def test() -> None:
        turns = Turns(total=1, each=1)
        async with turns.turn(ALICE):
            with trio.move_on_after(1):
                async with turns.turn(BOB):
                    raise AssertionError
        with trio.fail_after(1):
            async with turns.turn(CAROL):
                pass
        try:
            async with turns.turn(ALICE):
                raise ValueError
        except ValueError:
            pass
        with trio.fail_after(1):
            async with turns.turn(BOB):
                pass

    in_trio(test)


def test_a_burst_passes_and_more_waits() -> None:
    async def test() -> None:
        pace, begun = Pace(rate=10, burst=5), trio.current_time()
        times = []
        for _ in range(10):
            await pace.wait(ALICE)
            times.append(round(trio.current_time() - begun, 6))
        assert times == [0, 0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5]
        await pace.wait(BOB)
        assert round(trio.current_time() - begun, 6) == times[-1], "others do not wait for it"
        await trio.sleep(60)
        before = trio.current_time()
        for _ in range(5):
            await pace.wait(ALICE)
        assert round(trio.current_time() - before, 6) == 0, "a burst is allowed again"

    in_trio(test)
