"""A thread for trio, beside the one that runs asyncio: how one asks the other for work."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

import trio

_T = TypeVar("_T")

Main = Callable[[Callable[[], None]], Awaitable[None]]
"""What runs in trio until it is cancelled, and calls what it is given once it is ready."""


class ThreadEnded(RuntimeError):
    """Trio does not run any more."""


class TrioThread:
    """Trio in a thread of its own. Made and used in asyncio; `answer` is the other direction."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._loop = asyncio.get_running_loop()
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._ended: Future[None] = Future()

    async def start(self, main: Main) -> None:
        """Run `main` in trio, and return when it says that it is ready. What it raises before that is raised here."""
        begun: Future[None] = Future()
        threading.Thread(target=self._run, args=(main, begun), name=self.name, daemon=True).start()
        await asyncio.wrap_future(begun)

    async def stop(self) -> None:
        """Cancel what runs in trio and wait until the thread has ended; what ended it before is raised here."""
        if self._token is not None:
            self.run_soon(self._cancel)
            await asyncio.shield(asyncio.wrap_future(self._ended))

    async def call(self, function: Callable[..., Awaitable[_T]], *arguments: object) -> _T:
        """Run an async function in trio; ThreadEnded when trio has ended, or ends first. When the caller is cancelled, the
        function goes on."""
        future: Future[_T] = Future()
        if not self.run_soon(self._spawn, future, function, arguments):
            raise ThreadEnded(f"{self.name} has stopped")
        return await asyncio.wrap_future(future)

    async def answer(self, function: Callable[..., Coroutine[Any, Any, _T]], *arguments: object) -> _T:
        """Called in trio: run a coroutine function in asyncio. It is cancelled when the caller is."""
        done = trio.Event()
        token = trio.lowlevel.current_trio_token()
        future = asyncio.run_coroutine_threadsafe(function(*arguments), self._loop)

        def tell(_: object) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(done.set)

        future.add_done_callback(tell)
        try:
            await done.wait()
        finally:
            future.cancel()
        return future.result()

    def run_soon(self, function: Callable[..., object], *arguments: object) -> bool:
        """Run a function in trio before long; False when trio has ended."""
        if self._token is None:
            return False
        try:
            self._token.run_sync_soon(function, *arguments)
        except trio.RunFinishedError:
            return False
        return True

    def _run(self, main: Main, begun: Future[None]) -> None:
        try:
            trio.run(self._main, main, begun)
        except BaseException as error:
            if begun.done():
                self._ended.set_exception(error)
            else:
                begun.set_exception(error)
        else:
            self._ended.set_result(None)

    async def _main(self, main: Main, begun: Future[None]) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await main(lambda: begun.set_result(None))
            nursery.cancel_scope.cancel()

    def _cancel(self) -> None:
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()

    def _spawn(self, future: Future[_T], function: Callable[..., Awaitable[_T]], arguments: tuple[object, ...]) -> None:
        try:
            if self._nursery is not None:
                self._nursery.start_soon(_settle, future, function, arguments)
        except RuntimeError:  # it ended between the asking and now
            _fail(future, ThreadEnded(f"{self.name} has stopped"))


async def _settle(future: Future[_T], function: Callable[..., Awaitable[_T]], arguments: tuple[object, ...]) -> None:
    try:
        result = await function(*arguments)
    except trio.Cancelled:
        _fail(future, ThreadEnded("the thread is stopping"))
        raise
    except Exception as error:
        _fail(future, error)
    else:
        with suppress(InvalidStateError):
            future.set_result(result)


def _fail(future: Future[_T], error: Exception) -> None:
    with suppress(InvalidStateError):  # the one who asked was cancelled
        future.set_exception(error)
