// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "../../src/IScatterClaims.sol";
import {IScatterDisputes} from "../../src/IScatterDisputes.sol";
import {IScatterErrors as E} from "../../src/IScatterErrors.sol";
import {IScatterJobs} from "../../src/IScatterJobs.sol";
import {IScatterNodes} from "../../src/IScatterNodes.sol";
import {IScatterParameters} from "../../src/IScatterParameters.sol";
import {Masks} from "../../src/Masks.sol";
import {ChallengeKind, ChallengeView, JobTerms, JobView, JudgingPhase, NodeView, Outcome, Role, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Calls that come late, early, again or from strangers (invariant 9): each is refused with the error that says why
/// @dev That they changed nothing shows in the books, which are compared after every call of the fuzzer.
abstract contract Intruders is Books {
    address private constant STRANGER = address(0xBAD);
    uint256[] private none;

    function intrude(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Open, State.Cancelled);
        if (job == 0 || chance(6)) return chance(2) ? intrudeOnNodes() : intrudeOnPosting();
        uint256 kind = dice(5);
        if (kind == 0) stranger(job);
        else if (kind == 1) early(job);
        else if (kind == 2) late(job);
        else if (kind == 3) again(job);
        else elsewhere(job);
    }

    function fails(address sender, bytes memory data, bytes4 selector) private {
        vm.prank(sender);
        (bool done, bytes memory answer) = address(protocol).call(data);
        bool as_ = !done && answer.length >= 4 && bytes4(answer) == selector;
        if (!as_) vm.assertTrue(false, string.concat("9: refused, with the error that says why, not ", vm.toString(answer)));
    }

    /// What is due in this state.
    function due(bytes32 job, State state, uint8 round) private view returns (bytes memory) {
        bytes32 digest = "digest";
        if (state == State.Open) return abi.encodeCall(IScatterJobs.start, (job));
        if (state == State.Keying) return abi.encodeCall(IScatterJobs.publishKeys, (job, digest));
        if (state == State.Training) return abi.encodeCall(IScatterJobs.publishUpdate, (job, round, digest));
        if (state == State.Revealing) return abi.encodeCall(IScatterJobs.revealShardKey, (job, round, shardKey(round)));
        if (state == State.Committing) return abi.encodeCall(IScatterJobs.commitScores, (job, round, digest));
        if (state == State.Opening) return abi.encodeCall(IScatterJobs.openScores, (job, round, none, SALT));
        if (state == State.Aggregating) return abi.encodeCall(IScatterJobs.postAggregate, (job, round, digest));
        if (state == State.Challenging) return abi.encodeCall(IScatterDisputes.challenge, (job, ChallengeKind.Scores, round));
        return claiming(job, STRANGER);
    }

    function claiming(bytes32 job, address account) private pure returns (bytes memory) {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        return abi.encodeCall(IScatterClaims.claim, (job, accounts, new uint256[](0)));
    }

    /// Who may do that.
    function dueFrom(State state) private pure returns (bytes4) {
        if (state == State.Training) return E.NotTrainer.selector;
        if (state == State.Committing || state == State.Opening || state == State.Aggregating) return E.NotSeated.selector;
        if (state == State.Challenging) return E.NotParticipant.selector;
        return state >= State.Settled ? E.NoPart.selector : E.NotRequestor.selector;
    }

    function has(bytes32 job, State state) private view returns (bool) {
        return state != State.Drawing && state != State.Judging && (state < State.Settled || ghosts[job].unclaimed != 0);
    }

    function stranger(bytes32 job) private {
        Ghost storage g = ghosts[job];
        if (g.state == State.Judging) return strangerOnJury(job);
        if (!has(job, g.state)) return;
        bytes4 expected = dueFrom(g.state);
        if (g.state == State.Challenging && protocol.terms(job).minJury == 0) expected = E.NoSecondLayer.selector;
        if (g.state < State.Settled && clock > protocol.job(job).deadline) expected = E.DeadlinePassed.selector;
        fails(STRANGER, due(job, g.state, g.round), expected);
        if (g.state < State.Settled && g.state != State.Keying && g.state != State.Open && g.state != State.Revealing) {
            fails(g.requestor, due(job, g.state, g.round), expected);
        }
        reach(Mark.RefusedForeign);
    }

    function strangerOnJury(bytes32 job) private {
        JobView memory j = protocol.job(job);
        if (j.deadline == 0 || clock > j.deadline) return;
        ChallengeView memory c = protocol.challenges(job)[0];
        bytes memory data = abi.encodeCall(IScatterDisputes.commitVerdict, (job, c.kind, c.round, bytes32("verdict")));
        if (j.phase == JudgingPhase.Opening) {
            data = abi.encodeCall(IScatterDisputes.openVerdict, (job, c.kind, c.round, none, bytes32(0), SALT));
        }
        fails(STRANGER, data, E.NotJuror.selector);
        fails(allSeats(job)[0], data, E.NotJuror.selector);
        reach(Mark.RefusedForeign);
    }

    function early(bytes32 job) private {
        JobView memory j = protocol.job(job);
        if (j.state >= State.Settled || clock > j.deadline) return;
        fails(STRANGER, abi.encodeCall(IScatterJobs.poke, (job)), E.DeadlineAhead.selector);
        if (j.state == State.Opening) {
            bytes4 expected = j.trainers > 15 ? E.ScoresStillOpening.selector : E.SettlesItself.selector;
            if (protocol.round(job, j.round).opened == protocol.round(job, j.round).committed) return;
            fails(STRANGER, abi.encodeCall(IScatterJobs.settleRound, (job, j.round, new uint256[][](0))), expected);
        }
        reach(Mark.RefusedEarly);
    }

    /// Once the deadline has passed, everybody's chance has, though nobody poked.
    function late(bytes32 job) private {
        Ghost storage g = ghosts[job];
        if (g.state >= State.Settled || !has(job, g.state)) return;
        uint256 start = vm.snapshotState();
        wait(uint256(protocol.job(job).deadline) + 1);
        address[] memory all = partsOf(job);
        bytes memory data = due(job, g.state, g.round);
        for (uint256 i; i < all.length; ++i) {
            fails(all[i], data, E.DeadlinePassed.selector);
        }
        vm.revertToState(start);
        reach(Mark.RefusedLate);
    }

    /// What somebody has done he does again.
    function again(bytes32 job) private {
        Ghost storage g = ghosts[job];
        JobView memory j = protocol.job(job);
        if (g.state < State.Settled && clock > j.deadline) return;
        address[] memory all = partsOf(job);
        for (uint256 i; i < all.length; ++i) {
            (bool done, bytes4 expected) = hasActed(job, j, all[i]);
            if (!done) continue;
            bytes memory data = due(job, j.state, j.round);
            if (j.state == State.Open) data = abi.encodeCall(IScatterJobs.join, (job));
            if (j.state >= State.Settled) data = claiming(job, all[i]);
            fails(all[i], data, expected);
            reach(Mark.RefusedRepeated);
        }
    }

    function hasActed(bytes32 job, JobView memory j, address account) private view returns (bool, bytes4) {
        Role role = protocol.part(job, account).role;
        if (j.state >= State.Settled) return (owedAt[job][account].claimed, E.AlreadyClaimed.selector);
        if (role == Role.Trainer) {
            bool still = protocol.node(account).role == Role.Trainer;
            if (j.state == State.Open) return (still, E.AlreadyJoined.selector);
            uint256 published = protocol.round(job, j.round).published;
            bool did = Masks.has(published, protocol.part(job, account).index);
            return (j.state == State.Training && did, E.AlreadyPublished.selector);
        }
        if (role < Role.Validator || j.state < State.Committing || j.state > State.Aggregating) return (false, 0);
        uint256 seat = seatOf(job, account);
        if (j.state == State.Committing) {
            return (Masks.has(protocol.round(job, j.round).committed, seat), E.AlreadyCommitted.selector);
        }
        if (j.state == State.Opening) {
            bool opened = Masks.has(protocol.round(job, j.round).opened, seat);
            if (Masks.has(protocol.round(job, j.round).committed, seat)) return (opened, E.AlreadyOpened.selector);
            return (true, E.NotCommitted.selector);
        }
        if (!Masks.has(protocol.round(job, j.round).panel, seat)) return (true, E.NotOnPanel.selector);
        return (posted[job][j.round][seat] != 0, E.AlreadyPosted.selector);
    }

    function seatOf(bytes32 job, address account) private view returns (uint256) {
        address[] memory all = allSeats(job);
        for (uint256 i; i < all.length; ++i) {
            if (all[i] == account) return i;
        }
        return 0;
    }

    /// What belongs to another state, or to another round.
    function elsewhere(bytes32 job) private {
        Ghost storage g = ghosts[job];
        State other = State(1 + dice(uint256(type(State).max)));
        if (g.state >= State.Settled) {
            fails(STRANGER, abi.encodeCall(IScatterJobs.poke, (job)), E.WrongState.selector);
        } else {
            fails(STRANGER, claiming(job, g.requestor), E.WrongState.selector);
        }
        if (other < State.Settled && other != State.Drawing && other != State.Judging && other != g.state) {
            address[] memory all = partsOf(job);
            fails(all[dice(all.length)], due(job, other, g.round), E.WrongState.selector);
            reach(Mark.RefusedWrongState);
        }
        if (g.state < State.Training || g.state > State.Aggregating || clock > protocol.job(job).deadline) return;
        fails(g.requestor, due(job, g.state, g.round + 1), E.WrongRound.selector);
        fails(g.requestor, due(job, g.state, g.round - 1), E.WrongRound.selector);
        reach(Mark.RefusedWrongRound);
    }

    // ── nodes and posting ───────────────────────────────────────────────────────────────────────────────────────────
    function intrudeOnNodes() private {
        address account = chance(2) ? validator(dice(VALIDATORS)) : challenger(dice(CHALLENGERS));
        NodeView memory n = protocol.node(account);
        bytes4 expected = E.WithdrawalNotRequested.selector;
        if (n.withdrawableAt != 0) expected = E.WithdrawalPending.selector;
        if (n.withdrawableAt != 0 && clock >= n.withdrawableAt) expected = E.StakeLocked.selector;
        if (n.withdrawableAt == 0 || clock < n.withdrawableAt || n.locked != 0) {
            fails(account, abi.encodeCall(IScatterNodes.withdraw, ()), expected);
        }
        if (n.stake != 0) {
            bytes memory data = abi.encodeCall(IScatterNodes.register, (Role.Trainer, bytes32("k"), bytes32("k")));
            if (n.role != Role.Trainer) fails(account, data, E.RoleBound.selector);
        }
        fails(STRANGER, abi.encodeCall(IScatterNodes.withdraw, ()), E.WithdrawalNotRequested.selector);
        fails(STRANGER, abi.encodeCall(IScatterNodes.depositTicket, ()), E.NoTicketForRole.selector);
        fails(account, abi.encodeCall(IScatterParameters.changeParameters, (1, parameters())), E.NotOwner.selector);
    }

    /// One term too large or too small.
    function intrudeOnPosting() private {
        JobTerms memory t = terms(3, 3, 2);
        t.parameters = protocol.parametersVersion();
        uint256 kind = dice(10);
        bytes4 expected = E.TermOutOfRange.selector;
        if (kind == 0) t.maxTrainers = 64;
        else if (kind == 1) t.members = 32;
        else if (kind == 2) t.auditors = 8;
        else if (kind == 3) t.minJury = 8;
        else if (kind == 4) t.maxShareBps = 0;
        else if (kind == 5) t.faultBps = 10_001;
        else if (kind == 6) t.tau = 32_768;
        else if (kind == 7) t.durations.judge = HOUR - 1;
        else if (kind == 8) (t.parameters, expected) = (t.parameters + 1, E.StaleParameters.selector);
        else (t.evaluationJob, expected) = (0, E.DigestMissing.selector);
        bytes32[] memory two = new bytes32[](2);
        address account = requestorAt(dice(REQUESTORS));
        if (protocol.node(account).role != Role.Requestor) expected = E.NotRegistered.selector;
        fails(account, abi.encodeCall(IScatterJobs.post, (bytes32("topic"), t, two, two)), expected);
        fails(STRANGER, abi.encodeCall(IScatterJobs.post, (bytes32("topic"), t, two, two)), E.NotRegistered.selector);
        reach(Mark.RefusedTerms);
    }
}
