"""What a node owes before any job: to be registered with its keys, and a ticket where its role needs one."""

from dataclasses import dataclass

from scatter.protocol.duties.duty import Duty, DutyKind, Identity
from scatter.protocol.ids import JobId, Round
from scatter.protocol.states import Role
from scatter.protocol.view import NodeView

NO_JOB = JobId(bytes(32))
STAKED_ROLES = frozenset({Role.VALIDATOR, Role.CHALLENGER})


@dataclass(frozen=True, slots=True)
class Keys:
    """The public keys a node registers: Ed25519 of its peer, X25519 for what is sealed to it; 32 bytes each."""

    peer: bytes
    sealing: bytes


def enrolment_duties(node: NodeView | None, me: Identity, keys: Keys) -> list[Duty]:
    """Register when unknown or with other keys; then deposit a first ticket. A ticket that was slashed is topped up by hand."""
    if node is None or (node.role, node.peer_key, node.sealing_key) != (me.role, keys.peer, keys.sealing):
        return [Duty(NO_JOB, Round(0), DutyKind.REGISTER, keys.peer.hex() + keys.sealing.hex())]
    if me.role in STAKED_ROLES and node.stake == 0 and not node.withdrawing:
        return [Duty(NO_JOB, Round(0), DutyKind.DEPOSIT)]
    return []
