"""Manifests: the small blocks whose sha2-256 digests are on the chain, and that name everything bigger by its CID.

A manifest is canonical JSON (RFC 8259; keys sorted, no spaces, UTF-8) of at most 256 KiB, so that it is one raw block and
its CID follows from the digest. Equal manifests have equal bytes, and bytes that `to_bytes` would not make are refused:
nobody can have two digests for one thing. In JSON, 32-byte words are hex and sealed keys base64.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from scatter.jobs.errors import ManifestError
from scatter.jobs.paths import shown
from scatter.protocol.ids import WORD_BYTES, Address, Digest
from scatter.protocol.terms import MAX_ROUNDS

MAX_BYTES = 256 * 1024
MAX_SEALED = 128
"""Readers that a key is sealed to at most: 63 trainers, 31 members, 7 auditors and room."""
MAX_SEALED_BYTES = 1_400
"""HPKE over a 32-byte key takes 80 bytes with X25519 and about 1,200 with its post-quantum hybrid."""
MAX_CONTENT = 1 << 40


def _from_hex(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


def _from_base64(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


# CIDv1, base32: 0x01, codec raw (0x55) or dag-pb (0x70), 0x12 0x20, then a sha2-256 digest: 36 bytes in 58 digits, the
# last of which has two bits that must be zero.
_CID = r"\Abaf(?:krei|ybei)[a-h][a-z2-7]{50}[aeimquy4]\z"

Cid = Annotated[str, StringConstraints(pattern=_CID)]
Word = Annotated[
    bytes,
    BeforeValidator(_from_hex),
    Field(min_length=WORD_BYTES, max_length=WORD_BYTES),
    PlainSerializer(bytes.hex, when_used="json"),
]
Account = Annotated[Address, StringConstraints(pattern=r"\A0x[0-9a-f]{40}\z")]
SealedKey = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    Field(min_length=1, max_length=MAX_SEALED_BYTES),
    PlainSerializer(_to_base64, when_used="json"),
]
Sealed = Annotated[Mapping[Account, SealedKey], Field(min_length=1, max_length=MAX_SEALED)]
Size = Annotated[int, Field(ge=1, le=MAX_CONTENT)]
RoundNumber = Annotated[int, Field(ge=1, le=MAX_ROUNDS)]


class Manifest(BaseModel):
    """What all manifests share. Made with keyword arguments, which are checked; immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    title: ClassVar[str]

    def to_bytes(self) -> bytes:
        """The canonical block. Raises ManifestError when it would be larger than 256 KiB."""
        content = self.model_dump(mode="json")
        block = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if len(block) > MAX_BYTES:
            raise ManifestError(f"{self.title} takes {len(block)} bytes; {MAX_BYTES} are allowed")
        return block

    @classmethod
    def from_bytes(cls, block: bytes) -> Self:
        """The manifest in a block from anybody.

        Raises ManifestError for another kind, unknown or missing keys, values out of bounds, and bytes that are not
        canonical.
        """
        if len(block) > MAX_BYTES:
            raise ManifestError(f"{cls.title} has {len(block)} bytes; {MAX_BYTES} are allowed")
        try:
            manifest = cls.model_validate_json(block)
        except ValidationError as error:
            raise ManifestError(f"{cls.title} {_reason(error)}") from error
        if manifest.to_bytes() != block:
            raise ManifestError(f"{cls.title} is not canonical JSON")
        return manifest


class TrainingJobManifest(Manifest):
    """What trainers need: the public package, and the initial global model (encrypted)."""

    title = "the training job's manifest"
    kind: Literal["training-job"] = "training-job"
    package: Cid
    initial_model: Cid


class EvaluationJobManifest(Manifest):
    """What the committee needs: the public package, and by round the evaluation shards (encrypted) with their rows."""

    title = "the evaluation job's manifest"
    kind: Literal["evaluation-job"] = "evaluation-job"
    package: Cid
    shards: tuple[Cid, ...] = Field(min_length=1, max_length=MAX_ROUNDS)
    rows: tuple[Size, ...]

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        if len(self.rows) != len(self.shards):
            raise ValueError("rows and shards differ in number")
        return self


class JobKeysManifest(Manifest):
    """The job key, sealed to every trainer, member and auditor."""

    title = "the manifest of job keys"
    kind: Literal["job-keys"] = "job-keys"
    job: Word
    sealed: Sealed


class UpdateManifest(Manifest):
    """A trainer's update: its ciphertext (CID and bytes), the commitment to its key, the manifest of sealed keys."""

    title = "the update's manifest"
    kind: Literal["update"] = "update"
    job: Word
    round: RoundNumber
    trainer: Account
    ciphertext: Cid
    size: Size
    key_commitment: Word
    sealed_keys: Cid


class SealedKeysManifest(Manifest):
    """The key of one update, sealed to every member and auditor, and to the trainer itself."""

    title = "the manifest of an update's keys"
    kind: Literal["sealed-keys"] = "sealed-keys"
    job: Word
    round: RoundNumber
    trainer: Account
    sealed: Sealed


class GlobalModelManifest(Manifest):
    """The global model that a round ended with (encrypted; CID and bytes)."""

    title = "the global model's manifest"
    kind: Literal["global-model"] = "global-model"
    job: Word
    round: RoundNumber
    ciphertext: Cid
    size: Size


def digest(block: bytes) -> Digest:
    """sha2-256 of a block: the form in which the chain refers to it."""
    return Digest(hashlib.sha256(block).digest())


def _reason(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_context=False)[0]
    key = ".".join(shown(str(part))[1:-1] for part in detail["loc"])
    if detail["type"] == "json_invalid" or not key:
        return "is not valid JSON of its kind"
    if detail["type"] == "extra_forbidden":
        return f"has an unknown key {key}"
    return (
        f"has no {key}" if detail["type"] == "missing" else f"has {key} {_short(detail['input'])}, which is not allowed"
    )


def _short(value: Any) -> str:
    return shown(value if isinstance(value, str) else str(value)[:100])
