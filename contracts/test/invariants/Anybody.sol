// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeView, JobView, JudgingPhase, Outcome, Reason, RoundView, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title What anybody may do: draw, settle and count where that is due, let time pass and poke, and claim for others
abstract contract Anybody is Books {
    /// More than any job has.
    uint256 internal constant MOST_PARTS = 200;

    /// Where no time need pass.
    function anybodyMovesOn(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Drawing);
        if (job == 0 || chance(2)) {
            bytes32 other = jobIn(State.Opening, State.Judging);
            if (other != 0) job = other;
        }
        if (job == 0) return otherwise();
        moveOn(job);
    }

    function moveOn(bytes32 job) internal {
        JobView memory j = protocol.job(job);
        bool tallying = j.state == State.Judging && j.phase == JudgingPhase.Tallying;
        if (tallying && chance(2)) inAnotherOrder(job);
        if (tallying && chance(2)) return tallyOne(job, dice(j.challenges));
        RoundView memory r = protocol.round(job, ghosts[job].round);
        if (j.state == State.Opening && j.trainers > 15 && r.opened == r.committed) return settleIt(job);
        // Refusals are few, so what becomes of one that no jury judges is made likelier.
        if (j.state == State.Judging && draws(j) && chance(j.reason == Reason.Refused ? 3 : 10)) return blocksPass(job);
        if (draws(j) || tallying) pass(job);
    }

    /// Some deadline passes, mostly the next one; mostly somebody pokes. Now and then long enough that blocks are forgotten.
    function timePasses(uint256 seed) external acts(seed) {
        bytes32 job = chance(4) ? jobIn(State.Open, State.Judging) : nextDue();
        if (job == 0) return wait(clock + dice(100) * HOUR);
        if (draws(protocol.job(job)) && chance(2)) return blocksPass(job);
        if (chance(6)) wait(uint256(protocol.job(job).deadline) + dice(2));
        else pass(job);
    }

    /// Nobody looks for 256 blocks, once or until the draw is given up.
    function blocksPass(bytes32 job) private {
        for (uint256 n = 1 + 2 * dice(2); n != 0 && draws(protocol.job(job)); --n) {
            mine(300);
            protocol.poke(job);
            noted(job);
        }
    }

    /// The live job whose deadline comes first.
    function nextDue() private view returns (bytes32 next) {
        uint256 least = type(uint256).max;
        for (uint256 i; i < jobs.length; ++i) {
            if (ghosts[jobs[i]].state >= State.Settled) continue;
            uint256 deadline = protocol.job(jobs[i]).deadline;
            if (deadline < least) (least, next) = (deadline, jobs[i]);
        }
    }

    function draws(JobView memory j) internal pure returns (bool) {
        return j.state == State.Drawing || j.state == State.Judging && j.phase == JudgingPhase.Drawing;
    }

    /// Time passes as far as needed, and anybody pokes, which never reverts. Where that needs words from outside, he passes them.
    function pass(bytes32 job) internal {
        JobView memory j = protocol.job(job);
        if (draws(j)) mine(2);
        else wait(uint256(j.deadline) + 1);
        protocol.poke(job);
        bytes32 before = ghosts[job].digest;
        noted(job);
        if (ghosts[job].digest != before || draws(j)) return;
        vm.assertTrue(j.trainers > 15, "5: time and poke move a job on");
        if (j.state == State.Opening) settleIt(job);
        else tallyOne(job, 0);
    }

    function settleIt(bytes32 job) private {
        uint8 round = ghosts[job].round;
        protocol.settleRound(job, round, numbersOf(job, round, 0));
        noted(job);
        vm.assertTrue(ghosts[job].state != State.Opening, "5: settleRound leaves Opening");
    }

    // ── verdicts ────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The first item that is not counted yet, from the k-th on.
    function tallyOne(bytes32 job, uint256 k) internal {
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < items.length; ++i) {
            ChallengeView memory c = items[(i + k) % items.length];
            if (c.outcome != Outcome.Pending) continue;
            protocol.tally(job, c.kind, c.round, tallyWords(job, c));
            return noted(job);
        }
    }

    /// Invariant 6: counted from the first or from the last, everybody gets the same.
    function inAnotherOrder(bytes32 job) private {
        if (protocol.job(job).challenges < 2) return;
        uint256 start = vm.snapshotState();
        bytes32 forwards = counted(job, 0);
        vm.revertToState(start);
        bytes32 backwards = counted(job, 1);
        vm.revertToState(start);
        vm.assertEq(forwards, backwards, "6: the order in which items are counted does not matter");
        reach(Mark.AnotherOrderOfTallies);
    }

    /// What everybody is owed once all items are counted, from the first or from the last.
    function counted(bytes32 job, uint256 backwards) private returns (bytes32 all) {
        while (ghosts[job].state == State.Judging) {
            if (backwards == 1) tallyLast(job);
            else tallyOne(job, 0);
        }
        address[] memory accounts = partsOf(job);
        for (uint256 i; i < accounts.length; ++i) {
            Owed storage o = owedAt[job][accounts[i]];
            all = keccak256(abi.encode(all, o.paid, o.penalty, o.pooled));
        }
    }

    function tallyLast(bytes32 job) private {
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i = items.length; i != 0; --i) {
            if (items[i - 1].outcome == Outcome.Pending) return tallyOne(job, i - 1);
        }
    }

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// Some parts of a job that has ended, in some order, in one call or one by one.
    function anybodyClaims(uint256 seed) external acts(seed) {
        if (chance(2) && claimForRuined()) return;
        bytes32 job = unclaimedJob();
        if (job == 0) return otherwise();
        uint256 n = chance(3) ? MOST_PARTS : 1 + dice(6);
        if (chance(2)) claimSome(job, n);
        else for (; n != 0 && ghosts[job].unclaimed != 0; --n) claimSome(job, 1);
    }

    /// For somebody whom a claim leaves without a stake, if there is one: such are few.
    function claimForRuined() private returns (bool) {
        for (uint256 i; i < jobs.length; ++i) {
            if (ghosts[jobs[i]].state < State.Settled || ghosts[jobs[i]].unclaimed == 0) continue;
            address[] memory seats = allSeats(jobs[i]);
            for (uint256 k; k < seats.length; ++k) {
                Owed storage o = owedAt[jobs[i]][seats[k]];
                if (o.claimed || o.penalty == 0 || o.penalty != staked[seats[k]]) continue;
                address[] memory account = new address[](1);
                account[0] = seats[k];
                claimFor(jobs[i], account);
                return true;
            }
        }
        return false;
    }

    /// Some job that has ended, whose money is not all claimed.
    function unclaimedJob() private returns (bytes32) {
        uint256 start = dice(jobs.length + 1);
        for (uint256 i; i < jobs.length; ++i) {
            bytes32 job = jobs[(start + i) % jobs.length];
            if (ghosts[job].state >= State.Settled && ghosts[job].unclaimed != 0) return job;
        }
        return 0;
    }

    /// Up to n parts, in one call.
    function claimSome(bytes32 job, uint256 n) internal {
        if (n > ghosts[job].unclaimed) n = ghosts[job].unclaimed;
        if (n == 0) return;
        address[] memory all = partsOf(job);
        address[] memory accounts = new address[](n);
        uint256 start = dice(all.length);
        for (uint256 i; n != 0; ++i) {
            address account = all[(start + i) % all.length];
            if (!owedAt[job][account].claimed) accounts[accounts.length - n--] = account;
        }
        claimFor(job, accounts);
    }

    function claimFor(bytes32 job, address[] memory accounts) private {
        uint256[] memory words;
        for (uint256 i; i < accounts.length; ++i) {
            words = both(words, claimWords(job, accounts[i]));
        }
        protocol.claim(job, accounts, words);
        for (uint256 i; i < accounts.length; ++i) {
            noteClaim(job, accounts[i]);
        }
    }

    function both(uint256[] memory a, uint256[] memory b) private pure returns (uint256[] memory c) {
        c = new uint256[](a.length + b.length);
        for (uint256 i; i < c.length; ++i) {
            c[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }
}
