// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "../src/IScatterClaims.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {Module} from "../src/Modules.sol";
import {ChallengeKind, Immutables, State} from "../src/ScatterTypes.sol";
import {ScatterProtocol} from "../src/ScatterProtocol.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Modules: the right ones, of the same deployment, useless by themselves.
contract ModulesTest is DisputedJob {
    function test_OnlyTheRightModules() public {
        Immutables memory i = immutables(deploy("SeededRandomness", abi.encode(keccak256("seed"))));
        address claims = deploy("ScatterClaims", abi.encode(i));
        address disputes = deploy("ScatterDisputes", abi.encode(i));
        vm.assertEq(Module(claims).fingerprint(), keccak256(abi.encode("ScatterClaims", i)), "fingerprint");
        unfit(i, address(0xDEAD), disputes, address(0xDEAD));
        unfit(i, disputes, claims, disputes);
        unfit(i, claims, claims, claims);
        Immutables memory other = immutables(i.randomness);
        other.withdrawalDelay += 1;
        unfit(other, claims, disputes, claims);
        new ScatterProtocol(i, parameters(), claims, disputes);
    }

    function test_ModulesKnowNoJobs() public {
        bytes32 job = scored(alike(truth(), 5));
        expire(job);
        Immutables memory i = immutables(deploy("SeededRandomness", abi.encode(keccak256("seed"))));
        address claims = deploy("ScatterClaims", abi.encode(i));
        address disputes = deploy("ScatterDisputes", abi.encode(i));
        address[] memory accounts = new address[](1);
        accounts[0] = trainer(0);
        directly(claims, abi.encodeCall(IScatterClaims.claim, (job, accounts, none)));
        directly(disputes, abi.encodeCall(IScatterJobs.poke, (job)));
        directly(disputes, challenging(job, ChallengeKind.Scores, 1));
    }

    function unfit(Immutables memory i, address claims, address disputes, address culprit) private {
        vm.expectRevert(abi.encodeWithSelector(IScatterErrors.ModuleMismatch.selector, culprit));
        deployNew(i, claims, disputes);
    }

    function deployNew(Immutables memory i, address claims, address disputes) private {
        new ScatterProtocol(i, parameters(), claims, disputes);
    }

    function directly(address module, bytes memory data) private {
        (bool done, bytes memory answer) = module.call(data);
        vm.assertTrue(!done, "refused");
        vm.assertEq(answer, wrongState(State.None), "no such job");
    }
}
