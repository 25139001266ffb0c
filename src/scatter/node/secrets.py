"""Where a node's secrets come from: the operating system, or, on a development chain only, a seed."""

import secrets
from collections.abc import Callable

from scatter.errors import BadInput
from scatter.protocol.commitments import secret_hash

SecretSource = Callable[[str], bytes]
"""label → 32 secret bytes. Callers keep what they got: asking again for a label may give other bytes."""

DEVELOPMENT_CHAIN_ID = 31_337


class SeedRefused(BadInput):
    """Secrets from a seed are for development chains."""


def random_secrets(label: str) -> bytes:
    """32 bytes of the operating system's randomness, whatever the label."""
    del label
    return secrets.token_bytes(32)


def seeded_secrets(seed: bytes, chain_id: int) -> SecretSource:
    """Secrets that follow from a seed, so that a run can be repeated. SeedRefused outside of a development chain."""
    if chain_id != DEVELOPMENT_CHAIN_ID:
        raise SeedRefused(
            f"chain {chain_id} is not a development chain ({DEVELOPMENT_CHAIN_ID}): keys made from a seed are open to "
            "anybody who knows it; leave the seed out"
        )
    return lambda label: secret_hash(b"scatter/seeded-secret/v1" + seed + b"/" + label.encode())
