"""What a recording starts from: what no event that follows tells."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from scatter.ports import BlockRef
from scatter.protocol.ids import Address, address
from scatter.protocol.rates import Rates


@dataclass(frozen=True, slots=True)
class Beginning:
    """The block before the first that is recorded, and the tokens that everybody had then (base units; those that are not
    named had none). `protocol` is the contract that holds stakes, escrows and the challenge pool. `others` are names of
    accounts that are no nodes (the operator, say)."""

    block: BlockRef
    protocol: Address
    balances: Mapping[Address, int] = field(default_factory=dict)
    others: Mapping[Address, str] = field(default_factory=dict)
    rates: Rates = Rates()  # noqa: RUF009 — immutable


@dataclass(frozen=True, slots=True)
class Deployed:
    """Of the beginning, what no table holds: kept beside the tables, as JSON."""

    protocol: Address
    rates: Rates

    def to_json(self) -> dict[str, Any]:
        """As JSON values; amounts in base units."""
        return {"protocol": self.protocol, "rates": asdict(self.rates)}

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """From `to_json`; ValueError names what is wrong."""
        names = {each.name for each in fields(Rates)}
        if not isinstance(values, dict) or set(values) != {"protocol", "rates"}:
            raise ValueError("expected protocol and rates")
        rates = values["rates"]
        if not isinstance(rates, dict) or set(rates) != names:
            raise ValueError(f"expected rates with {', '.join(sorted(names))}")
        if not all(type(value) is int and value >= 0 for value in rates.values()):
            raise ValueError("a rate is no whole number")
        if not isinstance(values["protocol"], str):
            raise ValueError("the protocol has no address")
        return cls(address(values["protocol"]), Rates(**rates))
