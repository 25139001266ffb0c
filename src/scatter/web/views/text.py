"""Numbers and times as people read them."""

from scatter.chain.anvil import GENESIS
from scatter.protocol.ids import SCT

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def sct(amount: int, places: int = 2) -> str:
    """Base units in tokens, rounded towards nothing: `1,234.50`."""
    whole, rest = divmod(abs(amount), SCT)
    digits = f"{rest:018d}"[:places]
    sign = "−" if amount < 0 and (whole or int(digits or 0)) else ""
    return f"{sign}{whole:,}" + (f".{digits}" if places else "")


def gain(amount: int) -> str:
    """The same with a sign: `+12.00`, `−3.50`, `0.00`."""
    text = sct(amount)
    return f"+{text}" if amount > 0 and text.strip("0.,") else text


def exact(amount: int) -> str:
    """Base units in tokens to the last digit."""
    whole, rest = divmod(abs(amount), SCT)
    digits = f"{rest:018d}".rstrip("0")
    return f"{'−' if amount < 0 else ''}{whole:,}{'.' + digits if digits else ''} SCT"


def duration(seconds: float | None) -> str:
    """Two units at most: `2 d 3 h`, `41 s`, `0.3 s`, `< 0.1 s`; `–` for nobody knows."""
    if seconds is None:
        return "–"
    if 0 < seconds < 0.05:
        return "< 0.1 s"
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    left, parts = int(seconds), list[str]()
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or (not parts and size == 1):
            parts.append(f"{count} {unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def chain_time(timestamp: int) -> str:
    """A time of the development chain, from its beginning on: `day 1, 00:02:48`."""
    passed = max(0, timestamp - GENESIS)
    days, left = divmod(passed, 86_400)
    return f"day {days + 1}, {left // 3600:02d}:{left // 60 % 60:02d}:{left % 60:02d}"


def count(number: int, one: str, more: str | None = None) -> str:
    """`1 node`, `12 nodes`."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def contribution(units: int | None, special: str | None) -> str:
    """A score as on the chain, in units of 1e-5, as a fraction; or its special word."""
    if units is None:
        return special or "–"
    return f"{'+' if units > 0 else '−' if units < 0 else ''}{abs(units) / 100_000:.5f}"


def words(name: str) -> str:
    """`NoShardKey` as `no shard key`, `commitVerdict` as `commit verdict`."""
    made = ""
    for letter in name:
        made += f" {letter.lower()}" if letter.isupper() and made else letter.lower()
    return made.replace("_", " ").replace("-", " ")
