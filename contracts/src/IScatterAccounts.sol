// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {IScatterEvents} from "./IScatterEvents.sol";
import {JobTerms, JobView, NodeView, PartView, Role, RoundView} from "./ScatterTypes.sol";

/// @title Claims of ended jobs, and reading
interface IScatterAccounts is IScatterErrors, IScatterEvents {
    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @notice Anybody pays out parts of an ended job, each to its owner, each once: requestor, trainers, members.
    /// @param words with more than 15 trainers: for each claimed seat in the order of `accounts`, for each settled round in which
    /// it opened and was not left out, the words it opened. Otherwise empty.
    function claim(bytes32 jobId, address[] calldata accounts, uint256[] calldata words) external;

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function job(bytes32 jobId) external view returns (JobView memory);

    function terms(bytes32 jobId) external view returns (JobTerms memory);

    function round(bytes32 jobId, uint8 roundNumber) external view returns (RoundView memory);

    /// @notice The trainers by slot.
    function trainers(bytes32 jobId) external view returns (address[] memory);

    /// @notice The members by seat, as far as drawn.
    function seats(bytes32 jobId) external view returns (address[] memory);

    function part(bytes32 jobId, address account) external view returns (PartView memory);

    /// @notice What `claim` would do for this account of an ended job now (`words` as there, for this account alone).
    /// @return paid tokens to the account, penalty from its stake, all that goes to the challenge pool
    function owed(bytes32 jobId, address account, uint256[] calldata words)
        external
        view
        returns (uint256 paid, uint256 penalty, uint256 toChallengePool);

    function node(address account) external view returns (NodeView memory);

    /// @notice Penalties and what nobody earned, base units.
    function challengePool() external view returns (uint256);

    /// @notice How many nodes were ever appended to a role's pool, and who they are by position.
    function poolLength(Role role) external view returns (uint256);

    function poolNode(Role role, uint256 index) external view returns (address);

    /// @notice What a node of this role puts up; 0 for roles without a ticket.
    function ticket(Role role) external view returns (uint256);
}
