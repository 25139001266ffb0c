"""One deployment of the protocol on one chain, over one RPC server: what reading and sending share."""

from typing import Self

from scatter.chain.bindings import Bindings
from scatter.chain.deployment import Deployment
from scatter.chain.heads import DEVELOPMENT_INTERVAL, Heads
from scatter.chain.rpc import Rpc
from scatter.ports import ChainError


class WrongChain(ChainError):
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

    async def close(self) -> None:
        """Close it; what still waits on it is cancelled."""
        await self.heads.close()
        await self.rpc.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
