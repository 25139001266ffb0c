// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterNodes} from "../../src/IScatterNodes.sol";
import {NodeView, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Anybody} from "./Anybody.sol";
import {Owners} from "./Owners.sol";
import {Mark} from "./Reached.sol";

/// @title From wherever a campaign is: nobody acts any more, time and poke end every job, and everybody takes out what is his
/// (invariants 2 and 5)
abstract contract Liveness is Anybody, Owners {
    uint256 private constant MOST_POKES = 300;

    /// As it is now, and then back to it.
    function bankRun(uint256 seed) external acts(seed) {
        if (!chance(3)) return;
        uint256 start = vm.snapshotState();
        everythingEnds();
        vm.revertToState(start);
        reach(Mark.BankRun);
    }

    function everythingEnds() internal {
        withdrawFree();
        for (uint256 i; i < jobs.length; ++i) {
            ends(jobs[i]);
        }
        checkBooks();
        lockedStays();
        // Whoever has no seat left leaves between the claims of others.
        for (bool more = true; more;) {
            more = claimRound();
            withdrawFree();
        }
        checkBooks();
        for (uint256 i; i < actors.length; ++i) {
            vm.assertEq(staked[actors[i]], 0, "5: every stake is out");
        }
        vm.assertEq(token.balanceOf(address(protocol)), poolBalance, "5: the challenge pool is all that is left");
    }

    /// One claim in every job that has some left.
    function claimRound() private returns (bool more) {
        for (uint256 i; i < jobs.length; ++i) {
            if (ghosts[jobs[i]].unclaimed == 0) continue;
            claimSome(jobs[i], 1 + dice(4));
            more = true;
        }
    }

    function ends(bytes32 job) private {
        for (uint256 i; ghosts[job].state < State.Settled; ++i) {
            vm.assertTrue(i != MOST_POKES, "5: every job ends");
            pass(job);
        }
    }

    /// Invariant 4: with seats that are not claimed nobody gets his stake, however long ago he asked for it.
    function lockedStays() private {
        for (uint256 i; i < actors.length; ++i) {
            NodeView memory n = protocol.node(actors[i]);
            if (n.locked == 0) continue;
            if (n.withdrawableAt == 0) {
                vm.prank(actors[i]);
                protocol.requestWithdrawal();
            }
            wait(protocol.node(actors[i]).withdrawableAt);
            bytes memory expected = abi.encodeWithSelector(IScatterErrors.StakeLocked.selector, uint256(n.locked));
            refused(actors[i], abi.encodeCall(IScatterNodes.withdraw, ()), expected);
        }
    }

    /// Whoever has nothing locked withdraws all of his stake.
    function withdrawFree() private {
        for (uint256 i; i < actors.length; ++i) {
            NodeView memory n = protocol.node(actors[i]);
            if (n.stake == 0 || n.locked != 0) continue;
            if (n.withdrawableAt == 0) {
                vm.prank(actors[i]);
                protocol.requestWithdrawal();
            }
            wait(protocol.node(actors[i]).withdrawableAt);
            withdrawFrom(actors[i]);
        }
    }
}
