import dataclasses

import pytest

from scatter.jobs.definition import JobDefinition, parse_definition
from scatter.jobs.errors import JobError
from scatter.jobs.terms import check_definition_terms, job_terms
from scatter.protocol.ids import SCT, Digest
from scatter.protocol.rates import Rates


@pytest.fixture
def definition(job_toml: str) -> JobDefinition:
    return parse_definition(job_toml.encode())


def test_terms_say_what_the_definition_does(definition: JobDefinition) -> None:
    terms = job_terms(
        dataclasses.replace(definition, rounds=3),
        training_job=Digest(b"t" * 32),
        evaluation_job=Digest(b"e" * 32),
        job_key_hash=b"k" * 32,
        parameters=4,
    )
    assert (terms.training_job, terms.evaluation_job, terms.job_key_hash) == (b"t" * 32, b"e" * 32, b"k" * 32)
    assert terms.round_pool == 1000 * SCT // 3
    assert terms.pool <= 1000 * SCT
    assert (terms.slot_stake, terms.rounds, terms.members, terms.auditors) == (500 * SCT, 3, 3, 0)
    assert (terms.min_trainers, terms.max_trainers, terms.rule, terms.min_jury) == (2, 4, 0, 0)
    assert (terms.fault_bps, terms.max_share_bps, terms.tau) == (5_000, 5_000, 10)
    assert terms.parameters == 4
    assert terms.durations is definition.durations


def test_a_good_definition_passes(definition: JobDefinition) -> None:
    check_definition_terms(definition)


def test_what_the_contract_refuses_is_refused(definition: JobDefinition) -> None:
    short = dataclasses.replace(definition, durations=dataclasses.replace(definition.durations, train=30))
    with pytest.raises(JobError, match=r"the contract would refuse the job: durations.train is 30; it must be between"):
        check_definition_terms(short)
    check_definition_terms(short, minimum_duration=1)
    poor = dataclasses.replace(definition, reward=90 * SCT)
    with pytest.raises(JobError, match="the contract would refuse the job: a seat would earn"):
        check_definition_terms(poor)
    check_definition_terms(poor, rates=Rates(min_seat_pay=4 * SCT))
