"""From a job's definition to the terms that its requestor posts on the chain."""

from scatter.jobs.definition import JobDefinition
from scatter.jobs.errors import JobError
from scatter.protocol.ids import Digest
from scatter.protocol.rates import Rates
from scatter.protocol.terms import DEFAULT_MINIMUM_DURATION, DEFAULT_RATES, JobTerms, check_terms


def job_terms(
    definition: JobDefinition,
    *,
    training_job: Digest,
    evaluation_job: Digest,
    job_key_hash: bytes,
    parameters: int,
) -> JobTerms:
    """The contract's terms under a version of its parameters. What the reward leaves when it is divided by the rounds is not posted."""
    return JobTerms(
        training_job=training_job,
        evaluation_job=evaluation_job,
        job_key_hash=job_key_hash,
        round_pool=definition.reward // definition.rounds,
        slot_stake=definition.slot_stake,
        rounds=definition.rounds,
        members=definition.committee,
        auditors=definition.auditors,
        min_trainers=definition.min_trainers,
        max_trainers=definition.max_trainers,
        rule=definition.rule,
        min_jury=definition.min_jury,
        parameters=parameters,
        fault_bps=definition.fault_bps,
        max_share_bps=definition.max_share_bps,
        tau=definition.tau,
        durations=definition.durations,
    )


def check_definition_terms(
    definition: JobDefinition,
    *,
    rates: Rates = DEFAULT_RATES,
    minimum_duration: int = DEFAULT_MINIMUM_DURATION,
) -> None:
    """Raises JobError when the contract would refuse the job, whatever its content is."""
    nothing = bytes(32)
    terms = job_terms(
        definition,
        training_job=Digest(nothing),
        evaluation_job=Digest(nothing),
        job_key_hash=nothing,
        parameters=0,
    )
    try:
        check_terms(terms, rates=rates, minimum_duration=minimum_duration)
    except ValueError as error:
        raise JobError(f"the contract would refuse the job: {error}") from error
