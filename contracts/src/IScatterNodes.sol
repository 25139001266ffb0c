// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Role} from "./ScatterTypes.sol";

/// @title Nodes and their tickets
interface IScatterNodes {
    /// @notice Register the sender, or change its keys. Another role only with no stake.
    /// @param peerKey Ed25519 public key by which peers know the node
    /// @param sealingKey X25519 public key to which keys are sealed
    function register(Role role, bytes32 peerKey, bytes32 sealingKey) external;

    /// @notice Try the token's permit of the sender for this contract. Never reverts: somebody may have used it first.
    function permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice A validator or challenger fills its stake up to the present ticket and is drawable (again). Takes what is missing.
    function depositTicket() external;

    /// @notice Leave the drawable set at once; the stake can be withdrawn after the delay.
    function requestWithdrawal() external;

    /// @notice Take the stake out after the delay, when no seat locks any of it.
    function withdraw() external;
}
