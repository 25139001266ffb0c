"""The secrets of a job that its requestor keeps: the job key, and one key for each round's shard."""

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class JobSecrets:
    """32 bytes each. Kept as an artefact before the job is posted: what the chain holds hashes of must not get lost."""

    job_key: bytes
    shard_keys: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(
            {"job_key": self.job_key.hex(), "shard_keys": [key.hex() for key in self.shard_keys]}
        ).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """From JSON that this node wrote."""
        values = json.loads(content)
        return cls(bytes.fromhex(values["job_key"]), tuple(bytes.fromhex(key) for key in values["shard_keys"]))
