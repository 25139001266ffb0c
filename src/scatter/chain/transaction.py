"""What is sent, and its signing: EIP-1559 transactions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from scatter.protocol.ids import Address, address_bytes

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

PLAIN_TRANSFER_GAS = 21_000
_RLP_STRING, _RLP_LIST = 0x80, 0xC0


@dataclass(frozen=True, slots=True)
class Request:
    """A transaction before it has a nonce. `to` None creates a contract; `label` names it in messages."""

    to: Address | None
    data: bytes
    label: str

    def call_object(self, sender: Address) -> dict[str, Any]:
        """As eth_call and eth_estimateGas take it."""
        content: dict[str, Any] = {"from": sender, "data": f"0x{self.data.hex()}"}
        return content if self.to is None else {**content, "to": self.to}


def sign(
    account: "LocalAccount", chain_id: int, nonce: int, request: Request, gas: int, fees: tuple[int, int]
) -> tuple[bytes, bytes]:
    """Raw transaction and its hash. `fees` are the highest price and the tip, wei per gas."""
    signed = account.sign_transaction(
        {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "to": b"" if request.to is None else address_bytes(request.to),
            "value": 0,
            "data": request.data,
            "gas": gas,
            "maxFeePerGas": fees[0],
            "maxPriorityFeePerGas": fees[1],
        }
    )
    return bytes(signed.raw_transaction), bytes(signed.hash)


def created_address(creator: Address, nonce: int) -> Address:
    """Where a contract is that this account creates with this nonce: keccak256(rlp([creator, nonce]))[12:]."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    if nonce == 0 or nonce >= _RLP_STRING:
        number = bytes([_RLP_STRING + len(number)]) + number
    content = bytes([_RLP_STRING + 20]) + address_bytes(creator) + number
    return Address("0x" + keccak(bytes([_RLP_LIST + len(content)]) + content)[12:].hex())
