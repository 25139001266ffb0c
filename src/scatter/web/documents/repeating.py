"""A run as a scenario that comes out the same: with its seed, and what was done by hand written down."""

from collections.abc import Sequence

import tomlkit

from scatter.storage.interventions import StoredIntervention
from scatter.storage.runs import StoredRun
from scatter.web.documents import toplevel
from scatter.web.documents.blocks import DocumentError, parse

LIST = "interventions"


def as_run(run: StoredRun, done: Sequence[StoredIntervention]) -> str:
    """The document of a run, and what was done by hand as `[[interventions]]`. What waits for a block was not done. DocumentError
    where the document has some already that are not written under headers."""
    text = run.document
    if run.seed is not None:
        text = toplevel.change_table(text, "scenario", {"seed": run.seed})
    how = f"# As run {run.number} went, which was of the short form: scatter simulate --short\n" if run.short else ""
    text = how + text if text.endswith("\n") or not text else f"{how}{text}\n"
    for one in done:
        if one.before_block is not None:
            text += _block(one, one.before_block)
    try:
        parse(text)
    except DocumentError as error:
        raise DocumentError(
            f"write the {LIST} of this document under headers, [[{LIST}]]; then they can be added to"
        ) from error
    return text


def _block(one: StoredIntervention, block: int) -> str:
    table = tomlkit.table()
    table.update({"before_block": block, "do": one.do, "nodes": list(one.nodes)})
    return f"\n[[{LIST}]]\n{tomlkit.dumps(table)}"
