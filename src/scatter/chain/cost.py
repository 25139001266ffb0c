"""What deploying costs, before it is done."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from scatter.chain.connection import Connection
from scatter.chain.deployment import TOKEN
from scatter.chain.plan import Plan
from scatter.chain.transaction import Request
from scatter.protocol.ids import Address, address

# https://ethereum.github.io/yellowpaper/paper.pdf, appendix G, and EIP-3860. The code that stays is somewhat shorter than the
# creation code, so all of that is counted; what constructors compute and store is less than the last number.
_CREATION, _DATA_BYTE, _CODE_BYTE, _WORD_OF_CREATION_CODE = 53_000, 16, 200, 2
_CONSTRUCTOR = 200_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Estimated gas of what is still to be created, and wei per gas: now, and at most; and what the deployer has, in wei."""

    gas: int
    price: int
    highest_price: int
    balance: int


async def estimate(connection: Connection, plan: Plan, created: Mapping[str, Address]) -> Cost:
    """What it will cost the holder to create everything but what is `created` already. The server says what the token costs, which
    most chains charge as above and some otherwise; the others are scaled to it. ChainError."""
    token = plan.creation(TOKEN, {})
    request = Request(None, token, f"creating {TOKEN}")
    asked = connection.rpc.call
    gas, tip, balance, head = await asyncio.gather(
        asked("eth_estimateGas", request.call_object(plan.holder)),
        asked("eth_maxPriorityFeePerGas"),
        connection.ether(plan.holder),
        connection.heads.latest(),
    )
    # Addresses that are not known yet cost as much as any.
    somewhere = {name: created.get(name, _SOMEWHERE) for name in plan.contracts}
    ours = sum(_gas(plan.creation(name, somewhere)) for name in plan.contracts if name not in created)
    scaled = ours * max(int(gas, 16), _gas(token)) // _gas(token)
    price = head.base_fee + int(tip, 16)
    return Cost(scaled, price, price + head.base_fee, balance)


_SOMEWHERE = address("0x" + "11" * 20)


def _gas(creation: bytes) -> int:
    words = (len(creation) + 31) // 32
    return _CREATION + len(creation) * (_DATA_BYTE + _CODE_BYTE) + words * _WORD_OF_CREATION_CODE + _CONSTRUCTOR
