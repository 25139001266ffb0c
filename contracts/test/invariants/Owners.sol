// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {NodeView, Parameters, Role} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Who owns something: nodes their tickets, holders their tokens, the owner the parameters of later jobs
abstract contract Owners is Books {
    uint256 private constant MOST_VERSIONS = 4;

    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function nodesAct(uint256 seed) external acts(seed) {
        address account = actors[dice(actors.length)];
        if (chance(2)) account = freeOr(account);
        NodeView memory n = protocol.node(account);
        if (n.stake == 0) return settleDown(account);
        if (n.withdrawableAt != 0 && n.locked == 0 && (clock >= n.withdrawableAt || chance(4))) {
            wait(n.withdrawableAt);
            withdrawFrom(account);
            return;
        }
        if (n.withdrawableAt != 0 && !chance(4)) return;
        if (n.withdrawableAt == 0 && chance(3)) {
            vm.prank(account);
            protocol.requestWithdrawal();
        } else {
            fillUp(account);
        }
    }

    /// Some node that is free to go, if there is one.
    function freeOr(address account) private returns (address) {
        uint256 start = dice(actors.length);
        for (uint256 i; i < actors.length; ++i) {
            address other = actors[(start + i) % actors.length];
            NodeView memory n = protocol.node(other);
            bool staked_ = n.role >= Role.Validator || n.role == Role.None;
            if (staked_ && n.locked == 0 && (n.withdrawableAt != 0 || n.stake == 0)) return other;
        }
        return account;
    }

    /// Whoever has nothing staked takes a role, perhaps another one, though it may have parts in jobs.
    function settleDown(address account) private {
        Role before = protocol.node(account).role;
        bool staying = before == Role.Requestor || before == Role.Trainer;
        if (staying && !chance(4)) return otherwise();
        Role role = chance(2) ? calling(account) : chance(3) ? Role.Challenger : Role.Validator;
        reachIf(before != role, Mark.RoleChanged);
        vm.prank(account);
        protocol.register(role, "peer", "sealing");
        fillUp(account);
    }

    /// What it is at first.
    function calling(address account) private pure returns (Role) {
        return Role(uint160(account) >> 12);
    }

    function fillUp(address account) private {
        NodeView memory n = protocol.node(account);
        uint256 ticket = protocol.ticket(n.role);
        if (ticket == 0 || (n.stake >= ticket && n.withdrawableAt == 0)) return;
        uint256 missing = n.stake < ticket ? ticket - n.stake : 0;
        if (purse[account] < missing) return;
        reachIf(n.stake != 0 && missing != 0, Mark.Topped);
        purse[account] -= missing;
        staked[account] += missing;
        vm.prank(account);
        protocol.depositTicket();
    }

    /// The whole stake, to the last unit.
    function withdrawFrom(address account) internal {
        purse[account] += staked[account];
        staked[account] = 0;
        vm.prank(account);
        protocol.withdraw();
        reach(Mark.Withdrawn);
    }

    // ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function holdersAct(uint256 seed) external acts(seed) {
        address account = actors[dice(actors.length)];
        uint256 amount = dice(100 * SCT);
        if (purse[account] < amount) return;
        purse[account] -= amount;
        if (chance(2)) {
            vm.prank(account);
            token.burn(amount);
            supply -= amount;
            return reach(Mark.Burned);
        }
        address to = actors[dice(actors.length)];
        purse[to] += amount;
        vm.prank(account);
        token.transfer(to, amount);
    }

    // ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────
    function ownerActs(uint256 seed) external acts(seed) {
        uint8 version = protocol.parametersVersion();
        if (version == MOST_VERSIONS || chance(2)) return otherwise();
        Parameters memory p = parameters();
        if (chance(2)) {
            // Whoever is silent once loses everything, and its role.
            (p.lockBps, p.slashBase) = (10_000, uint88(TICKET));
        } else {
            p.validatorTicket = uint88((10_000 + dice(20_000)) * SCT);
            p.challengerTicket = uint88((10_000 + dice(20_000)) * SCT);
            p.lockBps = uint16(500 + dice(3500));
            p.slashBase = uint88(dice(1000 * SCT));
        }
        p.trainersBps = uint16(5000 + dice(2500));
        p.membersBps = uint16(1000 + dice(1500));
        p.jurorFeeBps = uint16(dice(301));
        p.challengeBond = uint88(dice(1000 * SCT));
        p.minSeatPay = 0;
        protocol.changeParameters(version + 1, p);
        reach(Mark.VersionChanged);
        otherwise();
    }
}
