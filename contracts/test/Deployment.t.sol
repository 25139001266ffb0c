// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterViews} from "../src/IScatterViews.sol";
import {ScatterProtocol} from "../src/ScatterProtocol.sol";
import {ScatterToken} from "../src/ScatterToken.sol";
import {Parameters} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// What is deployed, and with which parameters.
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
        p = parameters(randomness);
        p.jurorFeeBps = 301;
        outOfRange(p, "jurorFeeBps");
    }

    function test_UnknownCallsAndEtherAreRefused() public {
        (bool done,) = address(protocol).call(abi.encodeWithSignature("nothing()"));
        vm.assertTrue(!done, "no such function");
        (done,) = address(protocol).call{value: 1}("");
        vm.assertTrue(!done, "no ether");
        (done,) = address(protocol).call{value: 1}(abi.encodeCall(IScatterViews.challengePool, ()));
        vm.assertTrue(!done, "no ether with a call");
    }

    /// Parameters are looked at before modules.
    function outOfRange(Parameters memory p, bytes32 name) private {
        vm.expectRevert(abi.encodeWithSelector(IScatterErrors.ParameterOutOfRange.selector, name));
        new ScatterProtocol(p, address(0), address(0));
    }
}
