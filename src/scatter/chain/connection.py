"""One deployment of the protocol on one chain, over one RPC server: what reading and sending share."""

from typing import Any, Self

from scatter.chain.bindings import Bindings
from scatter.chain.deployment import Deployment
from scatter.chain.heads import DEVELOPMENT_INTERVAL, Heads
from scatter.chain.rpc import Rpc, RpcError
from scatter.errors import BadInput
from scatter.ports import Call, CallReverted, ChainError
from scatter.protocol.ids import Address


class WrongChain(BadInput, ChainError):
    """The server is on another chain than the one that was expected."""


class Connection:
    """Shared by the `EvmChain` and all `EvmSigner`s of a process. `interval` is how often to look for new blocks, in
    seconds; `patience` for how long lost connections are tried again."""

    def __init__(self, rpc: Rpc, heads: Heads, bindings: Bindings, chain_id: int, first_block: int) -> None:
        self.rpc = rpc
        self.heads = heads
        self.bindings = bindings
        self.chain_id = chain_id
        self.first_block = first_block

    @classmethod
    async def open(
        cls,
        url: str,
        deployment: Deployment | None,
        *,
        interval: float = DEVELOPMENT_INTERVAL,
        patience: float = 30.0,
    ) -> Self:
        """Connect, without a deployment only to deploy one. WrongChain when the server's chain id is not the deployment's;
        ChainUnavailable."""
        rpc = Rpc(url, patience=patience)
        try:
            chain_id = int(await rpc.call("eth_chainId"), 16)
            if deployment is None:
                return cls(rpc, Heads(rpc, interval), Bindings({}), chain_id, 0)
            if chain_id != deployment.chain_id:
                raise WrongChain(f"{url} is on chain {chain_id}, the deployment on chain {deployment.chain_id}")
            return cls(rpc, Heads(rpc, interval), deployment.bindings(), chain_id, deployment.block)
        except BaseException:
            await rpc.close()
            raise

    async def read(self, call: Call, *, sender: Address | None = None) -> Any:
        """The result of a call at the head that changes nothing there. CallReverted, BadArguments, ChainUnavailable."""
        to, data = self.bindings.encode(call)
        name = f"{call.contract}.{call.function}"
        request = {"to": to, "data": f"0x{data.hex()}"} | ({"from": sender} if sender else {})
        try:
            result = await self.rpc.call("eth_call", request, "latest")
        except RpcError as error:
            if error.data or "revert" in str(error):
                why = self.bindings.revert(error.data)
                raise CallReverted(f"{name} reverted: {why}", why.error, why.values) from error
            raise ChainError(f"{name}: {error}") from error
        return self.bindings.decode_result(call, bytes.fromhex(result[2:]))

    async def ether(self, account: Address) -> int:
        """What an account has to pay for gas, in wei, at the head. ChainUnavailable, RpcError."""
        return int(await self.rpc.call("eth_getBalance", account, "latest"), 16)

    async def close(self) -> None:
        """Close it; what still waits on it is cancelled."""
        await self.heads.close()
        await self.rpc.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
