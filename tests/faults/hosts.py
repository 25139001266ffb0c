"""Hosts of their own on one machine: network namespaces with an address each, on a bridge in a further one. Nothing of the machine's
own network is touched. Wires can be cut, and can be slow and lossy (slow_wire.py)."""

import asyncio
import ctypes
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

SLOW_WIRE = Path(__file__).with_name("slow_wire.py")
PATIENCE = 60
MIDDLE = 254
"""The number of whoever is at the bridge itself."""
CLONE_NEWNET = 0x40000000


class NoNamespaces(Exception):
    """This machine makes no network namespaces for us; the message says why."""


@dataclass(frozen=True)
class Network:
    """A bridge, and hosts that are numbered from 1."""

    name: str

    @property
    def bridge(self) -> str:
        return f"{self.name}-0"

    def address(self, host: int) -> str:
        return f"10.77.0.{host}"

    def desk(self, host: int) -> str:
        """The host's address on a second network, on which its operator sits: it is fast and never cut."""
        return f"10.78.0.{host}"

    def listen(self, host: int) -> str:
        """The multiaddr that a peer on a host listens on."""
        return f"/ip4/{self.address(host)}/tcp/4001"

    def on(self, host: int) -> list[str]:
        """What a command begins with that is to run on a host."""
        return ["ip", "netns", "exec", f"{self.name}-{host}"]

    def wire(self, host: int) -> None:
        """Connect a host to the bridge."""
        ip("-n", self.bridge, "link", "add", f"port{host}", *("type", "veth", "peer", "name", "eth0"), *self._to(host))
        self.plug(host)

    def plug(self, host: int) -> None:
        """The host has `eth0`, the bridge `port`: bring both up."""
        ip("-n", self.bridge, "link", "set", f"port{host}", "master", "bridge", "up")
        ip("-n", f"{self.name}-{host}", "address", "add", f"{self.address(host)}/24", "dev", "eth0")
        ip("-n", f"{self.name}-{host}", "link", "set", "eth0", "up")

    def cut(self, host: int) -> None:
        """Nothing reaches the host any more, nor leaves it; nobody is told."""
        ip("-n", self.bridge, "link", "set", f"port{host}", "nomaster")

    def mend(self, host: int) -> None:
        """Undo a cut."""
        ip("-n", self.bridge, "link", "set", f"port{host}", "master", "bridge")

    def seat(self, hosts: Sequence[int]) -> None:
        """Have an address at the bridge, for a chain that all hosts reach, and a desk at each host."""
        self._bridged("desks")
        for bridge, address in (("bridge", self.address(MIDDLE)), ("desks", self.desk(MIDDLE))):
            ip("-n", self.bridge, "address", "add", f"{address}/24", "dev", bridge)
        for host in hosts:
            ip("-n", self.bridge, "link", "add", f"desk{host}", "type", "veth", "peer", "name", "desk", *self._to(host))
            ip("-n", self.bridge, "link", "set", f"desk{host}", "master", "desks", "up")
            ip("-n", f"{self.name}-{host}", "address", "add", f"{self.desk(host)}/24", "dev", "desk")
            ip("-n", f"{self.name}-{host}", "link", "set", "desk", "up")

    def _bridged(self, name: str) -> None:
        ip("-n", self.bridge, "link", "add", name, "type", "bridge")
        ip("-n", self.bridge, "link", "set", name, "up")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be at the bridge with what this thread opens and starts from now on."""
        with Path("/proc/thread-self/ns/net").open() as here, Path("/run/netns", self.bridge).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(here.fileno())

    @asynccontextmanager
    async def slow_wire(self, host: int, delay: float, loss: float) -> AsyncIterator["SlowWire"]:
        """Instead of `wire`: each way takes `delay` seconds, and loses a frame with a probability of `loss`."""
        process = await asyncio.create_subprocess_exec(
            *(
                "ip",
                "netns",
                "exec",
                self.bridge,
                sys.executable,
                str(SLOW_WIRE),
                f"port{host}",
                "eth0",
                str(delay),
                str(loss),
            ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        wire = SlowWire(process)
        try:
            await wire.frames()
            ip("-n", self.bridge, "link", "set", "eth0", *self._to(host))
            self.plug(host)
            yield wire
        finally:
            process.kill()
            await process.wait()

    def _to(self, host: int) -> Sequence[str]:
        return ("netns", f"{self.name}-{host}")


@dataclass(frozen=True)
class SlowWire:
    """A running wire."""

    process: asyncio.subprocess.Process

    async def frames(self) -> dict[str, int]:
        """How many it has `passed` and `lost`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        told: dict[str, int] = json.loads(await asyncio.wait_for(self.process.stdout.readline(), PATIENCE))
        return told


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise NoNamespaces(f"setns: {os.strerror(ctypes.get_errno())}")


def ip(*arguments: str) -> None:
    """iproute2; NoNamespaces when it is not there or fails."""
    try:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=PATIENCE)
    except FileNotFoundError:
        raise NoNamespaces("network namespaces need iproute2") from None
    except subprocess.CalledProcessError as error:
        raise NoNamespaces(f"ip {' '.join(arguments)}: {error.stderr.strip()}") from None


@contextmanager
def hosts(count: int) -> Iterator[Network]:
    """So many hosts without wires."""
    network = Network(f"scatter-{os.getpid()}")
    made: list[str] = []
    try:
        for number in range(count + 1):
            namespace = f"{network.name}-{number}"
            ip("netns", "add", namespace)
            made.append(namespace)
            ip("-n", namespace, "link", "set", "lo", "up")
        network._bridged("bridge")
        yield network
    finally:
        for namespace in made:
            ip("netns", "delete", namespace)
