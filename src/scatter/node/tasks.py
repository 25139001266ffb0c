"""Duties as the queue keeps them."""

from collections.abc import Mapping
from typing import Any

from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import JobId, Round, Timestamp


def payload_of(duty: Duty) -> Mapping[str, Any]:
    """A duty as JSON values."""
    return {
        "job": duty.job.hex(),
        "round": duty.round,
        "kind": duty.kind.value,
        "subject": duty.subject,
        "deadline": duty.deadline,
    }


def duty_of(payload: Mapping[str, Any]) -> Duty:
    """The duty of a payload."""
    deadline = payload["deadline"]
    return Duty(
        JobId(bytes.fromhex(payload["job"])),
        Round(payload["round"]),
        DutyKind(payload["kind"]),
        payload["subject"],
        None if deadline is None else Timestamp(deadline),
    )
