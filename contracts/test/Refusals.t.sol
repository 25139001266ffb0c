// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterActions} from "../src/IScatterActions.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {State} from "../src/ScatterTypes.sol";
import {JobInState} from "./support/JobInState.sol";
import {vm} from "./support/Vm.sol";

/// Who may not act in each state, and what he is told.
contract RefusalsTest is JobInState {
    function test_KeyingRefusals() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 3);
        bytes memory data = abi.encodeCall(IScatterActions.publishKeys, (job, bytes32("bundle")));
        refused(requestor, data, wrongState(State.Drawing));
        draw(job);
        refused(trainer(0), data, by(IScatterErrors.NotRequestor.selector, trainer(0)));
        refused(requestor, abi.encodeCall(IScatterActions.publishKeys, (job, bytes32(0))), missing());
        bytes memory late = deadlinePassed(job);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        refused(requestor, data, late);
    }

    function test_TrainingRefusals() public {
        bytes32 job = started(terms(3, 3, 2));
        refused(validator(0), publishing(job, 1), by(IScatterErrors.NotTrainer.selector, validator(0)));
        refused(trainer(0), publishing(job, 2), abi.encodeWithSelector(IScatterErrors.WrongRound.selector, 1));
        refused(trainer(0), abi.encodeCall(IScatterActions.publishUpdate, (job, 1, bytes32(0))), missing());
        vm.prank(trainer(0));
        protocol.publishUpdate(job, 1, "update");
        uint256 chain = uint216(uint256(keccak256(abi.encode(uint256(0), uint8(1), bytes32("update")))));
        vm.assertEq(protocol.part(job, trainer(0)).updates, chain, "the chain of updates");
        refused(trainer(0), publishing(job, 1), abi.encodeWithSelector(IScatterErrors.AlreadyPublished.selector, 0));
        bytes memory late = deadlinePassed(job);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        refused(trainer(1), publishing(job, 1), late);
    }

    function test_RevealingRefusals() public {
        bytes32 job = started(terms(3, 3, 2));
        bytes memory data = abi.encodeCall(IScatterActions.revealShardKey, (job, 1, shardKey(1)));
        refused(requestor, data, wrongState(State.Training));
        publish(job, ALL);
        refused(trainer(0), data, by(IScatterErrors.NotRequestor.selector, trainer(0)));
        bytes memory wrong = abi.encodeCall(IScatterActions.revealShardKey, (job, 1, shardKey(2)));
        refused(requestor, wrong, abi.encodeWithSelector(IScatterErrors.WrongShardKey.selector));
        wrong = abi.encodeCall(IScatterActions.revealShardKey, (job, 2, shardKey(2)));
        refused(requestor, wrong, abi.encodeWithSelector(IScatterErrors.WrongRound.selector, 1));
    }

    function test_CommittingRefusals() public {
        bytes32 job = inCommitting(1);
        bytes memory data = abi.encodeCall(IScatterActions.commitScores, (job, 1, bytes32("c")));
        refused(trainer(0), data, by(IScatterErrors.NotMember.selector, trainer(0)));
        address m = member(job, 1);
        refused(m, abi.encodeCall(IScatterActions.commitScores, (job, 1, bytes32(0))), missing());
        vm.prank(m);
        protocol.commitScores(job, 1, "c");
        refused(m, data, abi.encodeWithSelector(IScatterErrors.AlreadyCommitted.selector, 1));
    }

    function test_OpeningRefusals() public {
        uint256[] memory words = rising(3, 10, 10);
        bytes32 job = inCommitting(1);
        commit(job, member(job, 0), words);
        commit(job, member(job, 1), words);
        refused(member(job, 0), opening(job, words), wrongState(State.Committing));
        expire(job);
        address m = member(job, 0);
        refused(trainer(0), opening(job, words), by(IScatterErrors.NotMember.selector, trainer(0)));
        refused(member(job, 2), opening(job, words), abi.encodeWithSelector(IScatterErrors.NotCommitted.selector, 2));
        refused(
            m, opening(job, new uint256[](2)), abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 1, 2)
        );
        refused(m, opening(job, rising(3, 10, 11)), abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector));
        words[0] = 10_001;
        refused(m, opening(job, words), abi.encodeWithSelector(IScatterErrors.ScoreOutOfRange.selector, 0));
        words[0] = 0x8000 << 32;
        refused(m, opening(job, words), abi.encodeWithSelector(IScatterErrors.ScoreOutOfRange.selector, 0));
        words = rising(3, 10, 10);
        open(job, m, words);
        refused(m, opening(job, words), abi.encodeWithSelector(IScatterErrors.AlreadyOpened.selector, 0));
        bytes memory settle_ = abi.encodeCall(IScatterActions.settleRound, (job, 1, new uint256[][](0)));
        refused(address(this), settle_, abi.encodeWithSelector(IScatterErrors.SettlesItself.selector));
    }

    function test_CommitmentsOfOthersDoNotOpen() public {
        uint256[] memory words = rising(3, 10, 10);
        bytes32 job = inCommitting(1);
        bytes32 copied = commitment(job, 1, member(job, 0), words);
        for (uint256 i; i < 3; ++i) {
            vm.prank(member(job, i));
            protocol.commitScores(job, 1, copied);
        }
        refused(member(job, 1), opening(job, words), abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector));
        open(job, member(job, 0), words);
    }

    function test_AggregatingRefusals() public {
        bytes32 job = inAggregating(1);
        bytes memory data = abi.encodeCall(IScatterActions.postAggregate, (job, 1, bytes32("model")));
        refused(trainer(0), data, by(IScatterErrors.NotMember.selector, trainer(0)));
        address m = member(job, 0);
        refused(m, abi.encodeCall(IScatterActions.postAggregate, (job, 1, bytes32(0))), missing());
        postAs(job, 0, "model");
        refused(m, data, abi.encodeWithSelector(IScatterErrors.AlreadyPosted.selector, 0));
    }
}
