// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    ChallengeView,
    Immutables,
    JobTerms,
    JobView,
    NodeView,
    Parameters,
    PartView,
    Role,
    RoundView
} from "./ScatterTypes.sol";

/// @title Reading
interface IScatterViews {
    function job(bytes32 jobId) external view returns (JobView memory);

    function terms(bytes32 jobId) external view returns (JobTerms memory);

    function round(bytes32 jobId, uint8 roundNumber) external view returns (RoundView memory);

    /// @notice The members by seat, as far as drawn.
    function seats(bytes32 jobId) external view returns (address[] memory);

    /// @notice The auditors, as far as drawn; seat number members + index.
    function auditors(bytes32 jobId) external view returns (address[] memory);

    /// @notice The jurors, as far as drawn.
    function jurors(bytes32 jobId) external view returns (address[] memory);

    /// @notice The challenged items: scores by round, aggregates by round, the refusal.
    function challenges(bytes32 jobId) external view returns (ChallengeView[] memory);

    /// @notice What an account is in a job. Who the trainers are only `TrainerJoined` tells.
    function part(bytes32 jobId, address account) external view returns (PartView memory);

    function node(address account) external view returns (NodeView memory);

    /// @notice Penalties and what nobody earned, base units.
    function challengePool() external view returns (uint256);

    /// @notice How many nodes were ever appended to a role's pool, and who they are by position.
    function poolLength(Role role) external view returns (uint256);

    function poolNode(Role role, uint256 index) external view returns (address);

    /// @notice What a node of this role puts up now; 0 for roles without a ticket.
    function ticket(Role role) external view returns (uint256);

    /// @notice The present version of the parameters: the one that new jobs are posted under.
    function parametersVersion() external view returns (uint8);

    /// @notice A version of the parameters; all zero when there is none of this number.
    function parameters(uint8 version) external view returns (Parameters memory);

    /// @notice What never changes, its owner included.
    function immutables() external view returns (Immutables memory);
}
