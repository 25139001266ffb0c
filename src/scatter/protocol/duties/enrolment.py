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
    """Register when unknown or with other keys; then deposit a first ticket.

    What follows the first ticket is the operator's decision: one that was slashed is topped up by hand, and who withdrew
    or lost all of it comes back by hand.
    """
    if node is not None and _gone(node, me):
        return []
    if node is None or (node.role, node.peer_key, node.sealing_key) != (me.role, keys.peer, keys.sealing):
        return [Duty(NO_JOB, Round(0), DutyKind.REGISTER, keys.peer.hex() + keys.sealing.hex())]
    if me.role in STAKED_ROLES and node.stake == 0:
        return [Duty(NO_JOB, Round(0), DutyKind.DEPOSIT)]
    return []


def _gone(node: NodeView, me: Identity) -> bool:
    """Whether the node had a ticket in this role and has nothing left of it; a role is lost with the last of the stake."""
    return me.role in STAKED_ROLES and node.role in (Role.NONE, me.role) and node.deposited and node.stake == 0
