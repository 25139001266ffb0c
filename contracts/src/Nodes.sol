// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IScatterNodes} from "./IScatterNodes.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Role} from "./ScatterTypes.sol";

/// @title The node registry, and tickets: stake that makes a node drawable
abstract contract Nodes is ScatterStorage, IScatterNodes {
    using SafeERC20 for IERC20;

    /// @inheritdoc IScatterNodes
    function register(Role role, bytes32 peerKey, bytes32 sealingKey) external {
        if (role == Role.None) revert RoleMissing();
        if (peerKey == 0 || sealingKey == 0) revert KeyMissing();
        Node storage n = _nodes[msg.sender];
        if (n.role != role) {
            // A seat that is not claimed locks some of the stake.
            if (n.stake != 0) revert RoleBound(n.stake);
            n.role = role;
        }
        n.peerKey = peerKey;
        n.sealingKey = sealingKey;
        emit NodeRegistered(msg.sender, role, peerKey, sealingKey);
    }

    /// @inheritdoc IScatterNodes
    function permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    /// @inheritdoc IScatterNodes
    function depositTicket() external {
        Node storage n = _nodes[msg.sender];
        Role role = n.role;
        uint256 full = _ticket(_parameters[_version], role);
        if (full == 0) revert NoTicketForRole(role);
        uint256 stake = n.stake;
        if (stake >= full && n.withdrawableAt == 0) revert TicketComplete(stake);
        uint256 missing = stake < full ? full - stake : 0;
        uint8 pool = uint8(1 << uint8(role));
        if (n.pools & pool == 0) {
            n.pools |= pool;
            _pools[role].push(msg.sender);
        }
        n.stake = uint88(stake + missing);
        n.withdrawableAt = 0;
        emit TicketDeposited(msg.sender, missing, stake + missing);
        TOKEN.safeTransferFrom(msg.sender, address(this), missing);
    }

    /// @inheritdoc IScatterNodes
    function requestWithdrawal() external {
        Node storage n = _nodes[msg.sender];
        if (n.stake == 0) revert NothingStaked();
        if (n.withdrawableAt != 0) revert WithdrawalPending(n.withdrawableAt);
        n.withdrawableAt = uint40(block.timestamp + WITHDRAWAL_DELAY);
        emit WithdrawalRequested(msg.sender, n.withdrawableAt);
    }

    /// @inheritdoc IScatterNodes
    function withdraw() external {
        Node storage n = _nodes[msg.sender];
        if (n.withdrawableAt == 0) revert WithdrawalNotRequested();
        if (block.timestamp < n.withdrawableAt) revert WithdrawalPending(n.withdrawableAt);
        if (n.locked != 0) revert StakeLocked(n.locked);
        uint256 amount = n.stake;
        n.stake = 0;
        n.withdrawableAt = 0;
        emit Withdrawn(msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }
}
