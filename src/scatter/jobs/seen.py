"""A value from a file that somebody wrote, as a sentence about it shows it."""

from typing import Any

from scatter.jobs.paths import shown


def seen(value: Any) -> str:
    """What TOML makes of a key: text quoted and cut, numbers as they are, tables and lists by what they are."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return "a table with something else in it" if value else "an empty table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return shown(str(value))[1:-1]
