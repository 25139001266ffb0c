"""What people do by hand to nodes of a run that goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from scatter.simulation.interventions import Intervention
from scatter.storage.interventions import SqlInterventions, StoredIntervention
from scatter.web.running.events import block_mark
from scatter.web.running.journal import Journal


@dataclass(frozen=True, slots=True)
class StoredHand:
    """A `simulation.interventions.Hand`: what the store was told. A block that is written down already had its say: it is told once
    more as it was."""

    interventions: SqlInterventions
    journal: Journal

    async def due(self, block: int) -> Sequence[Intervention]:
        """See `Hand`."""
        told = block_mark(block) in self.journal.marks
        found = await self.interventions.decide(self.journal.run, block, more=not told)
        return [as_intervention(one, block) for one in found]


def as_intervention(stored: StoredIntervention, block: int) -> Intervention:
    """As scenarios have it."""
    return Intervention(before_block=block, do=cast(Any, stored.do), nodes=stored.nodes)
