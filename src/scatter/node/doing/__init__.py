"""The work behind each kind of duty, one module for each idea; `BY_KIND` is the table.

Work reads its facts from the chain view, its secrets from artefacts, its content from the library, and leaves one artefact
or one transaction. It may be interrupted anywhere and is then done again: nothing that commits is computed twice.
"""

from collections.abc import Awaitable, Callable, Mapping

from scatter.node.doing.auditing import audit
from scatter.node.doing.fetching import fetch
from scatter.node.doing.judging import fetch_keys, judge
from scatter.node.doing.keys import open_keys, seal_keys
from scatter.node.doing.scoring import aggregate, score
from scatter.node.doing.sending import send
from scatter.node.doing.training import examine, train
from scatter.node.library import require_kept
from scatter.node.parts import Parts
from scatter.ports import ContentMissing
from scatter.protocol.duties import Duty, DutyKind

BY_KIND: Mapping[DutyKind, Callable[[Parts, Duty], Awaitable[None]]] = {
    DutyKind.FETCH: fetch,
    DutyKind.EXAMINE: examine,
    DutyKind.SEAL_KEYS: seal_keys,
    DutyKind.OPEN_KEYS: open_keys,
    DutyKind.TRAIN: train,
    DutyKind.SCORE: score,
    DutyKind.AGGREGATE: aggregate,
    DutyKind.AUDIT: audit,
    DutyKind.FETCH_KEYS: fetch_keys,
    DutyKind.JUDGE: judge,
}
"""Everything that is not here sends a transaction."""


async def do(parts: Parts, duty: Duty) -> None:
    """Do one duty. What turns out to be damaged counts as missing from then on, so that it is fetched again."""
    try:
        await BY_KIND.get(duty.kind, send)(parts, duty)
    except ContentMissing:
        view = parts.view.network.jobs.get(duty.job)
        if view is not None:
            await require_kept(parts, view, duty.round)
        raise
