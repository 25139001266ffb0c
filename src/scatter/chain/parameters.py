"""What the protocol is deployed with."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from scatter.protocol.ids import SCT, Address
from scatter.protocol.rates import Rates

DAY = 86_400
_RATES = Rates()


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """What the protocol is deployed with; fixed afterwards. Amounts in base units, durations in seconds, parts in 1/10000.
    The defaults are docs/protocol.md's, what money depends on those of `Rates`, `supply` is the token's."""

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

    @classmethod
    def development(cls) -> Self:
        """For development chains, where deadlines may be a second away."""
        return cls(minimum_duration=1)

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

    def struct(self, token: Address, randomness: Address) -> dict[str, Any]:
        """As the contracts' constructors take it: without the supply, with the contracts that the protocol stands on."""
        rest = asdict(self)
        del rest["supply"]
        return {"token": token, "randomness": randomness, **rest}
