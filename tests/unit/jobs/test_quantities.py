from decimal import Decimal

import pytest

from scatter.jobs.quantities import parse_amount, parse_duration, parse_share, parse_size


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("1000 SCT", 1000 * 10**18),
        ("0 SCT", 0),
        ("0.5 SCT", 5 * 10**17),
        ("0.000000000000000001 SCT", 1),
        ("123456789.123456789123456789 SCT", 123456789123456789123456789),
    ],
)
def test_amounts_are_exact(text: str, units: int) -> None:
    assert parse_amount(text) == units


@pytest.mark.parametrize(
    "text",
    [
        "1000",
        "SCT",
        "-1 SCT",
        "1,000 SCT",
        "1e3 SCT",
        ".5 SCT",
        "1. SCT",
        "1 sct",
        " 1 SCT",
        "1  SCT",
        "1 SCT\n",
        "١ SCT",
    ],
)
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        parse_amount(text)


def test_more_decimals_than_the_token_has_are_refused() -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        parse_amount("0.0000000000000000001 SCT")


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("2h", 7200), ("3d", 259_200)])
def test_durations(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "30", "s", "-1s", "1.5h", "2 h", "2h30m", "1w", "2H", "1s\n"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "size"), [("512MiB", 512 * 1024**2), ("2GiB", 2 * 1024**3)])
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["1GB", "1", "0MiB", "1 GiB", "1gib"])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("value", "points"), [(0, 0), (1, 10_000), (Decimal("0.5"), 5_000), (Decimal("0.0001"), 1), (Decimal("1e-4"), 1)]
)
def test_shares(value: int | Decimal, points: int) -> None:
    assert parse_share(value) == points


@pytest.mark.parametrize(
    "value",
    ["2", "-0.1", "0.00001", "NaN", "Infinity", "1e-999999999", "1e999999999", "0.50000000000000000000000000000000001"],
)
def test_other_shares_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is not a share"):
        parse_share(Decimal(value))
