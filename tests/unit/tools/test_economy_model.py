"""The plain model of the economy, against sums that can be done by hand."""

from collections.abc import Sequence

import economy_model
import pytest
from economy_model import CASTS, Draws, Economy, Node, Words


class Chosen(Draws):
    """Jobs of 1,500 SCT with slot stakes of 1,000 in which the first of those that can take a seat do (liars come first), who all
    find the same: honest trainers contribute 100, bad ones harm."""

    def amounts(self) -> tuple[float, float]:
        return 1500, 1000

    def seats(self, kind: str, able: Sequence[Node], count: int) -> list[Node]:
        return list(able[:count])

    def truth(self, trainers: Sequence[Node], round_: int) -> Words:
        return {trainer: -100 if trainer.liar else 100 for trainer in trainers}

    def found(self, seat: Node, truth: Words, round_: int) -> Words:
        return truth


def played(cast: str, jobs: int) -> tuple[Economy, list[str]]:
    economy = Economy(CASTS[cast].nodes(), Chosen(0), CASTS[cast].juries)
    return economy, economy.play(jobs)


def gains(economy: Economy, role: str, liar: bool) -> list[float]:
    return [round(node.gain, 6) for node in economy.nodes if (node.role, node.liar) == (role, liar)]


@pytest.mark.parametrize("cast", CASTS)
def test_no_token_appears_and_none_vanishes(cast: str) -> None:
    for seed in range(20):
        economy = Economy(CASTS[cast].nodes(), Draws(seed), CASTS[cast].juries)
        economy.play()
        assert economy.total() == pytest.approx(0, abs=1e-6)


def test_honest_nodes_share_a_job_by_their_parts() -> None:
    economy, ends = played("1-all-honest", 1)
    assert ends == ["settled"]
    assert gains(economy, "trainer", False) == [175] * 6
    assert gains(economy, "validator", False) == [100] * 3
    assert gains(economy, "challenger", False) == [75] * 2
    assert gains(economy, "requestor", False) == [-1500]


def test_trainers_that_are_never_accepted_lose_half_of_their_slot_stakes() -> None:
    economy, _ = played("2-malicious-trainers", 1)
    assert gains(economy, "trainer", True) == [-500] * 3
    assert gains(economy, "trainer", False) == [350] * 3


def test_the_ticket_of_a_lone_liar_falls_twice_as_fast_each_time_until_it_is_half() -> None:
    stakes = []
    for jobs in range(1, 10):
        economy, _ = played("3-malicious-validator", jobs)
        (liar,) = [node for node in economy.validators if node.liar]
        stakes.append(liar.stake)
    assert stakes == [24_800, 24_400, 23_600, 22_000, 18_800, 13_800, 8_800, 8_800, 8_800]


def test_a_committee_that_lies_loses_its_locks_and_trainers_that_nobody_accepts_lose_nothing() -> None:
    economy, ends = played("4-malicious-committee", 10)
    assert ends == ["changed"] * 3 + ["cancelled"] * 7
    assert gains(economy, "validator", True) == [-15_000] * 3
    assert gains(economy, "trainer", True) == [0] * 6
    auditors, jurors = economy.challengers[:2], economy.challengers[2:]
    # Half of three times 15,000 SCT, and three times 150 SCT a job for auditing.
    assert [node.gain for node in auditors] == [22_500 / 2 + 225] * 2
    # A quarter by four. Fees begin with the second job: 1 % of 3,750 and of 7,500 SCT and what members did not earn, less fees.
    pool = 3_750 + 300
    second = 0.01 * pool
    third = 0.01 * (pool + 3_750 + 300 - 4 * second)
    assert [node.gain for node in jurors] == pytest.approx([11_250 / 4 + second + third] * 4)


def test_members_that_refuse_are_paid_out_of_the_bond_and_the_round() -> None:
    economy, ends = played("5-malicious-requestor", 1)
    assert ends == ["refused"]
    assert gains(economy, "trainer", False) == [pytest.approx((350 + 500) / 6)] * 6
    assert gains(economy, "validator", False) == [pytest.approx(100 / 3)] * 3
    assert gains(economy, "requestor", True) == [-950]


def test_a_lying_auditor_loses_a_bond_for_each_round_and_is_slashed_for_deviating() -> None:
    economy, _ = played("6-lying-challenger", 2)
    assert gains(economy, "challenger", True) == [-(1500 + 200) - (1500 + 400)]
    # One honest auditor; the others judge three rounds of each job for half of the bonds.
    assert gains(economy, "challenger", False) == [150, *[2 * 750 / 4] * 4]


def test_honest_members_dispute_a_lying_majority_beside_the_auditors() -> None:
    economy, ends = played("7-lying-validators", 1)
    assert ends == ["changed"]
    assert gains(economy, "validator", True) == [-5000] * 2
    member, *others = gains(economy, "validator", False)
    assert member == pytest.approx(100 + 5000 / 3)
    assert others == [pytest.approx(2500 / 6)] * 2
    assert gains(economy, "challenger", False)[:2] == [pytest.approx(75 + 5000 / 3)] * 2


def test_a_liar_that_is_alone_disputes_too_and_its_friend_on_the_jury_is_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Apart(Chosen):
        def seats(self, kind: str, able: Sequence[Node], count: int) -> list[Node]:
            return list(able[1 : count + 1] if kind == "member" else able[:count])

    economy = Economy(CASTS["7-lying-validators"].nodes(), Apart(0), juries=True)
    economy.play(1)
    juror, member = gains(economy, "validator", True)
    assert (member, juror) == (-1500 - 200, -200)
    monkeypatch.setattr(economy_model, "BOND", 0)
    economy = Economy(CASTS["7-lying-validators"].nodes(), Apart(0), juries=True)
    economy.play(1)
    assert gains(economy, "validator", True) == [-200, -200]
