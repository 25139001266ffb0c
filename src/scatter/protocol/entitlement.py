"""Who may have which key. Peers tell who asks; this says what he may have."""

from scatter.protocol.ids import Address, Round
from scatter.protocol.view import JobView


def may_read_update_keys(job: JobView, round_: Round, account: Address) -> bool:
    """Content keys of a round's updates: for drawn members, and only after the shard key of that round is on the chain.

    Earlier, a member could show an update to a trainer that has not published yet.
    """
    if account not in job.members:
        return False
    made = job.rounds.get(round_)
    return made is not None and made.shard_key is not None
