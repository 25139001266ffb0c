// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobTerms} from "./ScatterTypes.sol";

/// @title The way of a job, in order
interface IScatterJobs {
    /// @notice A registered requestor posts a job; takes roundPool * (rounds + 1): the pool and the bond.
    /// The terms name the present version of the parameters, which are the job's for good.
    /// @param topic the requestor's own name for the job, never used before
    /// @param shardKeyHashes keccak256 of each round's shard key
    /// @param shardDigests sha2-256 of each round's encrypted shard; only in the event
    /// @return jobId keccak256(abi.encode(requestor, topic))
    function post(
        bytes32 topic,
        JobTerms calldata terms,
        bytes32[] calldata shardKeyHashes,
        bytes32[] calldata shardDigests
    ) external returns (bytes32 jobId);

    /// @notice A registered trainer takes the next slot and puts up the slot stake. The last possible one starts the draw.
    function join(bytes32 jobId) external;

    /// @notice The requestor starts the draw once minTrainers joined.
    function start(bytes32 jobId) external;

    /// @notice The requestor publishes the digest of the job key's sealed copies. → Training of round 1.
    function publishKeys(bytes32 jobId, bytes32 bundle) external;

    /// @notice A trainer publishes the digest of its update's manifest. When all active ones have: → Revealing.
    /// @dev Its part keeps `updates = uint216(uint256(keccak256(abi.encode(uint256(updates), roundNumber, update))))`, from 0.
    function publishUpdate(bytes32 jobId, uint8 roundNumber, bytes32 update) external;

    /// @notice The requestor reveals the round's shard key, checked against its hash. → Committing.
    function revealShardKey(bytes32 jobId, uint8 roundNumber, bytes32 key) external;

    /// @notice A member or auditor commits to its scores: keccak256(abi.encode(chainid, this contract, uint8 SeatKind, job, round,
    /// sender, keccak256(abi.encodePacked(words)), salt)). When all seats have: → Opening.
    function commitScores(bytes32 jobId, uint8 roundNumber, bytes32 commitment) external;

    /// @notice A member or auditor opens its scores: one word for every 16 lanes (lane 0 the metric 0..10000, lane t+1 trainer
    /// slot t), top bits zero. No words refuse the round; one word of 256 ones abstains, by who lacks what it needs. With at most 15
    /// trainers the last committer to open settles the round.
    function openScores(bytes32 jobId, uint8 roundNumber, uint256[] calldata words, bytes32 salt) external;

    /// @notice Anybody settles a round of a job with more than 15 trainers, when all committers opened or the deadline passed.
    /// @param words the words of all that opened numbers (from their events), members first, then auditors, in the order of seats
    function settleRound(bytes32 jobId, uint8 roundNumber, uint256[][] calldata words) external;

    /// @notice A seat of the round's panel (members and stand-ins) posts the digest of the aggregate. As many equal ones as are a
    /// majority of V, or the last one to post, close the round.
    function postAggregate(bytes32 jobId, uint8 roundNumber, bytes32 aggregate) external;

    /// @notice Anybody moves a job on after its deadline; while seats or jurors are drawn it draws the next page once the block is
    /// known, while verdicts are counted it counts the next. Never reverts after a deadline. It does nothing before the drawing
    /// block is known, and nothing where words of more than 15 trainers are needed: in Opening while enough seats opened
    /// (`settleRound` moves the job on), and in Judging for Scores (`tally` does).
    function poke(bytes32 jobId) external;
}
