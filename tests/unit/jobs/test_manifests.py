import hashlib
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import (
    EvaluationJobManifest,
    GlobalModelManifest,
    JobKeysManifest,
    Manifest,
    SealedKeysManifest,
    TrainingJobManifest,
    UpdateManifest,
    digest,
)
from scatter.protocol.ids import Address

RAW = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
"""CID of no bytes, by ipfs-unixfs-importer."""
DAG = "bafybeiavfl3mrv5rig3iqfle6aheyo3crcdzseal3jfwykhuwtmc4vtyjy"
"""CID of a file of 262,145 bytes, likewise."""
JOB = bytes(range(32))
TRAINER = Address("0x" + "ab" * 20)

MANIFESTS: list[Manifest] = [
    TrainingJobManifest(package=DAG, initial_model=RAW),
    EvaluationJobManifest(package=DAG, shards=(RAW, DAG), rows=(10, 11)),
    JobKeysManifest(job=JOB, sealed={TRAINER: b"\x00\xff" * 40}),
    UpdateManifest(job=JOB, round=1, trainer=TRAINER, ciphertext=RAW, size=7, key_commitment=JOB, sealed_keys=DAG),
    SealedKeysManifest(job=JOB, round=32, trainer=TRAINER, sealed={TRAINER: b"x"}),
    GlobalModelManifest(job=JOB, round=2, ciphertext=DAG, size=1 << 40),
]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.kind)
def test_a_manifest_is_its_block(manifest: Manifest) -> None:
    block = manifest.to_bytes()
    assert type(manifest).from_bytes(block) == manifest
    assert b" " not in block


def test_the_block_is_canonical_json() -> None:
    assert MANIFESTS[3].to_bytes().decode() == (
        f'{{"ciphertext":"{RAW}","job":"{JOB.hex()}","key_commitment":"{JOB.hex()}","kind":"update","round":1,'
        f'"sealed_keys":"{DAG}","size":7,"trainer":"{TRAINER}"}}'
    )
    assert b'"sealed":{"0xabababababababababababababababababababab":"eA=="}' in MANIFESTS[4].to_bytes()


def test_the_digest_is_that_of_the_block() -> None:
    assert digest(b"abc") == hashlib.sha256(b"abc").digest()


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.kind)
def test_no_manifest_is_taken_for_another(manifest: Manifest) -> None:
    for other in {type(m) for m in MANIFESTS} - {type(manifest)}:
        with pytest.raises(ManifestError):
            other.from_bytes(manifest.to_bytes())


def changed(block: bytes, old: bytes, new: bytes) -> bytes:
    assert old in block
    return block.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda b: b"", "is not valid JSON of its kind"),
        (lambda b: b"[]", "is not valid JSON of its kind"),
        (lambda b: b"null", "is not valid JSON of its kind"),
        (lambda b: b"\xff" + b, "is not valid JSON of its kind"),
        (lambda b: b"[" * 200_000, "is not valid JSON of its kind"),
        (lambda b: b + b" ", "is not canonical JSON"),
        (lambda b: changed(b, b":1,", b": 1,"), "is not canonical JSON"),
        (lambda b: changed(b, b'"job":', b'"size":7,"job":'), "is not canonical JSON"),
        (lambda b: changed(b, b'"00', b'"0 0'), "has job .*, which is not allowed|is not canonical JSON"),
        (lambda b: changed(b, b"0a0b", b"0A0b"), "is not canonical JSON"),
        (lambda b: changed(b, b"update", b"upd\\u0061te"), "is not canonical JSON"),
        (lambda b: changed(b, b'"job"', b'"jab"'), "has no job"),
        (lambda b: changed(b, b'{"cip', b'{"a":1,"cip'), "has an unknown key a"),
        (lambda b: changed(b, b"update", b"model"), 'has kind "model", which is not allowed'),
        (lambda b: changed(b, b":1,", b":0,"), 'has round "0", which is not allowed'),
        (lambda b: changed(b, b":1,", b":33,"), 'has round "33", which is not allowed'),
        (lambda b: changed(b, b":1,", b":1.0,"), 'has round "1.0", which is not allowed'),
        (lambda b: changed(b, b":1,", b':"1",'), 'has round "1", which is not allowed'),
        (lambda b: changed(b, b":7,", b":0,"), 'has size "0", which is not allowed'),
        (lambda b: changed(b, b":7,", b":1099511627777,"), "has size .*, which is not allowed"),
        (lambda b: changed(b, b"0xab", b"0xAB"), "has trainer .*, which is not allowed"),
        (lambda b: changed(b, b"0xab", b"xab0"), "has trainer .*, which is not allowed"),
        (lambda b: changed(b, b"0001", b"01"), "has job .*, which is not allowed"),
        (lambda b: changed(b, b"0001", b"zz01"), "has job .*, which is not allowed"),
        (lambda b: changed(b, b"bafkrei", b"bafkree"), "has ciphertext .*, which is not allowed"),
        (lambda b: changed(b, b"vyku", b"vykb"), "has ciphertext .*, which is not allowed"),
        (lambda b: changed(b, b"bafkrei", b"Qmfkrei"), "has ciphertext .*, which is not allowed"),
        (lambda b: b + b" " * (256 * 1024), "has [0-9]+ bytes; 262144 are allowed"),
    ],
)
def test_every_other_block_is_refused(change: Callable[[bytes], bytes], sentence: str) -> None:
    with pytest.raises(ManifestError, match=f"^the update's manifest ({sentence})"):
        UpdateManifest.from_bytes(change(MANIFESTS[3].to_bytes()))


@pytest.mark.parametrize("value", ["YQ", "Y Q==", "YR==", "YQ==\\n", "", "!"])
def test_sealed_keys_are_canonical_base64(value: str) -> None:
    block = MANIFESTS[4].to_bytes().replace(b"eA==", value.encode())
    with pytest.raises(ManifestError):
        SealedKeysManifest.from_bytes(block)


def test_sealed_keys_are_bounded() -> None:
    many = {Address(f"0x{number:040x}"): b"x" for number in range(129)}
    for sealed in ({}, many, {TRAINER: b""}, {TRAINER: bytes(1_401)}):
        with pytest.raises(ValidationError):
            JobKeysManifest(job=JOB, sealed=sealed)
    largest = JobKeysManifest(job=JOB, sealed=dict.fromkeys(list(many)[:128], bytes(1_400)))
    assert len(largest.to_bytes()) <= 256 * 1024


def test_a_block_beyond_its_size_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scatter.jobs.manifests.MAX_BYTES", 100)
    with pytest.raises(ManifestError, match=r"takes [0-9]+ bytes; 100 are allowed"):
        MANIFESTS[0].to_bytes()


def test_shards_and_rows_belong_together() -> None:
    block = MANIFESTS[1].to_bytes().replace(b"[10,11]", b"[10]")
    with pytest.raises(ManifestError, match=r"is not valid JSON of its kind|differ in number"):
        EvaluationJobManifest.from_bytes(block)


def test_manifests_do_not_change() -> None:
    with pytest.raises(ValidationError):
        MANIFESTS[0].package = RAW  # type: ignore[attr-defined]
