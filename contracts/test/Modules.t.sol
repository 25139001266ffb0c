// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "../src/IScatterClaims.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {Module} from "../src/Modules.sol";
import {ChallengeKind, Parameters, State} from "../src/ScatterTypes.sol";
import {ScatterProtocol} from "../src/ScatterProtocol.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Modules: the right ones, of the same deployment, useless by themselves.
contract ModulesTest is DisputedJob {
    function test_OnlyTheRightModules() public {
        Parameters memory p = parameters(deploy("SeededRandomness", abi.encode(keccak256("seed"))));
        address claims = deploy("ScatterClaims", abi.encode(p));
        address disputes = deploy("ScatterDisputes", abi.encode(p));
        vm.assertEq(Module(claims).fingerprint(), keccak256(abi.encode("ScatterClaims", p)), "fingerprint");
        unfit(p, address(0xDEAD), disputes, address(0xDEAD));
        unfit(p, disputes, claims, disputes);
        unfit(p, claims, claims, claims);
        Parameters memory q = parameters(p.randomness);
        q.slashBase += 1;
        unfit(q, claims, disputes, claims);
        new ScatterProtocol(p, claims, disputes);
    }

    function test_ModulesKnowNoJobs() public {
        bytes32 job = scored(alike(truth(), 5));
        expire(job);
        Parameters memory p = parameters(deploy("SeededRandomness", abi.encode(keccak256("seed"))));
        address claims = deploy("ScatterClaims", abi.encode(p));
        address disputes = deploy("ScatterDisputes", abi.encode(p));
        address[] memory accounts = new address[](1);
        accounts[0] = trainer(0);
        directly(claims, abi.encodeCall(IScatterClaims.claim, (job, accounts, none)));
        directly(disputes, abi.encodeCall(IScatterJobs.poke, (job)));
        directly(disputes, challenging(job, ChallengeKind.Scores, 1));
    }

    function unfit(Parameters memory p, address claims, address disputes, address culprit) private {
        vm.expectRevert(abi.encodeWithSelector(IScatterErrors.ModuleMismatch.selector, culprit));
        deployNew(p, claims, disputes);
    }

    function deployNew(Parameters memory p, address claims, address disputes) private {
        new ScatterProtocol(p, claims, disputes);
    }

    function directly(address module, bytes memory data) private {
        (bool done, bytes memory answer) = module.call(data);
        vm.assertTrue(!done, "refused");
        vm.assertEq(answer, wrongState(State.None), "no such job");
    }
}
