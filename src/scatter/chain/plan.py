"""What is deployed, in which order and with which arguments: one table for deploying, for its cost and for checking it."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
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
    REPUTATION,
    SEEDED_RANDOMNESS,
    TIMELOCK,
    TOKEN,
)
from scatter.chain.parameters import DAY, ChainParameters
from scatter.protocol.ids import WORD_BYTES, Address

_KEY_BYTES = 8
LEAST_OWNER_DELAY = 2 * DAY
"""`ScatterTimelock`'s own bound outside development chains, in seconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One protocol with everything that belongs to it. `holder` gets the whole supply of tokens. With a seed (32 bytes) draws
    can be repeated, without one they follow block hashes. Changes of parameters are proposed by `proposer`, else by the
    holder."""

    parameters: ChainParameters
    holder: Address
    seed: bytes | None = None
    proposer: Address | None = None

    def check(self, chain_id: int) -> None:
        """ValueError for a seed of another length, or on another chain than 31337; there also for a short delay of the owner."""
        if chain_id != DEVELOPMENT_CHAIN_ID and self.parameters.owner_delay < LEAST_OWNER_DELAY:
            raise ValueError(
                f"changes of parameters wait {self.parameters.owner_delay:,} s; on chain {chain_id} the least is "
                f"{LEAST_OWNER_DELAY:,} s"
            )
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
        return (TOKEN, self.randomness, TIMELOCK, CLAIMS, DISPUTES, PROTOCOL, RECORDS, REPUTATION)

    def creation(self, name: str, addresses: Mapping[str, Address]) -> bytes:
        """Creation code of a contract with its arguments, which need the addresses of the contracts before it."""
        return Contract.of(load(name)).creation(*_ARGUMENTS[name](self, addresses))

    def immutables(self, addresses: Mapping[str, Address]) -> dict[str, Any]:
        """What never changes, as constructors take it."""
        return self.parameters.immutables(addresses[TOKEN], addresses[self.randomness], addresses[TIMELOCK])


_ARGUMENTS: Mapping[str, Callable[[Plan, Mapping[str, Address]], tuple[Any, ...]]] = {
    TOKEN: lambda plan, _: (plan.holder, plan.parameters.supply),
    BLOCK_RANDOMNESS: lambda _, __: (),
    SEEDED_RANDOMNESS: lambda plan, _: (plan.seed,),
    TIMELOCK: lambda plan, _: (plan.parameters.owner_delay, (plan.proposer or plan.holder,)),
    CLAIMS: lambda plan, at: (plan.immutables(at),),
    DISPUTES: lambda plan, at: (plan.immutables(at),),
    PROTOCOL: lambda plan, at: (plan.immutables(at), asdict(plan.parameters.rates), at[CLAIMS], at[DISPUTES]),
    RECORDS: lambda _, at: (at[PROTOCOL],),
    REPUTATION: lambda _, at: (at[PROTOCOL],),
}


def creation_key(name: str, creation: bytes) -> str:
    """What a creation is called in the outbox: the same code with the same arguments is made once by an account, other code or
    other arguments are another contract."""
    return f"deploy/{name}/{keccak(creation)[:_KEY_BYTES].hex()}"
