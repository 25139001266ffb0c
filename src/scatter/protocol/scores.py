"""Scores on the chain: 16-bit lanes packed into words, and how a round is settled from what members opened.

A lane holds the metric of the starting model (lane 0) or the contribution of the trainer in slot `lane - 1`, offset by
`ZERO`. Two lane values are special words; both are greater than any number, so that a lower median is special exactly
when more than half of the openers said so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scatter.protocol.states import two_thirds

LANE_BITS = 16
LANES_PER_WORD = 16
ZERO = 16_384
"""The lane value of a contribution of nothing."""
LARGEST = 32_765
UNREADABLE = 0x7FFF
COPY = 0x7FFE
METRIC_SCALE = 10_000
_LANE_MASK = (1 << LANE_BITS) - 1


def is_special(lane: int) -> bool:
    """Whether a lane value is a special word rather than a number."""
    return lane >= COPY


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
    """What a round's openings come to. `lanes` as on the chain: 0 for trainers that did not publish."""

    lanes: tuple[int, ...]
    published: frozenset[int]
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


def settle(openings: Mapping[int, Sequence[int]], published: frozenset[int], trainers: int, tau: int) -> SettledRound:
    """Settle a round.

    `openings` maps a seat to its `trainers + 1` lanes; `published` holds the slots that published an update in the round;
    `tau` is in units of 1e-5. ValueError when nobody opened. Seats whose special words differ from the settled ones are
    left out of the medians; a deviating seat is farther than `tau` from a settled contribution around which at least
    two thirds of the remaining openers agree.
    """
    if not openings:
        raise ValueError("a round without openings does not settle")
    first = _medians(openings, published, trainers)
    struck = {slot for slot in published if is_special(first[slot + 1])}
    left_out = frozenset(seat for seat, lanes in openings.items() if _special_slots(lanes, published) != struck)
    remaining = {seat: lanes for seat, lanes in openings.items() if seat not in left_out}
    lanes = first if not left_out else _medians_of_rest(remaining, first, published, struck, trainers)
    deviating = _deviating(remaining, lanes, published - struck, tau)
    return SettledRound(tuple(lanes), published, left_out, deviating)


def _special_slots(lanes: Sequence[int], published: frozenset[int]) -> set[int]:
    return {slot for slot in published if is_special(lanes[slot + 1])}


def _medians(openings: Mapping[int, Sequence[int]], published: frozenset[int], trainers: int) -> list[int]:
    return [
        lower_median([lanes[lane] for lanes in openings.values()]) if lane == 0 or lane - 1 in published else 0
        for lane in range(trainers + 1)
    ]


def _medians_of_rest(
    remaining: Mapping[int, Sequence[int]],
    first: Sequence[int],
    published: frozenset[int],
    struck: set[int],
    trainers: int,
) -> list[int]:
    if remaining:
        lanes = _medians(remaining, published, trainers)
    else:
        lanes = [0, *(ZERO if slot in published else 0 for slot in range(trainers))]
    for slot in struck:
        lanes[slot + 1] = first[slot + 1]
    return lanes


def _deviating(
    remaining: Mapping[int, Sequence[int]], settled: Sequence[int], counted: frozenset[int], tau: int
) -> frozenset[int]:
    needed = two_thirds(len(remaining))
    found: set[int] = set()
    for slot in counted:
        outside = {seat for seat, lanes in remaining.items() if abs(lanes[slot + 1] - settled[slot + 1]) > tau}
        if len(remaining) - len(outside) >= needed:
            found |= outside
    return frozenset(found)
