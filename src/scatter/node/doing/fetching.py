"""Fetching content by the digest that the chain holds."""

from scatter.node.doing.facts import job_of
from scatter.node.library import fetch_whole, holders
from scatter.node.parts import Parts
from scatter.protocol.duties import Duty
from scatter.protocol.ids import Digest


async def fetch(parts: Parts, duty: Duty) -> None:
    """Fetch the manifest that the duty names, and everything it lists."""
    name = Digest(bytes.fromhex(duty.subject))
    await fetch_whole(parts, name, holders(parts, job_of(parts, duty), name))
