// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterEvents} from "../src/IScatterEvents.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {IScatterParameters} from "../src/IScatterParameters.sol";
import {ChallengeKind, JobTerms, Parameters, Reason, Role, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// The owner changes what new jobs are posted under. Jobs that are posted keep what they have.
contract ParametersTest is DisputedJob {
    // ── who, and in which order ─────────────────────────────────────────────────────────────────────────────────────
    function test_TheOwnerChangesThem() public {
        vm.assertEq(protocol.parametersVersion(), 0, "the deployment's");
        same(protocol.parameters(0), parameters());
        vm.expectEmit();
        emit IScatterEvents.ParametersChanged(1, others());
        protocol.changeParameters(1, others());
        vm.assertEq(protocol.parametersVersion(), 1, "the next");
        same(protocol.parameters(1), others());
        same(protocol.parameters(0), parameters());
        vm.assertEq(protocol.ticket(Role.Validator), 30_000 * SCT, "the present ticket");
        vm.assertEq(protocol.ticket(Role.Challenger), 10_000 * SCT, "of challengers");
        vm.assertEq(protocol.ticket(Role.Trainer), 0, "trainers have none");
    }

    function test_NobodyElseDoes() public {
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.NotOwner.selector, requestor);
        refused(requestor, changing(1, others()), expected);
        vm.assertEq(protocol.parametersVersion(), 0, "nothing changed");
    }

    function test_OfTwoChangesOfAVersionOneIsMade() public {
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.StaleParameters.selector, 0);
        refused(address(this), changing(0, others()), expected);
        refused(address(this), changing(2, others()), expected);
        protocol.changeParameters(1, others());
        refused(
            address(this), changing(1, parameters()), abi.encodeWithSelector(IScatterErrors.StaleParameters.selector, 1)
        );
    }

    function test_VersionsEnd() public {
        for (uint256 version = 1; version < 256; ++version) {
            protocol.changeParameters(uint8(version), parameters());
        }
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.TooManyVersions.selector, 256);
        refused(address(this), changing(0, others()), expected);
        JobTerms memory t = terms(3, 3, 1);
        t.parameters = 255;
        post(t);
    }

    function test_EveryParameterIsBounded() public {
        Parameters memory p = parameters();
        p.validatorTicket = 9_999;
        outOfRange(p, "validatorTicket");
        p = parameters();
        p.challengerTicket = 0;
        outOfRange(p, "challengerTicket");
        p = parameters();
        p.lockBps = 0;
        outOfRange(p, "lockBps");
        p.lockBps = 10_001;
        outOfRange(p, "lockBps");
        p = parameters();
        p.membersBps = 3_001;
        outOfRange(p, "membersBps");
        p = parameters();
        p.jurorFeeBps = 301;
        outOfRange(p, "jurorFeeBps");
        p = parameters();
        p.challengeBond = p.challengerTicket + 1;
        outOfRange(p, "challengeBond");
        vm.assertEq(protocol.parametersVersion(), 0, "nothing changed");
    }

    // ── a job keeps its own ─────────────────────────────────────────────────────────────────────────────────────────
    function test_TermsNameThePresentVersion() public {
        protocol.changeParameters(1, others());
        bytes32[] memory hashes = shardKeyHashes(1);
        JobTerms memory t = terms(3, 3, 1);
        bytes memory data = abi.encodeCall(IScatterJobs.post, ("stale", t, hashes, hashes));
        refused(requestor, data, abi.encodeWithSelector(IScatterErrors.StaleParameters.selector, 1));
        t.parameters = 2;
        data = abi.encodeCall(IScatterJobs.post, ("early", t, hashes, hashes));
        refused(requestor, data, abi.encodeWithSelector(IScatterErrors.StaleParameters.selector, 1));
        t.parameters = 1;
        vm.assertEq(protocol.terms(post(t)).parameters, 1, "kept with the job");
    }

    function test_ThePresentLeastPayIsAskedFor() public {
        protocol.changeParameters(1, others());
        JobTerms memory t = terms(3, 3, 1);
        t.parameters = 1;
        t.roundPool = uint96(100 * SCT);
        bytes32[] memory hashes = shardKeyHashes(1);
        uint256 pay = uint256(50 * SCT) / 3;
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.SeatPayTooSmall.selector, pay, 20 * SCT);
        refused(requestor, abi.encodeCall(IScatterJobs.post, ("poor", t, hashes, hashes)), expected);
    }

    function test_APostedJobKeepsItsOwn() public {
        bytes32 unchanged = scored(alike(truth(), 5));
        uint256 state = vm.snapshotState();
        uint256[3][] memory amounts = playedOut(unchanged);
        vm.revertToState(state);
        protocol.changeParameters(1, others());
        uint256[3][] memory after_ = playedOut(unchanged);
        for (uint256 i; i < amounts.length; ++i) {
            for (uint256 k; k < 3; ++k) {
                vm.assertEq(after_[i][k], amounts[i][k], "paid, lost, to the challenge pool");
            }
        }
    }

    function test_ALaterJobHasTheNewOnes() public {
        protocol.changeParameters(1, others());
        JobTerms memory t = audited(1);
        t.parameters = 1;
        bytes32 job = started(t);
        address auditor = protocol.auditors(job)[0];
        vm.assertEq(protocol.node(member(job, 0)).locked, 9_000 * SCT, "30 % of 30,000");
        vm.assertEq(protocol.node(auditor).locked, 3_000 * SCT, "30 % of 10,000");
        publish(job, ALL);
        reveal(job);
        score(job, alike(truth(), 5));
        aggregate(job, "model");
        uint256 before = token.balanceOf(trainer(0));
        vm.prank(trainer(0));
        protocol.challenge(job, ChallengeKind.Scores, 1);
        vm.assertEq(before - token.balanceOf(trainer(0)), 70 * SCT, "the bond");
    }

    function test_BothKindsOfJobsAtOnce() public {
        bytes32 old = started(audited(1));
        protocol.changeParameters(1, others());
        JobTerms memory t = terms(3, 2, 1);
        t.parameters = 1;
        bytes32 young = started(t);
        playRound(old, truth());
        playRound(young, truth());
        expire(old);
        expire(young);
        checkState(old, State.Settled, Reason.None);
        checkState(young, State.Settled, Reason.None);
        (uint256 paid,,) = claim(old, member(old, 0));
        vm.assertEq(paid, 200 * SCT / uint256(3), "a fifth of the old one's pool among three");
        (paid,,) = claim(young, member(young, 0));
        vm.assertEq(paid, 500 * SCT / uint256(2), "all but half of the young one's among two: it has no auditors");
        address[] memory all = everybody(young);
        for (uint256 i; i < all.length; ++i) {
            if (!protocol.part(young, all[i]).claimed) claim(young, all[i]);
        }
        settleAccounts(old);
    }

    // ── tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_AStakeAboveThePresentTicketStays() public {
        protocol.changeParameters(1, others());
        address node = challenger(0);
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.TicketComplete.selector, CHALLENGER_TICKET);
        refused(node, abi.encodeWithSignature("depositTicket()"), expected);
        vm.prank(node);
        protocol.requestWithdrawal();
        vm.prank(node);
        protocol.depositTicket();
        vm.assertEq(protocol.node(node).stake, CHALLENGER_TICKET, "neither taken nor given");
        vm.assertEq(protocol.node(node).withdrawableAt, 0, "and drawable again");
    }

    function test_AStakeBelowThePresentTicketCanBeFilledUp() public {
        protocol.changeParameters(1, others());
        address node = validator(0);
        uint256 before = token.balanceOf(node);
        vm.prank(node);
        protocol.depositTicket();
        vm.assertEq(protocol.node(node).stake, 30_000 * SCT, "the present ticket");
        vm.assertEq(before - token.balanceOf(node), 5_000 * SCT, "what was missing");
    }

    function test_HalfATicketIsHalfOfTheJobs() public {
        Parameters memory p = parameters();
        p.validatorTicket = uint88(2 * TICKET);
        protocol.changeParameters(1, p);
        JobTerms memory t = terms(1, 3, 1);
        t.parameters = 1;
        bytes32 job = post(t);
        join(job, 1);
        draw(job);
        checkState(job, State.Keying, Reason.None);
        p.validatorTicket += 1;
        protocol.changeParameters(2, p);
        t.parameters = 2;
        job = post(t);
        vm.prank(trainer(1));
        protocol.join(job);
        draw(job);
        checkState(job, State.Cancelled, Reason.NoCommittee);
    }

    // ── ways there ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// A challenge that changes nothing, two jurors that see it otherwise, and all claims: what each of them came to.
    function playedOut(bytes32 job) private returns (uint256[3][] memory amounts) {
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 5, truth(), lie());
        checkState(job, State.Settled, Reason.None);
        address[] memory all = everybody(job);
        amounts = new uint256[3][](all.length);
        for (uint256 i; i < all.length; ++i) {
            (amounts[i][0], amounts[i][1], amounts[i][2]) = claim(job, all[i]);
        }
    }

    function others() private pure returns (Parameters memory) {
        return Parameters({
            validatorTicket: uint88(30_000 * SCT),
            challengerTicket: uint88(10_000 * SCT),
            lockBps: 3000,
            trainersBps: 5000,
            membersBps: 4000,
            jurorFeeBps: 300,
            slashBase: uint88(11 * SCT),
            challengeBond: uint88(70 * SCT),
            minSeatPay: uint80(20 * SCT)
        });
    }

    function changing(uint8 version, Parameters memory p) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterParameters.changeParameters, (version, p));
    }

    function outOfRange(Parameters memory p, bytes32 name) private {
        bytes memory expected = abi.encodeWithSelector(IScatterErrors.ParameterOutOfRange.selector, name);
        refused(address(this), changing(1, p), expected);
    }

    function same(Parameters memory left, Parameters memory right) private pure {
        vm.assertEq(keccak256(abi.encode(left)), keccak256(abi.encode(right)), "parameters");
    }
}
