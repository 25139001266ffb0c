"""What is deployed, in which order and with which arguments: one table for deploying, for its cost and for checking it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_hash.auto import keccak

from scatter.chain.artifacts import load
from scatter.chain.bindings import Contract
from scatter.chain.deployment import (
    BLOCK_RANDOMNESS,
    CLAIMS,
    DEVELOPMENT_CHAIN_ID,
    DISPUTES,
    PROTOCOL,
    RECORDS,
    SEEDED_RANDOMNESS,
    TOKEN,
)
from scatter.chain.parameters import ChainParameters
from scatter.protocol.ids import WORD_BYTES, Address

_KEY_BYTES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """One protocol with everything that belongs to it. `holder` gets the whole supply of tokens. With a seed (32 bytes) draws
    can be repeated, without one they follow block hashes."""

    parameters: ChainParameters
    holder: Address
    seed: bytes | None = None

    def check(self, chain_id: int) -> None:
        """ValueError for a seed of another length, or on another chain than 31337."""
        if self.seed is not None and (chain_id != DEVELOPMENT_CHAIN_ID or len(self.seed) != WORD_BYTES):
            raise ValueError(
                f"a seed for draws has 32 bytes and belongs on chain {DEVELOPMENT_CHAIN_ID}, not {chain_id}"
            )

    @property
    def randomness(self) -> str:
        """Which contract draws take their seeds from."""
        return BLOCK_RANDOMNESS if self.seed is None else SEEDED_RANDOMNESS

    @property
    def contracts(self) -> tuple[str, ...]:
        """Names in the order of creation: each is made with addresses of earlier ones."""
        return (TOKEN, self.randomness, CLAIMS, DISPUTES, PROTOCOL, RECORDS)

    def creation(self, name: str, addresses: Mapping[str, Address]) -> bytes:
        """Creation code of a contract with its arguments, which need the addresses of the contracts before it."""
        return Contract.of(load(name)).creation(*_ARGUMENTS[name](self, addresses))

    def struct(self, addresses: Mapping[str, Address]) -> dict[str, Any]:
        """The parameters as constructors take them."""
        return self.parameters.struct(addresses[TOKEN], addresses[self.randomness])


_ARGUMENTS: Mapping[str, Callable[[Plan, Mapping[str, Address]], tuple[Any, ...]]] = {
    TOKEN: lambda plan, _: (plan.holder, plan.parameters.supply),
    BLOCK_RANDOMNESS: lambda _, __: (),
    SEEDED_RANDOMNESS: lambda plan, _: (plan.seed,),
    CLAIMS: lambda plan, at: (plan.struct(at),),
    DISPUTES: lambda plan, at: (plan.struct(at),),
    PROTOCOL: lambda plan, at: (plan.struct(at), at[CLAIMS], at[DISPUTES]),
    RECORDS: lambda _, at: (at[PROTOCOL],),
}


def creation_key(name: str, creation: bytes) -> str:
    """What a creation is called in the outbox: the same code with the same arguments is made once by an account, other code or
    other arguments are another contract."""
    return f"deploy/{name}/{keccak(creation)[:_KEY_BYTES].hex()}"
