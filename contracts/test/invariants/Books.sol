// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "../../src/Masks.sol";
import {
    ChallengeView,
    JobTerms,
    JobView,
    JudgingPhase,
    NodeView,
    Outcome,
    Parameters,
    Reason,
    Role,
    RoundView,
    SeatKind,
    State
} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Mark} from "./Reached.sol";
import {Blame} from "./Blame.sol";

/// @title Everybody's accounts, kept beside the contracts and compared with them at every step
abstract contract Books is Blame {
    // ── as jobs go on ───────────────────────────────────────────────────────────────────────────────────────────────
    /// After every call that may have moved a job: remember what became of it.
    function noted(bytes32 job) internal {
        Ghost storage g = ghosts[job];
        JobView memory j = protocol.job(job);
        vm.assertTrue(g.state < State.Settled || g.state == j.state, "6: ends are final");
        (State state, uint8 round) = (g.state, g.round);
        if (j.round != 0) g.round = j.round;
        g.reason = j.reason;
        g.state = j.state;
        noteSeats(job, j);
        notePhase(job, j);
        if (j.state != state || j.round != round && j.round != 0) reach(j.state);
        if (state == State.Opening && j.state != state && protocol.round(job, round).settled) checkRound(job, round);
        reachIf(state == State.Opening && g.slashable != j.slashable, Mark.Deviated);
        g.slashable = j.slashable;
        if (state == State.Training && j.round == round + 1) reach(Mark.EmptyRound);
        if (state < State.Settled && j.state >= State.Settled) closeBooks(job, state == State.Judging);
        g.digest = digestOf(job, j);
    }

    function notePhase(bytes32 job, JobView memory j) private {
        Ghost storage g = ghosts[job];
        if (j.state != State.Drawing && j.state != State.Judging) return;
        reachIf(j.drawAttempt > 1 && j.drawAttempt != g.attempt, Mark.BlockNamedAgain);
        g.attempt = j.drawAttempt;
        if (j.state != State.Judging || g.phase == uint8(j.phase) + 1) return;
        g.phase = uint8(j.phase) + 1;
        reach(j.phase);
    }

    /// New seats lock L, and nobody has two parts.
    function noteSeats(bytes32 job, JobView memory j) private {
        Ghost storage g = ghosts[job];
        uint256 seats = uint256(j.members) + j.auditors;
        uint256 drawn = seats + j.jurors - g.seats - g.jurors;
        if (drawn == 0) return;
        vm.assertLe(drawn, 16, "11: sixteen seats in a page");
        reachIf(g.seats != 0 && seats != g.seats, Mark.SecondPageOfSeats);
        address[] memory all = allSeats(job);
        for (uint256 i; i < all.length; ++i) {
            if (!hasPart[job][all[i]]) sit(job, all[i]);
        }
        address[] memory jurors = protocol.jurors(job);
        for (uint256 i = g.jurors; i < jurors.length; ++i) {
            vm.assertTrue(!hasPart[job][jurors[i]], "4: one part in a job");
            sit(job, jurors[i]);
        }
        (g.seats, g.jurors) = (seats, j.jurors);
    }

    function sit(bytes32 job, address account) private {
        hasPart[job][account] = true;
        locked[account] += lockOf(job, protocol.part(job, account).role);
    }

    // ── when they end ───────────────────────────────────────────────────────────────────────────────────────────────
    /// Everything that a job took in goes to somebody, and what that is is fixed.
    function closeBooks(bytes32 job, bool judged) private {
        Ghost storage g = ghosts[job];
        reach(g.reason);
        if (judged) noteFees(job);
        checkVerdicts(job);
        if (judged) checkBlame(job);
        reachIf(g.reason == Reason.TooFewOpened && protocol.round(job, g.round).abstained != 0, Mark.StoppedWhereSomeAbstained);
        reachIf(protocol.terms(job).parameters != protocol.parametersVersion(), Mark.OldVersionEnded);
        address[] memory all = partsOf(job);
        int256 sum;
        for (uint256 i; i < all.length; ++i) {
            sum += noteOwed(job, all[i]);
        }
        vm.assertEq(uint256(sum), uint256(g.escrow), "3: what a job took in is what it gives");
        g.unclaimed = all.length;
        reachIf(judged && g.phase == 1, Mark.JuryVoid);
    }

    function noteOwed(bytes32 job, address account) private returns (int256) {
        Owed storage o = owedAt[job][account];
        vm.assertTrue(!o.known, "4: one part in a job");
        Role role = protocol.part(job, account).role;
        o.known = true;
        o.seat = role >= Role.Validator;
        (o.paid, o.penalty, o.pooled) = protocol.owed(job, account, claimWords(job, account));
        if (o.seat) {
            uint256 lock = lockOf(job, role);
            vm.assertLe(o.penalty, lock, "4: a seat loses at most L");
            o.byVerdict = lostByVerdict(job, account);
            if (o.byVerdict) ghosts[job].lost += lock;
            markSeat(job, account, o);
        } else if (role == Role.Trainer) {
            reachIf(o.penalty != 0, Mark.TrainerPenalised);
        }
        return int256(o.paid + o.pooled) - int256(o.seat ? o.penalty : 0);
    }

    function markSeat(bytes32 job, address account, Owed storage o) private {
        reachIf(o.byVerdict, Mark.LostByVerdict);
        if (o.penalty == 0 || o.byVerdict) return;
        reach(protocol.part(job, account).kind == SeatKind.Juror ? Mark.JurorSlashed : Mark.SeatSlashed);
    }

    function lostByVerdict(bytes32 job, address account) private view returns (bool) {
        SeatKind kind = protocol.part(job, account).kind;
        if (kind == SeatKind.Juror) return false;
        uint256 seat = protocol.part(job, account).index + (kind == SeatKind.Auditor ? protocol.job(job).members : 0);
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < items.length; ++i) {
            if (Masks.has(items[i].lost, seat)) return true;
        }
        return false;
    }

    /// Jurors' fees leave the challenge pool when a job is Settled: each a hundredth of it at most, and what a member could earn.
    function noteFees(bytes32 job) private {
        uint256 fee = protocol.job(job).jurorFee;
        if (fee == 0) return;
        reach(Mark.FeesReserved);
        Parameters memory p = parametersOf(job);
        vm.assertLe(fee, poolBalance * p.jurorFeeBps / 10_000, "7: a fee is a part of the challenge pool");
        vm.assertLe(fee, membersPay(job, p), "7: a fee is at most what a member could earn");
        ChallengeView[] memory items = protocol.challenges(job);
        uint256 rewarded;
        for (uint256 i; i < items.length; ++i) {
            if (items[i].outcome == Outcome.Changed) rewarded |= items[i].agreed;
        }
        poolBalance -= fee * Masks.size(rewarded);
        ghosts[job].escrow += int256(fee * Masks.size(rewarded));
    }

    function membersPay(bytes32 job, Parameters memory p) private view returns (uint256) {
        JobTerms memory t = protocol.terms(job);
        uint256 settled;
        for (uint8 round = 1; round <= t.rounds; ++round) {
            if (protocol.round(job, round).settled) ++settled;
        }
        uint256 rest = t.roundPool - uint256(t.roundPool) * p.trainersBps / 10_000;
        return settled * ((t.auditors == 0 ? rest : uint256(t.roundPool) * p.membersBps / 10_000) / t.members);
    }

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// A part was claimed: what was said at the end of the job has happened.
    function noteClaim(bytes32 job, address account) internal {
        Ghost storage g = ghosts[job];
        Owed storage o = owedAt[job][account];
        o.claimed = true;
        --g.unclaimed;
        purse[account] += o.paid;
        poolBalance += o.pooled;
        g.escrow -= int256(o.paid + o.pooled);
        if (o.seat) {
            Role role = protocol.part(job, account).role;
            locked[account] -= lockOf(job, role);
            staked[account] -= o.penalty;
            g.escrow += int256(o.penalty);
            if (o.byVerdict) g.lost -= o.penalty;
            reachIf(o.penalty != 0 && staked[account] == 0, Mark.RoleLost);
        }
        reachIf(g.escrow < 0, Mark.OwedMoreThanEscrowed);
    }

    function partsOf(bytes32 job) internal view returns (address[] memory all) {
        address[] memory seats = allSeats(job);
        address[] memory jurors = protocol.jurors(job);
        address[] memory trainers = joined[job];
        all = new address[](seats.length + jurors.length + trainers.length + 1);
        uint256 n;
        for (uint256 i; i < seats.length; ++i) {
            all[n++] = seats[i];
        }
        for (uint256 i; i < jurors.length; ++i) {
            all[n++] = jurors[i];
        }
        for (uint256 i; i < trainers.length; ++i) {
            all[n++] = trainers[i];
        }
        all[n] = ghosts[job].requestor;
    }

    // ── compared at every step ──────────────────────────────────────────────────────────────────────────────────────
    function digestOf(bytes32 job, JobView memory j) private view returns (bytes32) {
        bytes32 digest = keccak256(abi.encode(j));
        uint8 round = ghosts[job].round;
        if (round != 0) digest = keccak256(abi.encode(digest, protocol.round(job, round)));
        return j.challenges == 0 ? digest : keccak256(abi.encode(digest, protocol.challenges(job)));
    }

    /// Invariants 1 to 4, 6, 7, 9 and 11 as far as they hold at every step; the others are checked where they can break.
    function checkBooks() public view {
        vm.assertEq(token.totalSupply(), supply, "1: the supply changes only when somebody burns his own");
        int256 held = int256(poolBalance + checkActors());
        for (uint256 i; i < jobs.length; ++i) {
            Ghost storage g = ghosts[jobs[i]];
            held += g.escrow;
            vm.assertTrue(g.escrow + int256(g.lost) >= 0, "2: a job owes no more than it holds and what verdicts took");
            vm.assertTrue(g.state < State.Settled || g.unclaimed != 0 || g.escrow == 0, "3: nothing is left of a job");
            JobView memory j = protocol.job(jobs[i]);
            vm.assertEq(digestOf(jobs[i], j), g.digest, "7, 9: only calls that may change a job do");
            checkSizes(j);
        }
        vm.assertEq(protocol.challengePool(), poolBalance, "7: the challenge pool");
        vm.assertEq(token.balanceOf(address(protocol)), uint256(held), "2: stakes, escrows, bonds and the challenge pool");
    }

    function checkActors() private view returns (uint256 stakes_) {
        uint256 free;
        for (uint256 i; i < actors.length; ++i) {
            address a = actors[i];
            vm.assertEq(token.balanceOf(a), purse[a], "4: nobody's balance changes but by what the page names");
            if (staked[a] == 0) continue;
            NodeView memory n = protocol.node(a);
            stakes_ += staked[a];
            vm.assertEq(n.stake, staked[a], "4: nobody's stake changes but by what the page names");
            vm.assertEq(n.locked, locked[a], "4: locked until claimed");
            vm.assertLe(n.locked, n.stake, "4: what is locked is there");
            if (n.locked == 0) free += n.stake;
        }
        vm.assertGe(token.balanceOf(address(protocol)), free + poolBalance, "2: what can be withdrawn is there");
    }

    function checkSizes(JobView memory j) private pure {
        vm.assertLe(j.trainers, 63, "11: trainers");
        vm.assertLe(uint256(j.members) + j.auditors, 38, "11: seats");
        vm.assertLe(j.jurors, 31, "11: jurors");
        vm.assertLe(j.challenges, 16, "11: items");
    }
}
