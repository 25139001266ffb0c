"""Accounts."""

import pytest

from scatter.chain.keys import SeededKeyRefused, new_account, seeded_account


def test_seeded_accounts_repeat_and_differ() -> None:
    addresses = {(seed, name): seeded_account(seed, name, 31337).address for seed in (1, 2) for name in ("a", "b")}
    assert len(set(addresses.values())) == 4
    assert seeded_account(1, "a", 31337).address == addresses[1, "a"]


@pytest.mark.parametrize("chain_id", [1, 11155111, 1337, 0])
def test_seeded_accounts_are_refused_on_other_chains(chain_id: int) -> None:
    with pytest.raises(SeededKeyRefused, match=f"not for chain {chain_id}"):
        seeded_account(1, "a", chain_id)


def test_new_accounts_differ() -> None:
    assert new_account().address != new_account().address
