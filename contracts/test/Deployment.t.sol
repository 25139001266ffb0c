// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterViews} from "../src/IScatterViews.sol";
import {ScatterProtocol} from "../src/ScatterProtocol.sol";
import {ScatterToken} from "../src/ScatterToken.sol";
import {Immutables} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// What is deployed, and with what for ever.
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

    function test_EveryImmutableIsBounded() public {
        Immutables memory i = immutables(randomness);
        i.token = address(0xdead);
        outOfRange(i, "token");
        outOfRange(immutables(address(0xdead)), "randomness");
        i = immutables(randomness);
        i.owner = address(0xdead);
        outOfRange(i, "owner");
        i = immutables(randomness);
        i.withdrawalDelay = 365 days + 1;
        outOfRange(i, "withdrawalDelay");
        i = immutables(randomness);
        i.minimumDuration = 0;
        outOfRange(i, "minimumDuration");
        i.minimumDuration = 30 days + 1;
        outOfRange(i, "minimumDuration");
    }

    function test_ImmutablesAreShown() public view {
        Immutables memory i = protocol.immutables();
        vm.assertEq(i.token, address(token), "token");
        vm.assertEq(i.owner, address(this), "owner");
        vm.assertTrue(i.randomness.code.length != 0, "randomness");
        vm.assertEq(i.withdrawalDelay, 14 days, "withdrawal delay");
        vm.assertEq(i.minimumDuration, HOUR, "minimum duration");
    }

    function test_UnknownCallsAndEtherAreRefused() public {
        (bool done,) = address(protocol).call(abi.encodeWithSignature("nothing()"));
        vm.assertTrue(!done, "no such function");
        (done,) = address(protocol).call{value: 1}("");
        vm.assertTrue(!done, "no ether");
        (done,) = address(protocol).call{value: 1}(abi.encodeCall(IScatterViews.challengePool, ()));
        vm.assertTrue(!done, "no ether with a call");
    }

    /// Immutables are looked at before modules.
    function outOfRange(Immutables memory i, bytes32 name) private {
        vm.expectRevert(abi.encodeWithSelector(IScatterErrors.ParameterOutOfRange.selector, name));
        new ScatterProtocol(i, parameters(), address(0), address(0));
    }
}
