"""Tokens of what was made in a job: training job, evaluation job, models (ERC-721, `ScatterRecords`)."""

from dataclasses import dataclass
from enum import IntEnum

from scatter.protocol.ids import Address, Round


class RecordKind(IntEnum):
    """What a token stands for. The numbers are those of the contracts."""

    TRAINING_JOB = 0
    EVALUATION_JOB = 1
    MODEL = 2


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """A token of a job that was minted, to its maker; round 0 for the job's own two."""

    kind: RecordKind
    maker: Address
    round: Round = Round(0)  # noqa: RUF009 — a NewType of int is immutable
