// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Claims
interface IScatterClaims {
    /// @notice Anybody pays out parts of an ended job, each to its owner, each once: requestor, trainers, members,
    /// auditors, jurors. What a challenge brings is part of its filer's claim.
    /// @param words with more than 15 trainers: for each claimed member and auditor in the order of `accounts`, for each settled
    /// round in which it opened numbers and was not left out, the words it opened. Otherwise empty.
    function claim(bytes32 jobId, address[] calldata accounts, uint256[] calldata words) external;

    /// @notice What `claim` would do for this account of an ended job now (`words` as there, for this account alone).
    /// @return paid tokens to the account, penalty from its stake, all that goes to the challenge pool
    function owed(bytes32 jobId, address account, uint256[] calldata words)
        external
        view
        returns (uint256 paid, uint256 penalty, uint256 toChallengePool);
}
