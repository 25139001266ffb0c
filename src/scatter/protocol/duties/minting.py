"""What those with a part in a job owe themselves, where the node's operator wants it: tokens of what they made, and a record of
what they did.

Nobody waits for these, they have no deadline, and anybody may ask for them in another's place: what is there is done.
"""

from scatter.protocol.duties.duty import Duty, DutyKind, Identity
from scatter.protocol.ids import Round
from scatter.protocol.records import Record, RecordKind
from scatter.protocol.view import JobView


def minting_duties(view: JobView, me: Identity) -> list[Duty]:
    """The requestor's: the job's two tokens, from its posting on. A trainer's: one for each of its updates that is accepted
    in the end, which the contracts mint when the job has ended."""
    if view.requestor == me.address:
        return _job(view, me) if me.mint_jobs else []
    slot = view.slot_of(me.address)
    return _models(view, me, slot) if me.mint_models and slot is not None and view.ended else []


def recording_duties(view: JobView, me: Identity) -> list[Duty]:
    """Once its part of an ended job is claimed, that what it did there is recorded."""
    wanted = me.record_deeds and view.ended and me.address in view.claimed - view.recorded
    return [Duty(view.id, Round(0), DutyKind.RECORD_DEEDS)] if wanted else []


def _job(view: JobView, me: Identity) -> list[Duty]:
    wanted = {Record(kind, me.address) for kind in (RecordKind.TRAINING_JOB, RecordKind.EVALUATION_JOB)}
    return [] if wanted <= view.records else [Duty(view.id, Round(0), DutyKind.MINT_JOB)]


def _models(view: JobView, me: Identity, slot: int) -> list[Duty]:
    owed = []
    for number, made in sorted(view.rounds.items()):
        settled = view.judged(made)
        minted = Record(RecordKind.MODEL, me.address, number) in view.records
        if settled is not None and slot in settled.accepted and not minted:
            owed.append(Duty(view.id, number, DutyKind.MINT_MODEL))
    return owed
