"""What anybody with a part in a job does so that it ends: exits by time, settling, tallying, claims.

Nodes act in a fixed order, so that they do not pay for losing races: the requestor first, then by
keccak256(job, state, address), each some blocks or seconds after the one before.
"""

from eth_hash.auto import keccak

from scatter.protocol.duties.duty import Duty, DutyKind, Identity, Now, owe, owe_item
from scatter.protocol.ids import Address, address_bytes
from scatter.protocol.scores import words_for
from scatter.protocol.states import JudgingPhase, State, two_thirds
from scatter.protocol.view import JobView

BLOCKS_APART = 3
SECONDS_APART = 12
PAGE_GAS = 1_100_000
"""What a claim for a page of accounts may cost by `_gas_of_all` and `_gas_of_one`, which are above what it takes."""


def anybodys_duties(view: JobView, me: Identity, now: Now) -> list[Duty]:
    """Duties of whoever takes part in the job."""
    if me.address not in view.participants:
        return []
    if view.ended:
        return _claims(view, me, now)
    judging = view.phase if view.state is State.JUDGING else None
    if view.state is State.DRAWING or judging is JudgingPhase.DRAWING:
        return _drawing(view, me, now)
    if judging is JudgingPhase.TALLYING:
        return _tallying(view, me, now)
    if _settled_by_hand(view):
        return _settling(view, me, now)
    stage = view.state.name if judging is None else f"{view.state.name}-{judging.name}"
    return [owe(view, DutyKind.POKE, stage.lower(), until_deadline=False)] if _late(view, me, now) else []


def claim_page(view: JobView) -> list[Address]:
    """The next accounts to claim for, in the order of the job; as many as one transaction of `PAGE_GAS` takes, at least one."""
    page: list[Address] = []
    left = PAGE_GAS - _gas_of_all(view)
    for account in dict.fromkeys(view.participants):
        if account in view.claimed:
            continue
        left -= _gas_of_one(view, account)
        if page and left < 0:
            break
        page.append(account)
    return page


def _gas_of_all(view: JobView) -> int:
    """What accounts of a page share: the transaction, and reading what is settled of each round, and each challenged item, for
    the first time."""
    return 60_000 + 2_100 * (len(view.items) + view.terms.rounds * (1 + words_for(len(view.trainers))))


def _gas_of_one(view: JobView, account: Address) -> int:
    """What an account adds, which may have no tokens yet. The requestor's claim goes over what all trainers are paid; a seat's
    opened scores are read, passed and compared. All go over what was challenged."""
    rounds, trainers, items = view.terms.rounds, len(view.trainers), 2_000 * len(view.items)
    if account == view.requestor:
        return 50_000 + items + rounds * (2_000 + 200 * trainers)
    if account in view.trainers:
        return 45_000 + items + 1_000 * rounds
    return 50_000 + items + rounds * (3_000 + 3_500 * words_for(trainers))


def _claims(view: JobView, me: Identity, now: Now) -> list[Duty]:
    page = claim_page(view)
    return [owe(view, DutyKind.CLAIM, page[0])] if page and _quiet(view, me, now) else []


def _drawing(view: JobView, me: Identity, now: Now) -> list[Duty]:
    """Seats are drawn in pages once the named block is known."""
    due = view.draw_block is not None and _quiet(view, me, now, since=view.draw_block + 1)
    return [owe(view, DutyKind.POKE, f"{view.draw_block}")] if due else []


def _settled_by_hand(view: JobView) -> bool:
    """Above one word of scores the openings are in events only: with enough of them, somebody passes them back."""
    if view.state is not State.OPENING or words_for(len(view.trainers)) == 1:
        return False
    needed = two_thirds(view.terms.members)
    refusing = sum(seat < view.terms.members for seat in view.current.refused)
    return len(view.current.scored) >= needed > refusing


def _settling(view: JobView, me: Identity, now: Now) -> list[Duty]:
    complete = len(view.current.openings) == len(view.current.commitments)
    due = _quiet(view, me, now) if complete else _late(view, me, now)
    return [owe(view, DutyKind.SETTLE_ROUND, until_deadline=False)] if due else []


def _tallying(view: JobView, me: Identity, now: Now) -> list[Duty]:
    """One item after the other, in order, until each has its verdict."""
    left = [item for item, seen in sorted(view.items.items()) if seen.verdict is None]
    return [owe_item(view, DutyKind.TALLY, left[0])] if left and _quiet(view, me, now) else []


def _quiet(view: JobView, me: Identity, now: Now, since: int = 0) -> bool:
    """Whether nothing happened to the job for so many blocks that it is this node's turn."""
    return now.block >= max(since, view.changed_block) + _rank(view, me) * BLOCKS_APART


def _late(view: JobView, me: Identity, now: Now) -> bool:
    """Whether the state's deadline passed so long ago that it is this node's turn."""
    return view.deadline is not None and now.timestamp > view.deadline + _rank(view, me) * SECONDS_APART


def _rank(view: JobView, me: Identity) -> int:
    if me.address == view.requestor:
        return 0
    others = sorted(
        {account for account in view.participants if account != view.requestor},
        key=lambda account: keccak(view.id + bytes([view.state]) + address_bytes(account)),
    )
    return 1 + others.index(me.address)
