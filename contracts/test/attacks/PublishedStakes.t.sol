// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterNodes} from "../../src/IScatterNodes.sol";
import {Reason, Role, State} from "../../src/ScatterTypes.sol";
import {JobInState} from "../support/JobInState.sol";
import {vm} from "../support/Vm.sol";

/// Attacks on stakes that worked on the contracts published with the paper, replayed on these.
contract PublishedStakesTest is JobInState {
    /// The condition was the wrong way round: who was busy got its stake out, who was idle did not, and who had none was paid.
    /// Here the idle get theirs after the delay, the busy do not, and there is nothing for anybody else.
    function test_InvertedUnstaking() public {
        address idle = address(0x1D1E);
        bytes32 job = started(terms(3, 3, 1));
        enrol(idle, Role.Validator);
        refused(idle, withdrawing(), err(IScatterErrors.WithdrawalNotRequested.selector));
        refused(idle, requesting(), err(IScatterErrors.NothingStaked.selector));
        vm.prank(idle);
        protocol.depositTicket();
        address busy = member(job, 0);
        quit(idle);
        quit(busy);
        bytes memory pending =
            abi.encodeWithSelector(IScatterErrors.WithdrawalPending.selector, vm.getBlockTimestamp() + 14 days);
        refused(idle, withdrawing(), pending);
        vm.warp(vm.getBlockTimestamp() + 14 days);
        refused(busy, withdrawing(), locked(busy));
        withdraw(idle);
        vm.assertEq(token.balanceOf(idle), 200_000 * SCT, "all of it is back");
        refused(idle, withdrawing(), err(IScatterErrors.WithdrawalNotRequested.selector));
    }

    /// A validator took its stake out before anybody slashed it. Here it stays where it is until the seat is claimed, which anybody
    /// does, and who asked for it before a draw is not drawn.
    function test_SlashDodgingByWithdrawal() public {
        bytes32 job = inCommitting(1);
        address silent = member(job, 0);
        quit(silent);
        expire(job);
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        vm.warp(vm.getBlockTimestamp() + 14 days);
        refused(silent, withdrawing(), locked(silent));
        (, uint256 penalty,) = claim(job, silent);
        vm.assertEq(penalty, 200 * SCT, "the slash comes first");
        withdraw(silent);
        vm.assertEq(token.balanceOf(silent), 200_000 * SCT - penalty, "then the rest");

        stake(validator(3));
        stake(validator(4));
        quit(validator(3));
        job = started(terms(3, 3, 1));
        vm.assertEq(uint256(protocol.part(job, validator(3)).role), uint256(Role.None), "who leaves is not drawn");
    }

    /// A validator became something else, and was none any more when it was to be slashed. Here the role stays as long as
    /// anything is staked, the part in a job is that of the draw, and the record of slashes stays whatever the node becomes.
    function test_SlashDodgingByChangeOfRole() public {
        bytes32 job = inCommitting(1);
        address silent = member(job, 0);
        bytes memory bound = abi.encodeWithSelector(IScatterErrors.RoleBound.selector, TICKET);
        refused(silent, abi.encodeCall(IScatterNodes.register, (Role.Trainer, "p", "s")), bound);
        quit(silent);
        expire(job);
        expire(job);
        vm.warp(vm.getBlockTimestamp() + 14 days);
        refused(silent, abi.encodeCall(IScatterNodes.register, (Role.Challenger, "p", "s")), bound);
        vm.assertEq(uint256(protocol.part(job, silent).role), uint256(Role.Validator), "as it was drawn");
        claim(job, silent);
        withdraw(silent);
        vm.prank(silent);
        protocol.register(Role.Challenger, "p", "s");
        vm.assertEq(protocol.node(silent).slashes, 1, "it is remembered");
    }

    // ── calls and errors ────────────────────────────────────────────────────────────────────────────────────────────
    function stake(address account) private {
        enrol(account, Role.Validator);
        vm.prank(account);
        protocol.depositTicket();
    }

    function quit(address account) private {
        vm.prank(account);
        protocol.requestWithdrawal();
    }

    function withdraw(address account) private {
        vm.prank(account);
        protocol.withdraw();
    }

    function withdrawing() private pure returns (bytes memory) {
        return abi.encodeCall(IScatterNodes.withdraw, ());
    }

    function requesting() private pure returns (bytes memory) {
        return abi.encodeCall(IScatterNodes.requestWithdrawal, ());
    }

    function locked(address account) private view returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.StakeLocked.selector, uint256(protocol.node(account).locked));
    }

    function err(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }
}
