"""Nodes: their events folded into a view, and what they owe before any job."""

from typing import Any

import pytest
from tests.property.protocol.model_chain import account

from scatter.protocol.duties import DutyKind, Identity
from scatter.protocol.duties.enrolment import Keys, enrolment_duties
from scatter.protocol.ids import SCT
from scatter.protocol.projection import apply
from scatter.protocol.states import Role
from scatter.protocol.view import NetworkView, NodeView

ME = account(7)
KEYS = Keys(b"p" * 32, b"s" * 32)
TICKET = 25_000 * SCT
JOB = bytes(32)


def node_after(*events: tuple[str, dict[str, Any]]) -> NodeView:
    view = NetworkView()
    for name, values in events:
        view = apply(view, name, {"node": ME, **values}, block=1)
    return view.nodes[ME]


def registered(role: Role) -> tuple[str, dict[str, Any]]:
    return "NodeRegistered", {"role": int(role), "peer_key": KEYS.peer, "sealing_key": KEYS.sealing}


DEPOSITED = ("TicketDeposited", {"amount": TICKET, "stake": TICKET})
LOCKED = ("SeatLocked", {"job": JOB, "amount": 5_000 * SCT})
UNLOCKED = ("SeatUnlocked", {"job": JOB, "amount": 5_000 * SCT})
WITHDRAWN = ("Withdrawn", {"amount": TICKET})


def slashed(amount: int) -> tuple[str, dict[str, Any]]:
    return "StakeSlashed", {"job": JOB, "amount": amount}


def owed(node: NodeView | None, role: Role = Role.VALIDATOR) -> list[DutyKind]:
    return [duty.kind for duty in enrolment_duties(node, Identity(ME, role), KEYS)]


def test_a_ticket_is_locked_slashed_and_unlocked() -> None:
    seated = node_after(registered(Role.VALIDATOR), DEPOSITED, LOCKED)
    assert (seated.role, seated.stake, seated.locked) == (Role.VALIDATOR, TICKET, 5_000 * SCT)
    after = node_after(registered(Role.VALIDATOR), DEPOSITED, LOCKED, UNLOCKED, slashed(200 * SCT))
    assert (after.role, after.stake, after.locked) == (Role.VALIDATOR, TICKET - 200 * SCT, 0)


def test_the_role_goes_with_the_last_of_the_stake() -> None:
    assert node_after(registered(Role.VALIDATOR), DEPOSITED, slashed(TICKET)).role is Role.NONE


def test_a_withdrawal_is_off_when_the_ticket_is_put_up_again() -> None:
    request = ("WithdrawalRequested", {"available_at": 9})
    assert node_after(registered(Role.VALIDATOR), DEPOSITED, request).withdrawing
    assert not node_after(registered(Role.VALIDATOR), DEPOSITED, request, DEPOSITED).withdrawing
    gone = node_after(registered(Role.VALIDATOR), DEPOSITED, request, WITHDRAWN)
    assert (gone.withdrawing, gone.stake) == (False, 0)


def test_a_new_node_registers_then_puts_up_its_ticket() -> None:
    assert owed(None) == [DutyKind.REGISTER]
    assert owed(node_after(registered(Role.VALIDATOR))) == [DutyKind.DEPOSIT]
    assert owed(node_after(registered(Role.VALIDATOR), DEPOSITED)) == []


@pytest.mark.parametrize("role", [Role.REQUESTOR, Role.TRAINER])
def test_roles_without_a_ticket_only_register(role: Role) -> None:
    assert owed(None, role) == [DutyKind.REGISTER]
    assert owed(node_after(registered(role)), role) == []


def test_new_keys_and_another_role_are_registered() -> None:
    node = node_after(registered(Role.VALIDATOR), DEPOSITED)
    other = Keys(KEYS.peer, b"t" * 32)
    (duty,) = enrolment_duties(node, Identity(ME, Role.VALIDATOR), other)
    assert (duty.kind, duty.subject) == (DutyKind.REGISTER, (other.peer + other.sealing).hex()), (
        "other keys, another duty"
    )
    assert owed(node_after(registered(Role.TRAINER)), Role.VALIDATOR) == [DutyKind.REGISTER]


def test_who_left_or_lost_everything_comes_back_by_hand() -> None:
    """Nothing is put up anew without the operator: not after a withdrawal, not after slashes, not after the role is lost."""
    assert owed(node_after(registered(Role.VALIDATOR), DEPOSITED, WITHDRAWN)) == []
    assert owed(node_after(registered(Role.VALIDATOR), DEPOSITED, slashed(TICKET))) == []
    assert owed(node_after(registered(Role.VALIDATOR), DEPOSITED, slashed(TICKET // 2))) == []


def test_registering_anew_by_hand_is_the_operators_word() -> None:
    lost = [registered(Role.VALIDATOR), DEPOSITED, slashed(TICKET)]
    assert owed(node_after(*lost, registered(Role.VALIDATOR))) == [DutyKind.DEPOSIT]
    assert owed(node_after(*lost), Role.TRAINER) == [DutyKind.REGISTER]
    left = [registered(Role.VALIDATOR), DEPOSITED, WITHDRAWN]
    assert owed(node_after(*left), Role.CHALLENGER) == [DutyKind.REGISTER]
    assert owed(node_after(*left, registered(Role.CHALLENGER)), Role.CHALLENGER) == [DutyKind.DEPOSIT]
