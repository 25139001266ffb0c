"""Scores on the chain: 16-bit lanes packed into words, and how a round is settled from what members opened.

A lane holds the metric of the starting model (lane 0) or the contribution of the trainer in slot `lane - 1`, offset by
`ZERO`. Two lane values are special words; both are greater than any number, so that a lower median is special exactly
when more than half of the openers said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scatter.protocol.states import two_thirds

LANE_BITS = 16
LANES_PER_WORD = 16
ZERO = 16_384
"""The lane value of a contribution of nothing."""
LARGEST = 32_765
UNREADABLE = 0x7FFF
COPY = 0x7FFE
METRIC_SCALE = 10_000
ABSTENTION = (1 << 256) - 1
"""The only word of a seat or juror that lacks what it needs. No word of scores has the top bit of a lane set."""
_LANE_MASK = (1 << LANE_BITS) - 1


def is_special(lane: int) -> bool:
    """Whether a lane value is a special word rather than a number."""
    return lane >= COPY


def agree(one: int, other: int, tau: int) -> bool:
    """Whether two lane values say the same: both special, or both numbers at most `tau` apart."""
    if is_special(one) or is_special(other):
        return is_special(one) and is_special(other)
    return abs(one - other) <= tau


def are_scores(words: Sequence[int]) -> bool:
    """Whether opened words are scores: no words refuse, and one word of 256 ones abstains."""
    return bool(words) and not abstains(words)


def abstains(words: Sequence[int]) -> bool:
    """Whether opened words say that whoever opened them lacks what it needs."""
    return len(words) == 1 and words[0] == ABSTENTION


def words_for(trainers: int) -> int:
    """How many words the scores of a job with that many joined trainers take: lane 0 and one lane each."""
    return -(-(trainers + 1) // LANES_PER_WORD)


def pack(lanes: Sequence[int]) -> list[int]:
    """Lanes as 256-bit words, lane k at bit 16·(k mod 16) of word k div 16; ValueError for a lane outside 0..0x7FFF."""
    words = [0] * (-(-len(lanes) // LANES_PER_WORD))
    for index, lane in enumerate(lanes):
        if not 0 <= lane <= UNREADABLE:
            raise ValueError(f"lane {index} is {lane}; a lane holds 0 to {UNREADABLE}")
        words[index // LANES_PER_WORD] |= lane << (LANE_BITS * (index % LANES_PER_WORD))
    return words


def unpack(words: Sequence[int], trainers: int) -> list[int]:
    """The `trainers + 1` lanes of packed words."""
    return [
        (words[lane // LANES_PER_WORD] >> (LANE_BITS * (lane % LANES_PER_WORD))) & _LANE_MASK
        for lane in range(trainers + 1)
    ]


def lower_median(values: Sequence[int]) -> int:
    """The element at (n − 1) div 2 of the sorted values; ValueError when there are none."""
    if not values:
        raise ValueError("no median of nothing")
    return sorted(values)[(len(values) - 1) // 2]


@dataclass(frozen=True, slots=True)
class SettledRound:
    """What a round's openings come to. `lanes` as on the chain: 0 for trainers that did not publish.

    The others are seats: `panel` those that were counted and post the aggregate (members and stand-ins), `left_out` those
    whose special words differ from the settled ones, `deviating` those far from what two thirds of the panel say.
    """

    lanes: tuple[int, ...]
    published: frozenset[int]
    panel: frozenset[int]
    left_out: frozenset[int]
    deviating: frozenset[int]

    @property
    def struck(self) -> frozenset[int]:
        """Slots whose update is struck out: special by more than half."""
        return frozenset(slot for slot in self.published if is_special(self.lanes[slot + 1]))

    @property
    def counted(self) -> tuple[int, ...]:
        """Published slots that are not struck out, in order."""
        return tuple(sorted(self.published - self.struck))

    def contribution(self, slot: int) -> int:
        """The settled contribution of a slot in units of 1e-5; 0 for a slot that is struck out or did not publish."""
        return self.lanes[slot + 1] - ZERO if slot in self.published - self.struck else 0

    @property
    def accepted(self) -> tuple[int, ...]:
        """Slots with a positive contribution, in order."""
        return tuple(slot for slot in self.counted if self.contribution(slot) > 0)

    @property
    def positive_sum(self) -> int:
        """Σ max(0, c) over all slots."""
        return sum(self.contribution(slot) for slot in self.accepted)

    @property
    def metric(self) -> float:
        """Lane 0 as a fraction: the reported metric of the model that the round started from."""
        return self.lanes[0] / METRIC_SCALE


def settle(
    openings: Mapping[int, Sequence[int]], published: frozenset[int], trainers: int, members: int, tau: int
) -> SettledRound:
    """Settle a round.

    `openings` maps a seat to its `trainers + 1` lanes: members have the seats below `members`, auditors those above; who
    refused or abstained is not among them. `published` holds the slots that published an update in the round; `tau` is in units of 1e-5.
    ValueError when nobody opened.

    Wherever a member is missing or left out, the next auditor that opened takes its place in the panel. The settled lanes are
    the lower medians of the panel. A deviating seat is farther than `tau` from a settled contribution around which at
    least two thirds of the panel agree.
    """
    if not openings:
        raise ValueError("a round without openings does not settle")
    seats = sorted(openings)
    first = seats[:members]
    lanes = _medians([openings[seat] for seat in first], published, trainers)
    fitting = seats_that_fit(lanes, openings, published)
    panel = fitting[:members]
    if panel != first:
        struck = _special_slots(lanes, published)
        lanes = _medians_of_rest([openings[seat] for seat in panel], lanes, published, struck, trainers)
    left_out = frozenset(seats) - frozenset(fitting)
    settled = SettledRound(tuple(lanes), published, frozenset(panel), left_out, frozenset())
    return replace(settled, deviating=deviating_from(settled, lanes, openings, tau))


def seats_that_fit(lanes: Sequence[int], openings: Mapping[int, Sequence[int]], published: frozenset[int]) -> list[int]:
    """The seats, in order, whose special words are in the same published lanes as in `lanes`: those that are not left out."""
    struck = _special_slots(lanes, published)
    return [seat for seat in sorted(openings) if _special_slots(openings[seat], published) == struck]


def deviating_from(
    settled: SettledRound, lanes: Sequence[int], openings: Mapping[int, Sequence[int]], tau: int
) -> frozenset[int]:
    """The seats that deviate from a round's lanes: the settled ones, or what a verdict made of them.

    They fit the lanes, and are farther than `tau` from a contribution around which two thirds of the round's panel lie. Where
    a verdict changed what is struck out, nobody of the panel fits any more, and nobody deviates.
    """
    fitting, found = seats_that_fit(lanes, openings, settled.published), set[int]()
    for slot in settled.published - _special_slots(lanes, settled.published):
        outside = {seat for seat in fitting if abs(openings[seat][slot + 1] - lanes[slot + 1]) > tau}
        agreed = len(settled.panel.intersection(fitting) - outside)
        if agreed >= max(1, two_thirds(len(settled.panel))):
            found |= outside
    return frozenset(found)


def _special_slots(lanes: Sequence[int], published: frozenset[int]) -> set[int]:
    return {slot for slot in published if is_special(lanes[slot + 1])}


def _medians(panel: Sequence[Sequence[int]], published: frozenset[int], trainers: int) -> list[int]:
    return [
        lower_median([lanes[lane] for lanes in panel]) if lane == 0 or lane - 1 in published else 0
        for lane in range(trainers + 1)
    ]


def _medians_of_rest(
    panel: Sequence[Sequence[int]],
    first: Sequence[int],
    published: frozenset[int],
    struck: set[int],
    trainers: int,
) -> list[int]:
    """The medians without those left out; what struck an update stays, and without anybody left a contribution is nothing."""
    if panel:
        lanes = _medians(panel, published, trainers)
    else:
        lanes = [0, *(ZERO if slot in published else 0 for slot in range(trainers))]
    for slot in struck:
        lanes[slot + 1] = first[slot + 1]
    return lanes
