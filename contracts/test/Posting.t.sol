// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {JobTerms, Reason, Role, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

contract PostingTest is ScatterTest {
    function setUp() public override {
        super.setUp();
        enrolTrainers(3);
        enrolValidators(1);
    }

    function test_PostTakesPoolAndBond() public {
        JobTerms memory t = terms(3, 1, 4);
        bytes32 job = post(t);
        vm.assertEq(job, keccak256(abi.encode(requestor, bytes32(uint256(1)))), "the job's id");
        vm.assertEq(token.balanceOf(requestor), (200_000 - 5 * 1000) * SCT, "four rounds and the bond");
        vm.assertEq(keccak256(abi.encode(protocol.terms(job))), keccak256(abi.encode(t)), "terms");
        checkState(job, State.Open, Reason.None);
    }

    function test_PostRefusals() public {
        JobTerms memory t = terms(3, 1, 1);
        refused(trainer(0), posting(1, t), err(IScatterErrors.NotRegistered.selector, trainer(0), Role.Requestor));
        bytes32 job = post(t);
        refused(requestor, posting(1, t), abi.encodeWithSelector(IScatterErrors.JobExists.selector, job));
        bytes memory data = abi.encodeCall(
            IScatterJobs.post, (bytes32("x"), t, shardKeyHashes(2), new bytes32[](1))
        );
        refused(requestor, data, abi.encodeWithSelector(IScatterErrors.ShardCountMismatch.selector, 1, 2, 1));
        data = abi.encodeCall(IScatterJobs.post, (bytes32("x"), t, shardKeyHashes(1), new bytes32[](0)));
        refused(requestor, data, abi.encodeWithSelector(IScatterErrors.ShardCountMismatch.selector, 1, 1, 0));
    }

    function test_EveryTermIsBounded() public {
        bytes memory missing = abi.encodeWithSelector(IScatterErrors.DigestMissing.selector);
        JobTerms memory t = terms(3, 1, 1);
        t.trainingJob = 0;
        refused(requestor, posting(9, t), missing);
        t = terms(3, 1, 1);
        t.evaluationJob = 0;
        refused(requestor, posting(9, t), missing);
        t = terms(3, 1, 1);
        t.jobKeyHash = 0;
        refused(requestor, posting(9, t), missing);
        bounded("rounds", terms(3, 1, 0), 0, 1, 32);
        bounded("rounds", terms(3, 1, 33), 33, 1, 32);
        bounded("members", terms(3, 0, 1), 0, 1, 31);
        bounded("members", terms(3, 32, 1), 32, 1, 31);
        bounded("maxTrainers", terms(0, 1, 1), 0, 1, 63);
        bounded("maxTrainers", terms(64, 1, 1), 64, 1, 63);
        t = terms(3, 1, 1);
        t.minTrainers = 0;
        bounded("minTrainers", t, 0, 1, 3);
        t.minTrainers = 4;
        bounded("minTrainers", t, 4, 1, 3);
    }

    function test_EveryOtherTermIsBounded() public {
        JobTerms memory t = terms(3, 1, 1);
        t.rule = 5;
        bounded("rule", t, 5, 0, 4);
        t = terms(3, 1, 1);
        t.minJury = 4;
        bounded("minJury", t, 4, 0, 3);
        t = terms(3, 15, 1);
        t.minJury = 32;
        bounded("minJury", t, 32, 0, 31);
        t = terms(3, 1, 1);
        t.auditors = 8;
        bounded("auditors", t, 8, 0, 7);
        t = terms(3, 1, 1);
        t.faultBps = 10_001;
        bounded("faultBps", t, 10_001, 0, 10_000);
        t = terms(3, 1, 1);
        t.maxShareBps = 0;
        bounded("maxShareBps", t, 0, 1, 10_000);
        t.maxShareBps = 10_001;
        bounded("maxShareBps", t, 10_001, 1, 10_000);
        t = terms(3, 1, 1);
        t.tau = 0;
        bounded("tau", t, 0, 1, 32_767);
        t.tau = 32_768;
        bounded("tau", t, 32_768, 1, 32_767);
        t = terms(3, 1, 1);
        t.durations.open = HOUR - 1;
        bounded("durations", t, HOUR - 1, HOUR, 30 days);
        t = terms(3, 1, 1);
        t.durations.judge = 30 days + 1;
        bounded("durations", t, 30 days + 1, HOUR, 30 days);
        t = terms(3, 31, 1);
        t.roundPool = uint96(516 * SCT);
        refused(
            requestor,
            posting(9, t),
            abi.encodeWithSelector(IScatterErrors.SeatPayTooSmall.selector, uint256(1548 * SCT) / 310, 5 * SCT)
        );
        t.roundPool = uint96(517 * SCT);
        post(t);
        // Auditors share 10 %: five of them 2 % of 249 each.
        t = terms(3, 1, 1);
        t.auditors = 5;
        t.roundPool = uint96(249 * SCT);
        refused(
            requestor,
            posting(9, t),
            abi.encodeWithSelector(IScatterErrors.SeatPayTooSmall.selector, uint256(249 * SCT) / 50, 5 * SCT)
        );
        t.roundPool = uint96(250 * SCT);
        post(t);
    }

    function test_JoinTakesTheSlotStake() public {
        bytes32 job = post(terms(3, 1, 1));
        join(job, 2);
        vm.assertEq(token.balanceOf(trainer(1)), (200_000 - 500) * SCT, "slot stake");
        vm.assertEq(protocol.job(job).trainers, 2, "two slots");
        vm.assertEq(protocol.part(job, trainer(1)).index, 1, "in order");
        checkState(job, State.Open, Reason.None);
        vm.prank(trainer(2));
        protocol.join(job);
        checkState(job, State.Drawing, Reason.None);
    }

    function test_JoinRefusals() public {
        bytes32 job = post(terms(3, 1, 1));
        join(job, 2);
        bytes memory data = abi.encodeCall(IScatterJobs.join, (job));
        refused(trainer(1), data, abi.encodeWithSelector(IScatterErrors.AlreadyJoined.selector, 1));
        refused(requestor, data, err(IScatterErrors.NotRegistered.selector, requestor, Role.Trainer));
        refused(validator(0), data, err(IScatterErrors.NotRegistered.selector, validator(0), Role.Trainer));
        bytes memory unknown = abi.encodeCall(IScatterJobs.join, (bytes32("no job")));
        refused(trainer(2), unknown, abi.encodeWithSelector(IScatterErrors.WrongState.selector, State.None));
        uint256 deadline = protocol.job(job).deadline;
        vm.warp(deadline + 1);
        refused(trainer(2), data, abi.encodeWithSelector(IScatterErrors.DeadlinePassed.selector, deadline));
        vm.warp(deadline);
        vm.prank(trainer(2));
        protocol.join(job);
        refused(trainer(2), data, abi.encodeWithSelector(IScatterErrors.WrongState.selector, State.Drawing));
    }

    function test_StartNeedsTheRequestorAndEnoughTrainers() public {
        JobTerms memory t = terms(3, 1, 1);
        t.minTrainers = 2;
        bytes32 job = post(t);
        join(job, 1);
        bytes memory data = abi.encodeCall(IScatterJobs.start, (job));
        refused(requestor, data, abi.encodeWithSelector(IScatterErrors.TooFewTrainersJoined.selector, 1, 2));
        vm.prank(trainer(1));
        protocol.join(job);
        refused(trainer(1), data, abi.encodeWithSelector(IScatterErrors.NotRequestor.selector, trainer(1)));
        vm.prank(requestor);
        protocol.start(job);
        checkState(job, State.Drawing, Reason.None);
    }

    function bounded(bytes32 term, JobTerms memory t, uint256 given, uint256 least, uint256 most) private {
        refused(
            requestor,
            posting(9, t),
            abi.encodeWithSelector(IScatterErrors.TermOutOfRange.selector, term, given, least, most)
        );
    }

    function posting(uint256 topic, JobTerms memory t) private pure returns (bytes memory) {
        return abi.encodeCall(
            IScatterJobs.post, (bytes32(topic), t, shardKeyHashes(t.rounds), new bytes32[](t.rounds))
        );
    }

    function err(bytes4 selector, address account, Role role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, account, role);
    }
}
