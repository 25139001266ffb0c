// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobTerms, Role, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

contract GasTest is ScatterTest {
    function test_HappyPath() public {
        enrolValidators(3);
        enrolTrainers(6);
        bytes32 job = started(terms(6, 3, 3));
        for (uint256 r; r < 3; ++r) {
            playRound(job, rising(6, 10, 10));
        }
        checkState(job, State.Challenging, protocol.job(job).reason);
        expire(job);
        settleAccounts(job);
    }
}
