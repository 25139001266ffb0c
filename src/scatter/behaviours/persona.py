"""Who misbehaves, with whom, and where what looks like chance in it comes from."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from scatter.node.behaviour import Work
from scatter.protocol.ids import Address, JobId
from scatter.protocol.states import Role


@dataclass(slots=True)
class Conspiracy:
    """What colluders share. They agree on a lie by a rule over what they all know, so that it does not matter who asks first.

    `accounts`: the behaviour of each node in it, complete before the first block. `memory`: what one of them tells the others;
    bytes under names, so that it can be kept and found again when a run goes on. Nobody may rest on what was told in the
    same block.
    """

    accounts: dict[Address, str] = field(default_factory=dict)
    memory: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Persona:
    """A node that misbehaves: its name, account and role, the seed of the run, and those it colludes with (itself at least)."""

    name: str
    account: Address
    role: Role
    seed: int
    conspiracy: Conspiracy = field(default_factory=Conspiracy)

    def secret(self, work: Work, purpose: str) -> bytes:
        """32 bytes that only the seed, this node, the job, the round and the purpose decide."""
        return self.bytes_for(work.job.id, f"{work.round}/{purpose}")

    def generator(self, work: Work, purpose: str) -> np.random.Generator:
        """Draws that only the seed, this node, the job, the round and the purpose decide."""
        return np.random.default_rng(int.from_bytes(self.secret(work, purpose), "big"))

    def bytes_for(self, job: JobId, purpose: str) -> bytes:
        """32 bytes that only the seed, this node, the job and the purpose decide."""
        label = f"scatter/behaviour/v1/{self.seed}/{self.name}/{job.hex()}/{purpose}"
        return hashlib.sha256(label.encode()).digest()
