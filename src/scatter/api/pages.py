"""Lists in pages: `limit` items after the one that `after` names."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Annotated, TypeVar

from fastapi import Query

from scatter.api.models import Item, Page

MOST = 200
T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
After = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


def page(
    everything: Sequence[T], key: Callable[[T], str], shown: Callable[[T], Item], limit: int, after: str | None
) -> Page[Item]:
    """The items after one that a key names. When that one has gone, those that come after it by the order of keys, if the list
    has that order; otherwise the list from its beginning."""
    start = 0
    if after is not None:
        keys = [key(one) for one in everything]
        start = (
            keys.index(after) + 1 if after in keys else sum(1 for one in keys if one <= after) * (keys == sorted(keys))
        )
    some = list(islice(everything, start, start + limit))
    more = start + limit < len(everything)
    return Page(items=[shown(one) for one in some], next=key(some[-1]) if more and some else None)
