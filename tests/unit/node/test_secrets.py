"""Where secrets come from."""

import pytest

from scatter.node.secrets import SeedRefused, random_secrets, seeded_secrets


def test_seeds_are_refused_outside_of_a_development_chain() -> None:
    with pytest.raises(SeedRefused, match="chain 1 is not a development chain"):
        seeded_secrets(b"seed", 1)


def test_seeded_secrets_follow_from_seed_and_label() -> None:
    one, same, other = seeded_secrets(b"1", 31_337), seeded_secrets(b"1", 31_337), seeded_secrets(b"2", 31_337)
    assert one("key") == same("key")
    assert len({one("key"), one("salt"), other("key"), other("salt")}) == 4
    assert len(one("key")) == 32


def test_random_secrets_never_repeat() -> None:
    assert len({random_secrets("key") for _ in range(100)}) == 100
