"""Whoever holds a key sees whether it is sealed as it should be to everybody, whatever is wrong with which copy."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from tests.unit.protocol.jobs import AUDITORS, MEMBERS, TRAINERS, job

from scatter.content.cids import raw_cid
from scatter.content.encryption import EncryptionError, key_commitment, open_sealed, seal, sealing_public_key
from scatter.jobs.manifests import JobKeysManifest, SealedKeysManifest, UpdateManifest, digest
from scatter.node.sealing import (
    job_key_context,
    job_key_is_sealed_to_all,
    seal_job_key,
    seal_update_key,
    update_key_context,
    update_key_is_sealed_to_all,
)
from scatter.protocol.ids import Address, Digest, Round
from scatter.protocol.states import State
from scatter.protocol.view import JobView

EVERYBODY = (*TRAINERS, *MEMBERS, *AUDITORS)
ROUND, ME, KEY, OTHER = Round(1), TRAINERS[1], bytes(range(1, 33)), bytes(range(2, 34))
UNUSABLE = bytes(32)
Change = Callable[[dict[Address, bytes]], object]


def private(account: Address) -> bytes:
    return bytes.fromhex(account.removeprefix("0x")).rjust(32, b"\7")


KEYS = {account: sealing_public_key(private(account)) for account in EVERYBODY}
JOB = replace(job(State.TRAINING, 1), sealing_keys=KEYS)


def update(keys: SealedKeysManifest, key: bytes = KEY) -> UpdateManifest:
    """An update of a trainer whose sealed keys are these."""
    return UpdateManifest(
        job=JOB.id,
        round=ROUND,
        trainer=ME,
        ciphertext=raw_cid(Digest(bytes(32))),
        size=1,
        key_commitment=key_commitment(key),
        sealed_keys=raw_cid(digest(keys.to_bytes())),
    )


def sealed_update(view: JobView = JOB, key: bytes = KEY) -> SealedKeysManifest:
    return seal_update_key(view, ROUND, ME, lambda _: key)


def bundled(bundle: JobKeysManifest, view: JobView = JOB) -> JobView:
    """The job with a bundle on the chain."""
    return replace(view, bundle=digest(bundle.to_bytes()))


def test_everybody_opens_his_own_copy_and_no_other() -> None:
    bundle, keys = seal_job_key(JOB, lambda _: KEY), sealed_update()
    assert set(bundle.sealed) == set(EVERYBODY)
    assert set(keys.sealed) == {*MEMBERS, *AUDITORS, ME}
    copies: list[tuple[Mapping[Address, bytes], Callable[[Address], bytes]]] = [
        (bundle.sealed, lambda reader: job_key_context(JOB.id, reader)),
        (keys.sealed, lambda reader: update_key_context(JOB.id, ROUND, ME, reader)),
    ]
    for sealed, context in copies:
        assert len(set(sealed.values())) == len(sealed)
        for reader, copy in sealed.items():
            assert open_sealed(private(reader), copy, context(reader)) == KEY
        with pytest.raises(EncryptionError):
            open_sealed(private(MEMBERS[0]), sealed[MEMBERS[1]], context(MEMBERS[1]))


async def test_what_is_sealed_rightly_is_found_right_by_whoever_has_the_key() -> None:
    assert await update_key_is_sealed_to_all(JOB, update(sealed_update()), KEY)
    assert await job_key_is_sealed_to_all(bundled(seal_job_key(JOB, lambda _: KEY)), KEY)


def tampered(sealed: dict[Address, bytes]) -> None:
    sealed[MEMBERS[2]] = sealed[MEMBERS[2]][:-1] + bytes([sealed[MEMBERS[2]][-1] ^ 1])


def swapped(sealed: dict[Address, bytes]) -> None:
    sealed[MEMBERS[0]], sealed[AUDITORS[0]] = sealed[AUDITORS[0]], sealed[MEMBERS[0]]


WRONG: Mapping[str, Change] = {
    "a copy with one bit changed": tampered,
    "two copies changed round": swapped,
    "no copy for a member": lambda sealed: sealed.pop(MEMBERS[1]),
    "no copy for an auditor": lambda sealed: sealed.pop(AUDITORS[0]),
    "no copy for a trainer": lambda sealed: sealed.pop(ME),
    "a copy too many": lambda sealed: sealed.update({Address("0x" + "ab" * 20): b"x" * 80}),
    "a copy of another key": lambda sealed: sealed.update({MEMBERS[0]: sealed_update(key=OTHER).sealed[MEMBERS[0]]}),
}


@pytest.mark.parametrize("what", WRONG)
async def test_one_wrong_copy_is_found(what: str) -> None:
    keys, bundle = sealed_update(), seal_job_key(JOB, lambda _: KEY)
    for manifest in (keys, bundle):
        sealed = dict(manifest.sealed)
        WRONG[what](sealed)
        changed = manifest.model_copy(update={"sealed": sealed})
        if isinstance(changed, SealedKeysManifest):
            assert not await update_key_is_sealed_to_all(JOB, update(changed), KEY)
        else:
            assert not await job_key_is_sealed_to_all(bundled(changed), KEY)


async def test_a_copy_that_opens_but_was_not_made_as_it_should_be_is_found() -> None:
    """Nobody but its reader could tell whether it opens."""
    reader = MEMBERS[0]
    mine = seal(KEYS[reader], KEY, update_key_context(JOB.id, ROUND, ME, reader))
    keys = sealed_update()
    changed = keys.model_copy(update={"sealed": {**keys.sealed, reader: mine}})
    assert not await update_key_is_sealed_to_all(JOB, update(changed), KEY)


@pytest.mark.parametrize("secret_for", [OTHER, b"short", None], ids=["another key", "no key", "another for one"])
async def test_what_a_liar_seals_is_found(secret_for: bytes | None) -> None:
    def told(reader: Address) -> bytes:
        return (OTHER if reader == AUDITORS[0] else KEY) if secret_for is None else secret_for

    if secret_for == b"short":
        with pytest.raises(EncryptionError, match="registered a key that something can be sealed to"):
            seal_job_key(JOB, told)
        return
    assert not await job_key_is_sealed_to_all(bundled(seal_job_key(JOB, told)), KEY)
    assert not await update_key_is_sealed_to_all(JOB, update(seal_update_key(JOB, ROUND, ME, told)), KEY)


async def test_keys_of_another_round_trainer_or_committee_are_not_those_of_this_one() -> None:
    assert not await update_key_is_sealed_to_all(JOB, update(seal_update_key(JOB, Round(2), ME, lambda _: KEY)), KEY)
    other = seal_update_key(JOB, ROUND, TRAINERS[0], lambda _: KEY)
    assert not await update_key_is_sealed_to_all(JOB, update(other), KEY)
    smaller = replace(JOB, auditors=())
    assert not await update_key_is_sealed_to_all(JOB, update(sealed_update(smaller)), KEY)
    assert not await job_key_is_sealed_to_all(bundled(seal_job_key(smaller, lambda _: KEY)), KEY)


async def test_who_cannot_be_sealed_to_is_left_out_by_everybody() -> None:
    view = replace(JOB, sealing_keys={**KEYS, MEMBERS[1]: UNUSABLE})
    keys, bundle = sealed_update(view), seal_job_key(view, lambda _: KEY)
    assert MEMBERS[1] not in keys.sealed
    assert MEMBERS[1] not in bundle.sealed
    assert await update_key_is_sealed_to_all(view, update(keys), KEY)
    assert await job_key_is_sealed_to_all(bundled(bundle, view), KEY)
    filled = keys.model_copy(update={"sealed": {**keys.sealed, MEMBERS[1]: b"x" * 80}})
    assert not await update_key_is_sealed_to_all(view, update(filled), KEY)


async def test_where_nobody_can_be_sealed_to_nothing_is_right() -> None:
    view = replace(JOB, sealing_keys=dict.fromkeys(EVERYBODY, UNUSABLE))
    with pytest.raises(EncryptionError, match="nobody with a part in job 'digits'"):
        seal_job_key(view, lambda _: KEY)
    assert not await job_key_is_sealed_to_all(bundled(seal_job_key(JOB, lambda _: KEY), view), KEY)
    assert not await update_key_is_sealed_to_all(view, update(sealed_update()), KEY)


async def test_a_bundle_that_a_reorganisation_took_away_is_not_judged() -> None:
    with pytest.raises(LookupError, match="is not on the chain"):
        await job_key_is_sealed_to_all(replace(JOB, bundle=None), KEY)
