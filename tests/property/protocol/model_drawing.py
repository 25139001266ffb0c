"""Drawing on the model chain: members, auditors, a count of possible jurors; later the jury. In pages, as the contract does."""

from dataclasses import dataclass, field

from tests.property.protocol.model_parts import NOTHING, ModelSeat
from tests.property.protocol.model_states import JobStates

from scatter.protocol.draw import candidates
from scatter.protocol.ids import Address
from scatter.protocol.pay import seat_lock, ticket
from scatter.protocol.states import Reason, Role, SeatKind, State

PAGE_CANDIDATES, PAGE_SEATS = 32, 16
ATTEMPTS = 3


@dataclass
class Draw:
    """A draw in progress: the frozen pools, the walks through them, how far they are."""

    pools: dict[Role, list[Address]]
    block: int = 0
    attempt: int = 0
    seed: bytes = NOTHING
    cursors: dict[SeatKind, int] = field(default_factory=dict)
    others: int = 0

    def walk(self, kind: SeatKind) -> list[tuple[Address, Role]]:
        roles = {SeatKind.MEMBER: [Role.VALIDATOR], SeatKind.AUDITOR: [Role.CHALLENGER]}
        pool = [(node, role) for role in roles.get(kind, list(self.pools)) for node in self.pools[role]]
        return [pool[index] for index in candidates(self.seed, kind, len(pool))]

    def over(self, kind: SeatKind) -> bool:
        return self.cursors.get(kind, 0) == len(self.walk(kind))


@dataclass
class Page:
    candidates: int = PAGE_CANDIDATES
    seats: int = PAGE_SEATS


class Drawing(JobStates):
    draw: Draw

    def _begin_draw(self, state: State, reason: Reason = Reason.NONE) -> None:
        self.enter(state, reason=reason)
        self.draw = Draw({role: list(pool) for role, pool in self.chain.pools.items()})
        self._name_block()

    def _name_block(self) -> None:
        self.draw.block, self.draw.attempt = self.chain.block + 1, self.draw.attempt + 1
        self._emit("DrawScheduled", draw_block=self.draw.block, attempt=self.draw.attempt)

    def _seed(self) -> tuple[bool, bool]:
        """Whether the draw may go on, and whether its last block is gone."""
        draw = self.draw
        if self.chain.block <= draw.block:
            return False, False
        draw.seed = self.chain.random(draw.block, self.id) if draw.seed == NOTHING else draw.seed
        if draw.seed != NOTHING:
            return True, False
        if draw.attempt < ATTEMPTS:
            self._name_block()
            return False, False
        return False, True

    def _draw_seats(self) -> None:
        known, expired = self._seed()
        if expired:
            self.enter(State.CANCELLED, reason=Reason.DRAW_EXPIRED)
        if not known:
            return
        page, kind = Page(), SeatKind.MEMBER
        missing = self._search(page, kind, self.terms.members)
        if not missing:
            kind = SeatKind.AUDITOR
            missing = self._search(page, kind, self.terms.auditors)
        over = self.draw.over(kind)
        if not missing and self.terms.min_jury:
            missing, over = self._count_others(page)
        if not missing:
            self.enter(State.KEYING, "keys")
        elif over:
            self.enter(State.CANCELLED, reason=Reason.NO_COMMITTEE)

    def _count_others(self, page: Page) -> tuple[int, bool]:
        draw = self.draw
        for kind in (SeatKind.MEMBER, SeatKind.AUDITOR):
            wanted = self.terms.min_jury - draw.others
            draw.others += len(self._walk_on(page, kind, wanted, wanted, half=False))
            if not draw.over(kind):
                break
        return self.terms.min_jury - draw.others, draw.over(SeatKind.MEMBER) and draw.over(SeatKind.AUDITOR)

    def _draw_jurors(self) -> bool:
        """One page; whether the jury is complete: all seats taken, or nobody left to ask."""
        missing = self._search(Page(), SeatKind.JUROR, self.terms.jury)
        return not missing or self.draw.over(SeatKind.JUROR)

    def _search(self, page: Page, kind: SeatKind, seats: int) -> int:
        """Fill the seats of a kind as far as the page goes; how many are still missing."""
        first = len(self.drawn[kind])
        wanted = seats - first
        found = self._walk_on(page, kind, wanted, min(wanted, page.seats), half=kind is not SeatKind.JUROR)
        page.seats -= len(found)
        for account, role in found:
            self._take_seat(kind, account, role)
        if found:
            nodes = tuple(account for account, _ in found)
            self._emit("SeatsDrawn", kind=int(kind), first_seat=first, nodes=nodes)
        return wanted - len(found)

    def _walk_on(self, page: Page, kind: SeatKind, wanted: int, most: int, *, half: bool) -> list[tuple[Address, Role]]:
        found: list[tuple[Address, Role]] = []
        walk, cursor = self.draw.walk(kind), self.draw.cursors.get(kind, 0)
        if not wanted:
            return found
        while cursor < len(walk) and page.candidates and len(found) < most:
            account, role = walk[cursor]
            cursor, page.candidates = cursor + 1, page.candidates - 1
            if self._eligible(account, role, half=half):
                found.append((account, role))
        self.draw.cursors[kind] = cursor
        return found

    def _eligible(self, account: Address, role: Role, *, half: bool) -> bool:
        node, rates = self.chain.nodes[account], self.rates
        free = node.stake - node.locked >= seat_lock(role, self.terms, rates)
        able = not half or 2 * node.stake >= ticket(role, rates)
        return node.role == role and not node.withdrawing and free and able and account not in self.parts

    def _take_seat(self, kind: SeatKind, account: Address, role: Role) -> None:
        node, lock = self.chain.nodes[account], seat_lock(role, self.terms, self.rates)
        node.locked += lock
        self.drawn[kind].append(ModelSeat(account, role, lock, node.slashes))
        self._emit("SeatLocked", node=account, amount=lock)
