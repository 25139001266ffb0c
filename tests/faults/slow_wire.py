"""A wire between two TAP interfaces that it makes, which takes its time and loses some: run as a script by `hosts.py`. It needs
nothing of the kernel but TAP (netem is a module that many kernels are built without). For each line that it reads it says how many
frames it has passed and lost."""

import asyncio
import fcntl
import json
import os
import random
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 2, 0x1000
LARGEST_FRAME = 1 << 16


def tap(name: str) -> int:
    """The file of a new interface: what is read from it was sent there, what is written to it arrives there."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return file


class Wire:
    """Frames on their way."""

    def __init__(self, delay: float, loss: float) -> None:
        self.count = {"passed": 0, "lost": 0}
        self._delay = delay
        self._loss = loss
        self._random = random.Random(1)  # noqa: S311

    def carry(self, source: int, target: int) -> None:
        """Take a frame that waits at one end; it comes out at the other later, or never."""
        frame = os.read(source, LARGEST_FRAME)
        if self._random.random() < self._loss:
            self.count["lost"] += 1
        else:
            asyncio.get_running_loop().call_later(self._delay, self._deliver, target, frame)

    def _deliver(self, target: int, frame: bytes) -> None:
        try:
            os.write(target, frame)
        except OSError:  # that end is down, or cannot take more
            self.count["lost"] += 1
        else:
            self.count["passed"] += 1


async def main(left: str, right: str, delay: str, loss: str) -> None:
    wire = Wire(float(delay), float(loss))
    ends = tap(left), tap(right)
    loop = asyncio.get_running_loop()
    loop.add_reader(ends[0], wire.carry, *ends)
    loop.add_reader(ends[1], wire.carry, *reversed(ends))
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(wire.count), flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
