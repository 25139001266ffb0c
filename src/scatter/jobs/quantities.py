"""Amounts, durations, sizes and shares as people write them in `job.toml`, parsed exactly."""

import re
from decimal import Decimal

from scatter.protocol.ids import DECIMALS, SCT
from scatter.protocol.terms import MAX_BPS

_AMOUNT = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,18}))? SCT", re.ASCII)
_DURATION = re.compile(r"([1-9][0-9]{0,8})(s|m|h|d)", re.ASCII)
_SIZE = re.compile(r"([1-9][0-9]{0,8})(MiB|GiB)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"MiB": 1024**2, "GiB": 1024**3}


def parse_amount(text: str) -> int:
    """`"1000 SCT"`, `"0.5 SCT"` in base units, exact to the last of 18 decimals. Raises ValueError."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an amount like '1000 SCT'")
    whole: int = int(match[1]) * SCT
    return whole + int((match[2] or "").ljust(DECIMALS, "0"))


def parse_duration(text: str) -> int:
    """`"30s"`, `"15m"`, `"2h"`, `"3d"` in seconds. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration like '30s', '15m', '2h' or '3d'")
    return int(match[1]) * _SECONDS[match[2]]


def parse_size(text: str) -> int:
    """`"512MiB"`, `"2GiB"` in bytes. Raises ValueError."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size like '512MiB' or '2GiB'")
    return int(match[1]) * _BYTES[match[2]]


def parse_share(value: int | Decimal) -> int:
    """A share between 0 and 1 in basis points. Raises ValueError when it is neither or finer than a basis point."""
    share = Decimal(value)
    if share.is_finite() and 0 <= share <= 1:
        points = int(share * MAX_BPS)
        if Decimal(points) / MAX_BPS == share:
            return points
    raise ValueError(f"{value} is not a share between 0 and 1 in steps of 0.0001")
