"""Accounts: secret keys that sign transactions."""

from typing import TYPE_CHECKING, TypeAlias

from eth_hash.auto import keccak

from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID
from scatter.errors import BadInput

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

Account: TypeAlias = "LocalAccount"
"""An account with its secret key."""


class SeededKeyRefused(BadInput):
    """A key made from a seed, which anybody can repeat, outside of a development chain."""


def seeded_account(seed: int, name: str, chain_id: int) -> Account:
    """The account of `name` under a seed: the same every time, so for development chains only. SeededKeyRefused when the
    chain id is another than 31337."""
    if chain_id != DEVELOPMENT_CHAIN_ID:
        raise SeededKeyRefused(f"keys from a seed are for development chains (31337), not for chain {chain_id}")
    import eth_account

    # A hash is a valid key except once in 2^128.
    account: Account = eth_account.Account.from_key(keccak(f"scatter development account {seed} {name}".encode()))
    return account


def new_account() -> Account:
    """A fresh account from the system's randomness."""
    import eth_account

    account: Account = eth_account.Account.create()
    return account
