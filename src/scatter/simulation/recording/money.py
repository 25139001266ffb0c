"""Tokens in the recording: wallets from the token's transfers, tickets from the view, the challenge pool from claims and fees."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scatter.ports import ChainEvent
from scatter.protocol.ids import Address
from scatter.simulation.recording.book import ZERO_ADDRESS, Book, RecordingError, Scene

NO_STAKE = (0, 0, False)


@dataclass
class Money:
    """What everybody has, in base units, as far as it is written in the book."""

    protocol: Address
    balances: dict[Address, int] = field(default_factory=dict)
    stakes: dict[Address, tuple[int, int, bool]] = field(default_factory=dict)
    challenge_pool: int = 0
    supply: int = 0
    _pools: tuple[int, ...] = ()
    _before: dict[Address, int | None] = field(default_factory=dict)
    """What those who moved tokens in this block had before it; None: they are new."""

    def start(self, scene: Scene, balances: Mapping[Address, int]) -> None:
        """Write what everybody has at the beginning: also those who have nothing."""
        for account in balances:
            scene.book.name(account)
        self.balances = {account: balances.get(account, 0) for account in scene.book.names}
        self.supply = sum(self.balances.values())
        self._before = dict.fromkeys(self.balances)
        self.end_block(scene)

    def check(self, block: int, events: Iterable[ChainEvent]) -> None:
        """RecordingError when somebody spends tokens in a block that it never had: then the beginning's balances were
        others."""
        moved: Counter[Address] = Counter()
        for values in (event.values for event in events if _moves_tokens(event)):
            moved[values["from"]] -= values["value"]
            moved[values["to"]] += values["value"]
        for account, amount in moved.items():
            if account != ZERO_ADDRESS and self.balances.get(account, 0) + amount < 0:
                raise RecordingError(f"{account} spends tokens in block {block} that it never had")

    def see(self, scene: Scene, event: ChainEvent) -> None:
        """Follow one event."""
        values = event.values
        if _moves_tokens(event):
            self._move(scene.book, values["from"], -values["value"])
            self._move(scene.book, values["to"], values["value"])
        elif event.name == "Claimed":
            self.challenge_pool += values["to_challenge_pool"]
        elif event.name == "JurorFeesReserved":
            self.challenge_pool -= values["fee"] * values["jurors"].bit_count()

    def _move(self, book: Book, account: Address, amount: int) -> None:
        if account == ZERO_ADDRESS:
            self.supply -= amount
            return
        book.name(account)
        self._before.setdefault(account, self.balances.get(account))
        self.balances[account] = self.balances.get(account, 0) + amount

    def end_block(self, scene: Scene) -> None:
        """Write what changed, in the order of the nodes."""
        for account, name in scene.book.names.items():
            if account in self._before and self._before[account] != self.balances[account]:
                scene.add("balances", node=name, balance=self.balances[account])
        self._before.clear()
        self._end_stakes(scene)
        pools = (
            self.challenge_pool,
            sum(stake for stake, _, _ in self.stakes.values()),
            self.balances.get(self.protocol, 0),
            self.supply,
        )
        if pools != self._pools:
            self._pools = pools
            pool, stakes, held, supply = pools
            scene.add("pools", challenge_pool=pool, stakes=stakes, held=held, supply=supply)

    def _end_stakes(self, scene: Scene) -> None:
        for account in scene.network.nodes:
            scene.book.name(account)
        for account, name in scene.book.names.items():
            node = scene.network.nodes.get(account)
            if node is None:
                continue
            stake = (node.stake, node.locked, node.withdrawing)
            if stake != self.stakes.get(account, NO_STAKE):
                self.stakes[account] = stake
                scene.add("stakes", node=name, stake=node.stake, locked=node.locked, withdrawing=node.withdrawing)


def _moves_tokens(event: ChainEvent) -> bool:
    """Whether it is a transfer of SCT; a record's has the number of an ERC-721 token in the place of a value."""
    return event.name == "Transfer" and "value" in event.values
