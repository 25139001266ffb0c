"""What things cost: gas by what was called, and the chain's time by state."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from scatter.web.record.record import RunRecord
from scatter.web.views.text import count, duration, words

MOST_BARS = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar as wide as `share`, 0 to 1, of the longest."""

    label: str
    text: str
    value: float
    share: float


def gas_by_function(record: RunRecord) -> Sequence[Bar]:
    """All gas of the nodes' transactions, by function."""
    total: dict[str, int] = defaultdict(int)
    times: dict[str, int] = defaultdict(int)
    for function, gas in zip(
        record["transactions"].column("function"), record["transactions"].column("gas"), strict=True
    ):
        total[function] += gas
        times[function] += 1
    return _bars([(words(name), gas, f"{gas:,} gas in {count(times[name], 'call')}") for name, gas in total.items()])


def time_in_states(record: RunRecord) -> Sequence[Bar]:
    """The chain's time that jobs spent in each state, on the mean."""
    seconds: dict[str, list[int]] = defaultdict(list)
    for state, lasted in zip(record["durations"].column("state"), record["durations"].column("seconds"), strict=True):
        seconds[state].append(lasted)
    return _bars(
        [
            (
                words(state),
                sum(all_) / len(all_),
                f"{duration(round(sum(all_) / len(all_)))}, {count(len(all_), 'time')}",
            )
            for state, all_ in seconds.items()
        ]
    )


def _bars(values: Sequence[tuple[str, float, str]]) -> Sequence[Bar]:
    ordered = sorted(values, key=lambda one: -one[1])[:MOST_BARS]
    longest = max((value for _, value, _ in ordered), default=0) or 1
    return [Bar(label, text, value, value / longest) for label, value, text in ordered]
