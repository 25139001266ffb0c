"""What a jury finds: a verdict on each thing that was challenged, from what jurors opened.

A verdict counts only when two thirds of the whole jury agree, silent jurors included. What no verdict counts for, stands.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scatter.protocol.ids import NO_DIGEST, Digest, Round
from scatter.protocol.scores import (
    UNREADABLE,
    SettledRound,
    agree,
    deviating_from,
    is_special,
    lower_median,
    seats_that_fit,
)
from scatter.protocol.states import ChallengeKind, two_thirds


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing that is challenged. Items sort in the order in which their verdicts take stakes."""

    kind: ChallengeKind
    round: Round


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a jury found on one item.

    `counts`: two thirds agreed on something; `changed`: on something else than what stood. `lanes`: of a verdict on scores,
    the settled lanes as they are now; `aggregate`: of a verdict on an aggregate, its digest. `lost`: the seats that
    contradict it; `agreed` and `outside`: jurors; neither are those that found nothing, which is no verdict of theirs, and those
    that could read something else than the verdict is about.
    `deviating`: of a verdict on scores, the other seats that deviate from the settled lanes as they are now.
    """

    counts: bool
    changed: bool = False
    lanes: tuple[int, ...] = ()
    aggregate: Digest = NO_DIGEST
    lost: frozenset[int] = frozenset()
    agreed: frozenset[int] = frozenset()
    outside: frozenset[int] = frozenset()
    deviating: frozenset[int] = frozenset()


NO_VERDICT = Verdict(counts=False)


def verdict_on_scores(
    settled: SettledRound,
    seats: Mapping[int, Sequence[int]],
    jury: Mapping[int, Sequence[int] | None],
    jurors: int,
    tau: int,
) -> Verdict:
    """The verdict on the scores of a round, lane by lane.

    `seats`: the lanes of every member and auditor that opened numbers; `jury`: the lanes of every juror that opened, None
    where it says that the round cannot be scored, or abstains; `jurors`: how many sit on the jury. A published lane's verdict is the lower
    median of the jurors' lanes and counts when two thirds of the jury lie within `tau` of it. It replaces a settled lane only
    where both do not agree. The metric (lane 0) is not judged.

    Nobody can prove who was handed what, so no seat loses anything, and no juror is outside, by what it could or could not
    read. The numbers of seats that were left out of the round counted for nothing, and cost nothing where the verdict is a
    number: they were measured against other updates.
    """
    opened = {juror: lanes for juror, lanes in jury.items() if lanes is not None}
    found = _lane_verdicts(settled.published, opened, two_thirds(jurors), tau)
    if not found:
        return replace(NO_VERDICT, lanes=settled.lanes, deviating=settled.deviating)
    changed = {lane: value for lane, value in found.items() if not agree(value, settled.lanes[lane], tau)}
    lanes = tuple(changed.get(lane, value) for lane, value in enumerate(settled.lanes))
    lost = frozenset(
        seat for seat, own in seats.items() if _contradicts(own, changed, tau, counted=seat not in settled.left_out)
    )
    agreed = frozenset(juror for juror, own in opened.items() if _follows(own, found, tau))
    return Verdict(
        counts=True,
        changed=bool(changed),
        lanes=lanes,
        lost=lost,
        agreed=agreed,
        outside=frozenset(juror for juror in set(opened) - agreed if _read_as_much(opened[juror], found)),
        deviating=deviating_from(settled, lanes, seats, tau) - lost,
    )


def as_judged(
    settled: SettledRound, verdict: Verdict, seats: Mapping[int, Sequence[int]], members: int
) -> SettledRound:
    """A settled round as a verdict on its scores leaves it: what pay, strikes, faults and slashes are computed from.

    `seats` as in `verdict_on_scores`. Who is left out, and so unpaid, follows the special words as they are now, and the
    first `members` of the others are paid as the panel.
    """
    if not verdict.changed:
        return settled
    fitting = seats_that_fit(verdict.lanes, seats, settled.published)
    return replace(
        settled,
        lanes=verdict.lanes,
        panel=frozenset(fitting[:members]),
        left_out=frozenset(seats) - frozenset(fitting),
        deviating=verdict.deviating,
    )


def _lane_verdicts(
    published: frozenset[int], opened: Mapping[int, Sequence[int]], needed: int, tau: int
) -> dict[int, int]:
    found = {}
    for lane in sorted(slot + 1 for slot in published) if opened else []:
        median = lower_median([lanes[lane] for lanes in opened.values()])
        if sum(agree(lanes[lane], median, tau) for lanes in opened.values()) >= needed:
            found[lane] = median
    return found


def _follows(lanes: Sequence[int], found: Mapping[int, int], tau: int) -> bool:
    return all(agree(lanes[lane], value, tau) for lane, value in found.items())


def _contradicts(lanes: Sequence[int], changed: Mapping[int, int], tau: int, *, counted: bool) -> bool:
    """Whether a seat said something else of a changed lane, which it could have known better."""
    known = {lane: value for lane, value in changed.items() if lanes[lane] != UNREADABLE}
    if not counted:
        known = {lane: value for lane, value in known.items() if is_special(lanes[lane]) or is_special(value)}
    return not _follows(lanes, known, tau)


def _read_as_much(lanes: Sequence[int], found: Mapping[int, int]) -> bool:
    """Whether a juror could read what the verdict is about, and nothing else: otherwise its numbers mean something else."""
    return all(
        is_special(lanes[lane]) == is_special(value) or UNREADABLE not in (lanes[lane], value)
        for lane, value in found.items()
    )


def verdict_on_aggregate(
    model: Digest, posted: Mapping[int, Digest], jury: Mapping[int, Digest], jurors: int
) -> Verdict:
    """The verdict on the aggregate of a round: the digest that two thirds of the jury opened.

    `model`: what the round closed with (NO_DIGEST: it kept the model it started from); `posted`: what seats of its panel
    posted; `jury`: what jurors opened, NO_DIGEST where one could compute none. The round's model stands in any case.
    """
    named = {juror: name for juror, name in jury.items() if name != NO_DIGEST}
    found = next((name for name, count in Counter(named.values()).items() if count >= two_thirds(jurors)), None)
    if found is None:
        return NO_VERDICT
    changed = found != model
    agreed = frozenset(juror for juror, name in named.items() if name == found)
    return Verdict(
        counts=True,
        changed=changed,
        aggregate=found,
        lost=frozenset(seat for seat, name in posted.items() if changed and name != found),
        agreed=agreed,
        outside=frozenset(named) - agreed,
    )


def verdict_on_refusal(refusing: frozenset[int], jury: Mapping[int, bool], jurors: int) -> Verdict:
    """The verdict on a refusal: overturned when two thirds of the jury could score, upheld when as many could not.

    `refusing`: the seats that refused; `jury`: whether each juror could score, of those that opened and did not abstain.
    """
    needed = two_thirds(jurors)
    able = frozenset(juror for juror, scored in jury.items() if scored)
    unable = frozenset(jury) - able
    if len(able) >= needed:
        return Verdict(counts=True, changed=True, lost=refusing, agreed=able, outside=unable)
    if len(unable) >= needed:
        return Verdict(counts=True, agreed=unable, outside=able)
    return NO_VERDICT


def contradicts(settled: SettledRound, lanes: Sequence[int], tau: int) -> bool:
    """Whether a seat's own lanes differ from the settled ones in any published lane: what it challenges."""
    return any(not agree(lanes[slot + 1], settled.lanes[slot + 1], tau) for slot in settled.published)
