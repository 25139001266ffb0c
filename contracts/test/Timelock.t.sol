// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IScatterParameters} from "../src/IScatterParameters.sol";
import {ScatterTimelock} from "../src/ScatterTimelock.sol";
import {Immutables, Parameters} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// The protocol's owner: changes wait, only proposers propose, and the wait cannot be made short.
contract TimelockTest is ScatterTest {
    uint256 private constant DELAY = 3 days;

    ScatterTimelock private timelock;
    address private proposer = address(0x5001);

    function setUp() public override {
        super.setUp();
        timelock = made(DELAY);
        Immutables memory i = immutables(deploy("SeededRandomness", abi.encode(keccak256("seed"))));
        i.owner = address(timelock);
        protocol = deployProtocol(i, parameters());
    }

    function test_AChangeWaits() public {
        propose(changing(dearer()));
        vm.warp(vm.getBlockTimestamp() + DELAY - 1);
        vm.assertTrue(!execute(changing(dearer())), "too early");
        vm.assertEq(protocol.parametersVersion(), 0, "nothing changed");
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.assertTrue(execute(changing(dearer())), "anybody executes it");
        vm.assertEq(protocol.parameters(1).challengeBond, dearer().challengeBond, "changed");
        vm.assertTrue(!execute(changing(dearer())), "once");
    }

    function test_OnlyProposersProposeAndCancel() public {
        bytes memory data = changing(dearer());
        vm.expectRevert(unauthorized(requestor, timelock.PROPOSER_ROLE()));
        vm.prank(requestor);
        timelock.schedule(address(protocol), 0, data, 0, 0, DELAY);
        propose(data);
        bytes32 id = timelock.hashOperation(address(protocol), 0, data, 0, 0);
        vm.prank(proposer);
        timelock.cancel(id);
        vm.warp(vm.getBlockTimestamp() + DELAY);
        vm.assertTrue(!execute(data), "cancelled");
    }

    function test_NobodyIsAdministrator() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        vm.assertTrue(timelock.hasRole(admin, address(timelock)), "but itself");
        vm.assertTrue(!timelock.hasRole(admin, address(this)) && !timelock.hasRole(admin, proposer), "nobody else");
    }

    function test_TheDelayCannotBeShort() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(ScatterTimelock.DelayTooShort.selector, 2 days - 1, 2 days));
        made(2 days - 1);
        made(2 days);
        vm.expectRevert(abi.encodeWithSelector(ScatterTimelock.DelayTooShort.selector, 0, 2 days));
        vm.prank(address(timelock));
        timelock.updateDelay(0);
        vm.prank(address(timelock));
        timelock.updateDelay(2 days);
        vm.assertEq(timelock.getMinDelay(), 2 days, "shorter, and long enough");
    }

    function test_OnlyItselfChangesTheDelay() public {
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, address(this)));
        timelock.updateDelay(DELAY);
    }

    function test_OnADevelopmentChainTheDelayMayBeNothing() public {
        vm.assertEq(made(0).getMinDelay(), 0, "at once");
    }

    function made(uint256 delay) private returns (ScatterTimelock) {
        address[] memory proposers = new address[](1);
        proposers[0] = proposer;
        return new ScatterTimelock(delay, proposers);
    }

    function dearer() private pure returns (Parameters memory p) {
        p = parameters();
        p.challengeBond *= 2;
    }

    function changing(Parameters memory p) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterParameters.changeParameters, (1, p));
    }

    function propose(bytes memory data) private {
        vm.prank(proposer);
        timelock.schedule(address(protocol), 0, data, 0, 0, DELAY);
    }

    function execute(bytes memory data) private returns (bool done) {
        vm.prank(requestor);
        (done,) =
            address(timelock).call(abi.encodeCall(TimelockController.execute, (address(protocol), 0, data, 0, 0)));
    }

    function unauthorized(address account, bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSignature("AccessControlUnauthorizedAccount(address,bytes32)", account, role);
    }
}
