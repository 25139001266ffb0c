"""Terms: the bounds of the contract, each of them."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import example_terms
from tests.property.protocol.model_parts import durations

from scatter.protocol.ids import SCT
from scatter.protocol.rates import Rates
from scatter.protocol.terms import MAX_DURATION, JobTerms, check_terms

TERMS = example_terms(durations=durations(3600), max_trainers=9)


def test_terms_of_an_ordinary_job_are_taken() -> None:
    check_terms(TERMS)
    assert TERMS.pool == 2 * TERMS.round_pool
    assert TERMS.bond == TERMS.round_pool


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("slot_stake", 0, 2**96 - 1),
        ("rounds", 1, 32),
        ("members", 1, 31),
        ("auditors", 0, 7),
        ("min_trainers", 1, 9),
        ("max_trainers", 1, 63),
        ("rule", 0, 4),
        ("min_jury", 0, 7),
        ("fault_bps", 0, 10_000),
        ("max_share_bps", 1, 10_000),
        ("tau", 1, 32_767),
    ],
)
def test_every_bound_holds_on_both_sides(name: str, least: int, most: int) -> None:
    roomy = replace(TERMS, round_pool=2**96 - 1)
    for value in (least, most):
        check_terms(replace(roomy, **{name: value}))
    for value in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"^{name} is {value}; it must be between {least} and {most}$"):
            check_terms(replace(roomy, **{name: value}))


@pytest.mark.parametrize(
    "field", ["open", "keys", "train", "reveal", "commit", "open_scores", "aggregate", "challenge", "judge"]
)
def test_every_duration_is_bounded(field: str) -> None:
    def lasting(seconds: int) -> JobTerms:
        return replace(TERMS, durations=replace(TERMS.durations, **{field: seconds}))

    check_terms(lasting(MAX_DURATION))
    check_terms(lasting(1), minimum_duration=1)
    for seconds in (3599, MAX_DURATION + 1):
        with pytest.raises(ValueError, match=rf"durations\.{field} is {seconds}"):
            check_terms(lasting(seconds))


@pytest.mark.parametrize("name", ["training_job", "evaluation_job", "job_key_hash"])
def test_digests_have_32_bytes(name: str) -> None:
    changed: dict[str, Any] = {name: b"short"}
    with pytest.raises(ValueError, match=f"{name} has 5 bytes"):
        check_terms(replace(TERMS, **changed))


def test_pools_are_amounts_of_the_token() -> None:
    with pytest.raises(ValueError, match="round_pool"):
        check_terms(replace(TERMS, round_pool=2**96))
    with pytest.raises(ValueError, match="round_pool is -1"):
        check_terms(replace(TERMS, round_pool=-1))


def test_a_seat_must_be_worth_its_while() -> None:
    """Three members share three tenths of the pool; each must get five tokens."""
    check_terms(replace(TERMS, round_pool=50 * SCT))
    with pytest.raises(ValueError, match="a seat would earn 4999999999999999999 base units"):
        check_terms(replace(TERMS, round_pool=50 * SCT - 10))
    check_terms(replace(TERMS, round_pool=0), rates=Rates(min_seat_pay=0))


def test_an_auditors_seat_must_be_worth_its_while_too() -> None:
    """Three members share a fifth of the pool, four auditors a tenth: theirs is the least."""
    check_terms(replace(TERMS, round_pool=200 * SCT, auditors=4))
    with pytest.raises(ValueError, match="a seat would earn 4999"):
        check_terms(replace(TERMS, round_pool=200 * SCT - 10, auditors=4))
    with pytest.raises(ValueError, match="a seat would earn 4999"):
        check_terms(replace(TERMS, round_pool=75 * SCT - 10, auditors=1))


@pytest.mark.parametrize(("members", "jury"), [(1, 3), (3, 7), (15, 31), (31, 31)])
def test_a_jury_is_twice_the_committee_and_one_more(members: int, jury: int) -> None:
    terms = replace(TERMS, members=members, min_jury=jury, round_pool=2**96 - 1)
    assert (terms.jury, terms.smallest_jury, replace(terms, min_jury=1).smallest_jury) == (jury, jury, 3)
    check_terms(terms)
    with pytest.raises(ValueError, match=f"min_jury is {jury + 1}; it must be between 0 and {jury}"):
        check_terms(replace(terms, min_jury=jury + 1))
