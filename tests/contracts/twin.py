"""The deployed contracts on a development chain, taken through a script block by block."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, is_dataclass
from typing import Any

from tests.contracts.script import Script, Standing, Step
from tests.property.protocol.model_chain import FUNDS

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.artifacts import load
from scatter.chain.bindings import Bindings, Contract
from scatter.chain.deployment import PROTOCOL, REPUTATION, TIMELOCK, TOKEN
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.rpc import Rpc, RpcError
from scatter.ports import Call, ChainEvent, LogEntry
from scatter.protocol.ids import Address, JobId, address

GAS = 16_000_000
_READ = (TOKEN, PROTOCOL, TIMELOCK, REPUTATION)
WEALTH = 10**24
DEPLOYER = Address(f"0x{0xDE:040x}")


class Twin:
    """One deployment. Accounts act without keys: anvil impersonates them."""

    def __init__(self, chain: DevelopmentChain, parameters: ChainParameters) -> None:
        self._chain, self._parameters = chain, parameters
        self._rpc = Rpc(chain.url, patience=10)
        self._transactions: list[tuple[Step, str]] = []
        self.dry_runs: dict[tuple[JobId, Address], tuple[int, int, int]] = {}
        """What `owed` said of an account just before it was claimed for."""
        self.bindings = Bindings({})
        self._origin, self._kept = chain.head, ""

    @classmethod
    @asynccontextmanager
    async def start(cls, parameters: ChainParameters, seed: bytes) -> AsyncIterator["Twin"]:
        """A new chain with the contracts on it."""
        async with await DevelopmentChain.start() as chain:
            twin = cls(chain, parameters)
            try:
                await twin._deploy(seed)
                yield twin
            finally:
                await twin._rpc.close()

    async def _deploy(self, seed: bytes) -> None:
        await self._rpc.call("anvil_autoImpersonateAccount", True)
        await self._rpc.call("anvil_setBalance", DEPLOYER, hex(WEALTH))
        plan, addresses = Plan(self._parameters, DEPLOYER, seed), dict[str, Address]()
        for name in plan.contracts:
            addresses[name] = await self._create(name, plan.creation(name, addresses))
        self.bindings = Bindings({n: (addresses[n], Contract.of(load(n))) for n in _READ})
        await self._rpc.call("anvil_setBalance", self.owner, hex(WEALTH))
        self._origin = self._chain.head

    async def _create(self, name: str, creation: bytes) -> Address:
        sent = await self._send(DEPLOYER, None, creation)
        await self._chain.mine()
        receipt = await self._rpc.call("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1", f"{name} cannot be created"
        return address(receipt["contractAddress"])

    async def _send(self, sender: Address, to: Address | None, data: bytes) -> str:
        transaction = {"from": sender, "data": "0x" + data.hex(), "gas": hex(GAS)}
        return str(await self._rpc.call("eth_sendTransaction", transaction | ({"to": to} if to else {})))

    @property
    def protocol(self) -> Address:
        return self.bindings.address(PROTOCOL)

    @property
    def owner(self) -> Address:
        return self.bindings.address(TIMELOCK)

    async def read(self, function: str, *arguments: Any, contract: str = PROTOCOL) -> Any:
        """A view function's result."""
        call = Call(contract, function, arguments)
        where, data = self.bindings.encode(call)
        answer = await self._rpc.call("eth_call", {"to": where, "data": "0x" + data.hex()}, "latest")
        return self.bindings.decode_result(call, bytes.fromhex(answer[2:]))

    def begin(self, script: Script) -> None:
        """Let a script start where the contracts had just been deployed."""
        origin = self._origin
        script.contract, script.block, script.timestamp = self.protocol, origin.number, origin.timestamp
        script.withdrawal_delay, script.owner = self._parameters.withdrawal_delay, self.owner
        # What the deployment said, the model said when it was made.
        script.events.clear()

    async def keep(self) -> None:
        """Remember where the chain stands."""
        self._kept = str(await self._rpc.call("evm_snapshot"))

    async def restore(self) -> None:
        """Go back to where the chain stood."""
        assert await self._rpc.call("evm_revert", self._kept)
        self._transactions.clear()
        self.dry_runs.clear()
        await self.keep()

    async def replay(self, steps: Sequence[Step]) -> None:
        """Mine one block for each step."""
        for step in steps:
            if step.function == "register":
                await self._fund(step.sender)
            if step.sender is not None:
                where, data = self.bindings.encode(Call(PROTOCOL, camel_case(step.function), _plain(step.arguments)))
                if step.function == "claim" and step.refused is None:
                    await self._dry_run(step.arguments[0], step.words)
                if step.refused is not None:
                    assert await self._refusal(step, where, data) == step.refused, str(step)
                self._transactions.append((step, await self._send(step.sender, where, data)))
            await self._rpc.call("evm_mine", step.timestamp)
            if step.after is not None:
                assert await self._standing(step) == step.after, str(step)

    async def _standing(self, step: Step) -> Standing:
        job, challenge_pool, held, sender = await asyncio.gather(
            self.read("job", step.arguments[0]),
            self.read("challengePool"),
            self.read("balanceOf", self.protocol, contract=TOKEN),
            self.read("balanceOf", step.sender, contract=TOKEN),
        )
        assert step.after is not None
        return Standing({name: job[name] for name in step.after.job}, challenge_pool, held, sender)

    async def _dry_run(self, job: JobId, words: Mapping[Address, Sequence[int]]) -> None:
        owed = await asyncio.gather(*(self.read("owed", job, account, passed) for account, passed in words.items()))
        for account, amounts in zip(words, owed, strict=True):
            self.dry_runs[job, account] = tuple(amounts.values())

    async def _fund(self, account: Address | None) -> None:
        """In the block of its first registration an account gets tokens, and lets the protocol take them."""
        assert account is not None
        if int(await self._rpc.call("eth_getTransactionCount", account, "latest"), 16):
            return
        await self._rpc.call("anvil_setBalance", account, hex(WEALTH))
        for sender, function, spender, amount in (
            (DEPLOYER, "transfer", account, FUNDS),
            (account, "approve", self.protocol, 2**256 - 1),
        ):
            await self._send(sender, *self.bindings.encode(Call(TOKEN, function, (spender, amount))))

    async def _refusal(self, step: Step, where: Address, data: bytes) -> str:
        """The error with which a step's call reverts in the block that comes next."""
        call = {"from": step.sender, "to": where, "data": "0x" + data.hex(), "gas": hex(GAS)}
        block = {"number": hex(step.block), "time": hex(step.timestamp)}
        try:
            await self._rpc.call("eth_call", call, "latest", {}, block)
        except RpcError as error:
            return self.bindings.revert(error.data).error
        return ""

    async def record(self, job: JobId, accounts: Sequence[Address]) -> None:
        """Have deeds recorded, in the block of the next step."""
        await self._send(DEPLOYER, *self.bindings.encode(Call(REPUTATION, "record", (job, list(accounts)))))

    async def mine(self) -> None:
        """Mine what waits."""
        await self._rpc.call("evm_mine")

    async def check_outcomes(self) -> None:
        """Every transaction so far succeeded or reverted as its step says."""
        hashes = [sent for _, sent in self._transactions]
        receipts = await asyncio.gather(*(self._rpc.call("eth_getTransactionReceipt", sent) for sent in hashes))
        for (step, _), receipt in zip(self._transactions, receipts, strict=True):
            assert int(receipt["blockNumber"], 16) == step.block, str(step)
            assert (receipt["status"] == "0x1") == (step.refused is None), f"not so on the chain: {step}"
        self._transactions.clear()

    async def events(self) -> list[ChainEvent]:
        """All events of the protocol since the script began."""
        where = {"address": self.protocol, "fromBlock": hex(self._origin.number + 1), "toBlock": "latest"}
        found = [self.bindings.decode_log(_log(raw)) for raw in await self._rpc.call("eth_getLogs", where)]
        return [event for event in found if event is not None]


def camel_case(name: str) -> str:
    """`publish_keys` → `publishKeys`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(asdict(a) if is_dataclass(a) and not isinstance(a, type) else a for a in arguments)


def _log(raw: Any) -> LogEntry:
    return LogEntry(
        block=int(raw["blockNumber"], 16),
        log_index=int(raw["logIndex"], 16),
        address=address(raw["address"]),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
        data=bytes.fromhex(raw["data"][2:]),
        transaction=bytes.fromhex(raw["transactionHash"][2:]),
    )
