// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind} from "./ScatterTypes.sol";

/// @title Challenges, juries and verdicts
/// @notice An item is a kind and a round. All items of a job are judged by one jury of min(2 * members + 1, 31) nodes that have
/// no part in the job (all there are when fewer; fewer than max(3, minJury): void).
interface IScatterDisputes {
    /// @notice In Challenging, a member, auditor or trainer challenges an item, the requestor a refusal; takes the challenge bond.
    /// Several may file the same item, each once.
    function challenge(bytes32 jobId, ChallengeKind kind, uint8 roundNumber) external;

    /// @notice A juror commits to its verdict on an item: keccak256(abi.encode(chainid, this contract, uint8 SeatKind.Juror, job,
    /// uint256(kind) << 8 | round, sender, keccak256(abi.encodePacked(words, aggregate)), salt)). When all have to all: Opening.
    function commitVerdict(bytes32 jobId, ChallengeKind kind, uint8 roundNumber, bytes32 commitment) external;

    /// @notice A juror opens its verdict on an item. When all opened all items, or at the deadline: Tallying.
    /// @param words of Scores and Refusal: the scores as in `openScores`; none: the round cannot be scored (on a refusal: it was right);
    /// one word of 256 ones: it abstains. Of Aggregate: none.
    /// @param aggregate of Aggregate: the digest, 0 when it cannot be computed. Else 0.
    function openVerdict(
        bytes32 jobId,
        ChallengeKind kind,
        uint8 roundNumber,
        uint256[] calldata words,
        bytes32 aggregate,
        bytes32 salt
    ) external;

    /// @notice Anybody counts the words on an item, in Tallying, in any order. After the last one: → Settled.
    /// @param words of Scores with more than 15 trainers: first the words of all seats that opened numbers in the round as for
    /// `settleRound`, then those of all jurors that opened numbers, in the order of jurors. Else empty.
    function tally(bytes32 jobId, ChallengeKind kind, uint8 roundNumber, uint256[][] calldata words) external;
}
