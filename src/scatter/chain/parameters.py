"""What the protocol is deployed with."""

from dataclasses import dataclass, fields
from typing import Any, Self

from scatter.protocol.ids import SCT, Address
from scatter.protocol.rates import Rates

DAY = 86_400
_RATES = Rates()


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """What the protocol is deployed with. Amounts in base units, durations in seconds, parts in 1/10000. Those of `Rates` are the
    first version of the parameters, which the owner can change for new jobs; all else is fixed. The defaults are
    docs/protocol.md's; `supply` is the token's, `owner_delay` the timelock's."""

    validator_ticket: int = _RATES.validator_ticket
    challenger_ticket: int = _RATES.challenger_ticket
    lock_bps: int = _RATES.lock_bps
    slash_base: int = _RATES.slash_base
    trainers_bps: int = _RATES.trainers_bps
    members_bps: int = _RATES.members_bps
    min_seat_pay: int = _RATES.min_seat_pay
    withdrawal_delay: int = 14 * DAY
    minimum_duration: int = 3_600
    challenge_bond: int = _RATES.challenge_bond
    juror_fee_bps: int = _RATES.juror_fee_bps
    supply: int = 1_000_000_000 * SCT
    owner_delay: int = 14 * DAY

    @classmethod
    def development(cls) -> Self:
        """For development chains, where deadlines may be a second away."""
        return cls(minimum_duration=1, owner_delay=60)

    @classmethod
    def parse(cls, content: Any) -> Self:
        """From a JSON object. ValueError names what is wrong with it."""
        names = [field.name for field in fields(cls)]
        if not isinstance(content, dict) or set(content) != set(names):
            raise ValueError(f"expected parameters with {', '.join(names)}")
        for name, value in content.items():
            if type(value) is not int or value < 0:
                raise ValueError(f"{name} is no whole number")
        return cls(**content)

    @property
    def rates(self) -> Rates:
        """The first version of the parameters."""
        return Rates(**{each.name: getattr(self, each.name) for each in fields(Rates)})

    def immutables(self, token: Address, randomness: Address, owner: Address) -> dict[str, Any]:
        """What the protocol and its modules keep for ever, as their constructors take it."""
        return {
            "token": token,
            "randomness": randomness,
            "owner": owner,
            "withdrawal_delay": self.withdrawal_delay,
            "minimum_duration": self.minimum_duration,
        }
