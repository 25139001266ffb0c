// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {IScatterNodes} from "../src/IScatterNodes.sol";
import {NodeView, Reason, Role, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

interface Multicall {
    function multicall(bytes[] calldata data) external returns (bytes[] memory);
}

contract NodesTest is ScatterTest {
    address private alice = address(0xA11CE);

    function test_RegisterAndChangeKeys() public {
        vm.prank(alice);
        protocol.register(Role.Validator, "peer", "sealing");
        vm.prank(alice);
        protocol.register(Role.Trainer, "peer 2", "sealing 2");
        NodeView memory n = protocol.node(alice);
        vm.assertEq(uint256(n.role), uint256(Role.Trainer), "role");
        vm.assertEq(n.peerKey, "peer 2", "peer key");
        vm.assertEq(n.sealingKey, "sealing 2", "sealing key");
    }

    function test_RegisterRefusals() public {
        refused(alice, register(Role.None, "p", "s"), abi.encodeWithSelector(IScatterErrors.RoleMissing.selector));
        bytes memory keyMissing = abi.encodeWithSelector(IScatterErrors.KeyMissing.selector);
        refused(alice, register(Role.Trainer, 0, "s"), keyMissing);
        refused(alice, register(Role.Trainer, "p", 0), keyMissing);
        enrolValidators(1);
        refused(
            validator(0),
            register(Role.Trainer, "p", "s"),
            abi.encodeWithSelector(IScatterErrors.RoleBound.selector, TICKET)
        );
    }

    /// Whoever has a part in a job as one thing cannot get another part in it as something else.
    function test_AnotherRoleIsNoSecondPart() public {
        enrolTrainers(1);
        bytes32 job = post(terms(2, 1, 1));
        join(job, 1);
        vm.prank(requestor);
        protocol.register(Role.Trainer, "p", "s");
        refused(requestor, abi.encodeCall(IScatterJobs.join, (job)), withUint(IScatterErrors.AlreadyJoined.selector, 0));
        enrol(trainer(0), Role.Validator);
        vm.prank(trainer(0));
        protocol.depositTicket();
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        protocol.poke(job);
        draw(job);
        checkState(job, State.Cancelled, Reason.NoCommittee);
        claim(job, trainer(0));
        claim(job, requestor);
    }

    function test_TicketLifeCycle() public {
        enrolValidators(1);
        address v = validator(0);
        vm.assertEq(protocol.node(v).stake, TICKET, "staked");
        vm.assertEq(token.balanceOf(address(protocol)), TICKET, "held");
        refused(v, call(IScatterNodes.depositTicket.selector), withUint(IScatterErrors.TicketComplete.selector, TICKET));
        refused(v, call(IScatterNodes.withdraw.selector), call(IScatterErrors.WithdrawalNotRequested.selector));
        vm.prank(v);
        protocol.requestWithdrawal();
        uint256 due = vm.getBlockTimestamp() + 14 days;
        vm.assertEq(protocol.node(v).withdrawableAt, due, "after the delay");
        bytes memory pending = withUint(IScatterErrors.WithdrawalPending.selector, due);
        refused(v, call(IScatterNodes.requestWithdrawal.selector), pending);
        vm.warp(due - 1);
        refused(v, call(IScatterNodes.withdraw.selector), pending);
        vm.warp(due);
        vm.prank(v);
        protocol.withdraw();
        vm.assertEq(protocol.node(v).stake, 0, "withdrawn");
        vm.assertEq(token.balanceOf(v), 200_000 * SCT, "all of it is back");
        refused(v, call(IScatterNodes.requestWithdrawal.selector), call(IScatterErrors.NothingStaked.selector));
        vm.prank(v);
        protocol.depositTicket();
        vm.assertEq(protocol.poolLength(Role.Validator), 1, "a node enters its pool once");
    }

    function test_DepositTakesBackAWithdrawal() public {
        enrolValidators(1);
        vm.prank(validator(0));
        protocol.requestWithdrawal();
        vm.prank(validator(0));
        protocol.depositTicket();
        vm.assertEq(protocol.node(validator(0)).withdrawableAt, 0, "drawable again");
        vm.assertEq(token.balanceOf(validator(0)), 175_000 * SCT, "nothing is paid twice");
    }

    function test_OnlyRolesWithTickets() public {
        refused(
            requestor,
            call(IScatterNodes.depositTicket.selector),
            abi.encodeWithSelector(IScatterErrors.NoTicketForRole.selector, Role.Requestor)
        );
        refused(
            alice,
            call(IScatterNodes.depositTicket.selector),
            abi.encodeWithSelector(IScatterErrors.NoTicketForRole.selector, Role.None)
        );
        vm.assertEq(protocol.ticket(Role.Challenger), 20_000 * SCT, "challengers");
        vm.assertEq(protocol.ticket(Role.Trainer), 0, "trainers");
    }

    function test_TwoRolesTwoPools() public {
        enrolValidators(1);
        address v = validator(0);
        vm.prank(v);
        protocol.requestWithdrawal();
        vm.warp(vm.getBlockTimestamp() + 14 days);
        vm.prank(v);
        protocol.withdraw();
        vm.prank(v);
        protocol.register(Role.Challenger, "p", "s");
        vm.prank(v);
        protocol.depositTicket();
        vm.assertEq(protocol.poolLength(Role.Challenger), 1, "in the challengers' pool");
        vm.assertEq(protocol.poolNode(Role.Challenger, 0), v, "as itself");
    }

    function test_LockedStakeStays() public {
        enrolValidators(1);
        enrolTrainers(1);
        bytes32 job = started(terms(1, 1, 1));
        address v = validator(0);
        vm.prank(v);
        protocol.requestWithdrawal();
        vm.warp(vm.getBlockTimestamp() + 14 days);
        uint256 locked = protocol.node(v).locked;
        vm.assertEq(locked, 5000 * SCT, "a fifth of the ticket");
        refused(v, call(IScatterNodes.withdraw.selector), withUint(IScatterErrors.StakeLocked.selector, locked));
        protocol.poke(job);
        claim(job, v);
        vm.prank(v);
        protocol.withdraw();
        vm.assertEq(token.balanceOf(v), 200_000 * SCT, "free once the seat is claimed");
    }

    function test_PermitAndDepositInOneCall() public {
        uint256 privateKey = 0xB0B;
        address bob = vm.addr(privateKey);
        token.transfer(bob, TICKET);
        bytes[] memory calls = new bytes[](3);
        calls[0] = register(Role.Validator, "p", "s");
        calls[1] = permit(privateKey, bob);
        calls[2] = call(IScatterNodes.depositTicket.selector);
        vm.prank(bob);
        Multicall(address(protocol)).multicall(calls);
        vm.assertEq(protocol.node(bob).stake, TICKET, "staked");
    }

    function test_UsedPermitDoesNotStopTheRest() public {
        uint256 privateKey = 0xB0B;
        address bob = vm.addr(privateKey);
        token.transfer(bob, TICKET);
        bytes memory data = permit(privateKey, bob);
        (bool done,) = address(protocol).call(data);
        vm.assertTrue(done, "a stranger's permit is tried for the stranger and ignored");
        vm.prank(bob);
        (done,) = address(protocol).call(data);
        vm.assertEq(token.allowance(bob, address(protocol)), TICKET, "the owner's works");
        vm.prank(bob);
        (done,) = address(protocol).call(data);
        vm.assertTrue(done, "and used twice it is ignored");
    }

    function permit(uint256 privateKey, address owner) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                address(protocol),
                TICKET,
                token.nonces(owner),
                type(uint256).max
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(privateKey, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), hash)));
        return abi.encodeCall(IScatterNodes.permit, (TICKET, type(uint256).max, v, r, s));
    }

    function register(Role role, bytes32 peerKey, bytes32 sealingKey) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterNodes.register, (role, peerKey, sealingKey));
    }

    function call(bytes4 selector) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector);
    }

    function withUint(bytes4 selector, uint256 value) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, value);
    }
}
