"""Who may have which key. Peers tell who asks; this says what he may have."""

from scatter.protocol.ids import Address, Round
from scatter.protocol.view import JobView


def may_read_update_keys(job: JobView, round_: Round, account: Address) -> bool:
    """Content keys of a round's updates: for drawn members and auditors, and for jurors when something of the round was
    challenged; only after the shard key of that round is on the chain.

    Earlier, a member could show an update to a trainer that has not published yet.
    """
    challenged = any(item.round == round_ for item in job.items)
    if account not in job.seats and not (challenged and account in job.jurors):
        return False
    made = job.rounds.get(round_)
    return made is not None and made.shard_key is not None


def may_read_job_key(job: JobView, account: Address) -> bool:
    """The key of the job's models: for everybody with a part in it, once the requestor has given it out."""
    return job.bundle is not None and account in job.participants
