// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterAccounts} from "../src/IScatterAccounts.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {ScatterAccounts} from "../src/ScatterAccounts.sol";
import {ScatterToken} from "../src/ScatterToken.sol";
import {Parameters, Role, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// What is deployed, with which parameters, and that the two halves of the code are one protocol.
contract DeploymentTest is ScatterTest {
    address private randomness;

    function setUp() public override {
        super.setUp();
        randomness = deploy("SeededRandomness", abi.encode(keccak256("seed")));
    }

    function test_TokenHasAFixedSupply() public {
        vm.assertEq(token.totalSupply(), SUPPLY, "all of it at once");
        vm.assertEq(token.decimals(), 18, "decimals");
        vm.assertEq(keccak256(bytes(token.symbol())), keccak256("SCT"), "symbol");
        token.burn(5);
        vm.assertEq(token.totalSupply(), SUPPLY - 5, "one's own can be burned");
        vm.expectRevert(abi.encodeWithSelector(ScatterToken.SupplyOutOfRange.selector, 0));
        new ScatterToken(address(this), 0);
        uint256 tooMuch = uint256(type(uint96).max) + 1;
        vm.expectRevert(abi.encodeWithSelector(ScatterToken.SupplyOutOfRange.selector, tooMuch));
        new ScatterToken(address(this), tooMuch);
    }

    function test_EveryParameterIsBounded() public {
        Parameters memory p = parameters(randomness);
        p.token = address(0xdead);
        outOfRange(p, "token");
        outOfRange(parameters(address(0xdead)), "randomness");
        p = parameters(randomness);
        p.validatorTicket = 9_999;
        outOfRange(p, "validatorTicket");
        p.validatorTicket = uint96(type(uint88).max) + 1;
        outOfRange(p, "validatorTicket");
        p = parameters(randomness);
        p.challengerTicket = 0;
        outOfRange(p, "challengerTicket");
        p = parameters(randomness);
        p.lockBps = 0;
        outOfRange(p, "lockBps");
        p.lockBps = 10_001;
        outOfRange(p, "lockBps");
        p = parameters(randomness);
        p.membersBps = 3_001;
        outOfRange(p, "membersBps");
        p = parameters(randomness);
        p.withdrawalDelay = 365 days + 1;
        outOfRange(p, "withdrawalDelay");
        p = parameters(randomness);
        p.minimumDuration = 0;
        outOfRange(p, "minimumDuration");
        p.minimumDuration = 30 days + 1;
        outOfRange(p, "minimumDuration");
    }

    function test_UnknownCallsAndEtherAreRefused() public {
        (bool done,) = address(protocol).call(abi.encodeWithSignature("nothing()"));
        vm.assertTrue(!done, "no such function");
        (done,) = address(protocol).call{value: 1}("");
        vm.assertTrue(!done, "no ether");
        (done,) = address(protocol).call{value: 1}(abi.encodeCall(IScatterAccounts.challengePool, ()));
        vm.assertTrue(!done, "no ether with a call");
    }

    function test_TheSecondHalfAloneKnowsNothing() public {
        enrolTrainers(1);
        enrolValidators(1);
        bytes32 job = started(terms(1, 1, 1));
        ScatterAccounts alone = new ScatterAccounts(parameters(randomness));
        vm.assertEq(uint256(alone.job(job).state), uint256(State.None), "no jobs");
        vm.assertEq(alone.poolLength(Role.Validator), 0, "no nodes");
        vm.expectRevert(abi.encodeWithSelector(IScatterErrors.WrongState.selector, State.None));
        alone.claim(job, new address[](0), new uint256[](0));
    }

    function outOfRange(Parameters memory p, bytes32 name) private {
        bytes memory code = abi.encodePacked(vm.getCode(artifact("ScatterProtocol")), abi.encode(p));
        address made;
        bytes memory answer;
        assembly {
            made := create(0, add(code, 32), mload(code))
            answer := mload(0x40)
            mstore(answer, returndatasize())
            returndatacopy(add(answer, 32), 0, returndatasize())
            mstore(0x40, add(answer, add(32, and(add(returndatasize(), 31), not(31)))))
        }
        vm.assertEq(made, address(0), "refused");
        vm.assertEq(answer, abi.encodeWithSelector(IScatterErrors.ParameterOutOfRange.selector, name), "and why");
    }
}
