"""What a node owes now, all in all: the pure rules of `protocol.duties`, asked with what is here and bent by its behaviour."""

import logging
from collections.abc import Container, Sequence

from scatter.node.behaviour import Scene
from scatter.node.orders import leaves_alone
from scatter.node.parts import Parts
from scatter.protocol.duties import Duty, DutyKind, Holdings, duties, enrolment_duties
from scatter.protocol.duties.enrolment import Keys
from scatter.protocol.ids import Digest, JobId
from scatter.protocol.view import JobView

_JOINING = frozenset({DutyKind.FETCH, DutyKind.EXAMINE, DutyKind.JOIN})
COMPLETE = "complete/"
"""Artefacts under this prefix name manifests that are here with everything they list."""

log = logging.getLogger(__name__)


class Owing:
    """Asks for the duties of one node. A job that no rule can tell anything about does not stop the others."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._puzzling: set[JobId] = set()

    async def now(self, given_up: Container[str] = ()) -> Sequence[Duty]:
        """Everything owed at the head, the most urgent last in a job, without the keys that were given up."""
        parts = self._parts
        holdings = await self._holdings()
        owed = [duty for duty in self._find(holdings) if duty.key not in given_up]
        scene = Scene(parts.view.network, parts.identity, holdings, parts.view.now)
        return [duty for duty in parts.behaviour.duties(owed, scene) if duty.key not in given_up]

    def _find(self, holdings: Holdings) -> list[Duty]:
        parts, network = self._parts, self._parts.view.network
        me = network.nodes.get(parts.identity.address)
        enrolment = enrolment_duties(me, parts.identity, Keys(parts.network.peer, parts.sealing_public))
        if enrolment:
            return enrolment
        return [duty for view in network.jobs.values() for duty in self._owed_to(view, holdings)]

    def _owed_to(self, view: JobView, holdings: Holdings) -> list[Duty]:
        try:
            owed = duties(view, self._parts.identity, holdings, self._parts.view.now)
            alone = leaves_alone(self._parts, view, holdings.made)
            return [duty for duty in owed if duty.kind not in _JOINING] if alone else owed
        except Exception:
            if view.id not in self._puzzling:
                log.exception("%s cannot tell what it owes to job %s", self._parts.name, view.id.hex())
            self._puzzling.add(view.id)
            return []

    async def _holdings(self) -> Holdings:
        keys = await self._parts.artefacts.keys("")
        content = frozenset(
            Digest(bytes.fromhex(key.removeprefix(COMPLETE))) for key in keys if key.startswith(COMPLETE)
        )
        return Holdings(content, keys)
