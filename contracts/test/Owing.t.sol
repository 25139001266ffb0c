// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterNodes} from "../src/IScatterNodes.sol";
import {ChallengeKind} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// An L that a verdict took is paid on while it is still in the stake of its seat: what is short then lies in locked stakes.
contract OwingTest is DisputedJob {
    /// Two of three members lied, and a jury said so.
    function judged() private returns (bytes32 job) {
        job = scored(five(lie(), lie(), truth(), truth(), truth()));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
    }

    function test_FilersAreNotKeptWaiting() public {
        bytes32 job = judged();
        uint256 staked = stakes();
        claimAllBut(job, member(job, 0), member(job, 1));
        uint256 held = token.balanceOf(address(protocol));
        vm.assertTrue(held < staked + protocol.challengePool(), "less than all stakes and the challenge pool");
        vm.assertGe(held + 10_000 * SCT, staked + protocol.challengePool(), "by what two seats lost at most");
        for (uint256 i; i < 2; ++i) {
            (, uint256 penalty,) = claim(job, member(job, i));
            vm.assertEq(penalty, 5000 * SCT, "L is still there");
        }
        vm.assertEq(token.balanceOf(address(protocol)), stakes() + protocol.challengePool(), "to the unit again");
    }

    function test_EverybodyElseWithdrawsInFullMeanwhile() public {
        bytes32 job = judged();
        address[2] memory liars = [member(job, 0), member(job, 1)];
        claimAllBut(job, liars[0], liars[1]);
        goes(liars[0]);
        uint256 left = stakeOf(liars[0]) + stakeOf(liars[1]);
        for (uint256 i; i < 13; ++i) {
            address account = i < 8 ? validator(i) : challenger(i - 8);
            if (account == liars[0] || account == liars[1]) continue;
            uint256 stake = stakeOf(account);
            uint256 balance = token.balanceOf(account);
            goes(account);
            vm.prank(account);
            protocol.withdraw();
            vm.assertEq(token.balanceOf(account) - balance, stake, "all of it");
        }
        bytes memory locked = abi.encodeWithSelector(IScatterErrors.StakeLocked.selector, 5000 * SCT);
        refused(liars[0], abi.encodeCall(IScatterNodes.withdraw, ()), locked);
        uint256 unearned = 2 * (200 * SCT / 3);
        vm.assertEq(
            token.balanceOf(address(protocol)),
            left - 10_000 * SCT + protocol.challengePool() + unearned,
            "what the liars have left, and their parts of the round, which go to the pool as they claim"
        );
        claim(job, liars[0]);
        claim(job, liars[1]);
        vm.prank(liars[0]);
        protocol.withdraw();
        vm.assertEq(token.balanceOf(address(protocol)), TICKET - 5000 * SCT + protocol.challengePool(), "the other's rest");
    }

    function claimAllBut(bytes32 job, address first, address second) private {
        address[] memory all = everybody(job);
        for (uint256 i; i < all.length; ++i) {
            if (all[i] != first && all[i] != second) claim(job, all[i]);
        }
    }

    function stakeOf(address account) private view returns (uint256) {
        return protocol.node(account).stake;
    }

    function goes(address account) private {
        vm.prank(account);
        protocol.requestWithdrawal();
        vm.warp(protocol.node(account).withdrawableAt);
    }
}
