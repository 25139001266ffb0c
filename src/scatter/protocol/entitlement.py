"""Who may have which key. Peers tell who asks; this says what he may have."""

from scatter.protocol.ids import Address, Round
from scatter.protocol.states import DISCLOSING_STATES, State
from scatter.protocol.view import JobView

AFTER_ROUNDS = frozenset({State.CHALLENGING, State.JUDGING, State.SETTLED, State.DEFAULTED})


def may_read_job_key(job: JobView, account: Address) -> bool:
    """The job key opens every global model: it is for requestor, trainers and members."""
    return account in job.participants


def may_read_update_keys(job: JobView, round_: Round, account: Address) -> bool:
    """Content keys of a round's updates: for drawn members, and only after the shard key of that round is on the chain.

    Earlier, a member could show an update to a trainer that has not published yet.
    """
    if account not in job.members:
        return False
    made = job.rounds.get(round_)
    return made is not None and made.shard_key is not None


def shard_key_may_be_sent(job: JobView, round_: Round) -> bool:
    """Whether the requestor may disclose the key of a round's shard: only once the round's training has ended."""
    return job.round > round_ or (job.round == round_ and job.state in DISCLOSING_STATES) or job.state in AFTER_ROUNDS
