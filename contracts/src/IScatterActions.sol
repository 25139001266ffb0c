// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {IScatterEvents} from "./IScatterEvents.sol";
import {JobTerms, Role} from "./ScatterTypes.sol";

/// @title What nodes and jobs do, in order
interface IScatterActions is IScatterErrors, IScatterEvents {
    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @notice Register the sender, or change its keys. Another role only with no stake and no unclaimed part in a job.
    /// @param peerKey Ed25519 public key by which peers know the node
    /// @param sealingKey X25519 public key to which keys are sealed
    function register(Role role, bytes32 peerKey, bytes32 sealingKey) external;

    /// @notice Try the token's permit of the sender for this contract. Never reverts: somebody may have used it first.
    function permit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice A validator or challenger fills its stake up to the ticket and is drawable (again). Takes what is missing.
    function depositTicket() external;

    /// @notice Leave the drawable set at once; the stake can be withdrawn after the delay.
    function requestWithdrawal() external;

    /// @notice Take the stake out after the delay, when no seat locks any of it.
    function withdraw() external;

    // ── a job's way, in order ───────────────────────────────────────────────────────────────────────────────────────
    /// @notice A registered requestor posts a job; takes roundPool * (rounds + 1): the pool and the bond.
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

    /// @notice A member commits to its scores: keccak256(abi.encode(chainid, this contract, uint8 SeatKind, job, round,
    /// member, keccak256(abi.encodePacked(words)), salt)). When all members have: → Opening.
    function commitScores(bytes32 jobId, uint8 roundNumber, bytes32 commitment) external;

    /// @notice A member opens its scores: one word for every 16 lanes (lane 0 the metric 0..10000, lane t+1 trainer slot t), top
    /// bits zero. With at most 15 trainers the last committer to open settles the round.
    function openScores(bytes32 jobId, uint8 roundNumber, uint256[] calldata words, bytes32 salt) external;

    /// @notice Anybody settles a round of a job with more than 15 trainers, when all committers opened or the deadline passed.
    /// @param words the words of all that opened (from their events), in the order of seats
    function settleRound(bytes32 jobId, uint8 roundNumber, uint256[][] calldata words) external;

    /// @notice A member posts the digest of the round's aggregate. The majority of all members, or the last one, closes the round.
    function postAggregate(bytes32 jobId, uint8 roundNumber, bytes32 aggregate) external;

    /// @notice Anybody moves a job on after its deadline; in Drawing draws the next page of seats once the block is known. Never
    /// reverts after a deadline. It does nothing before the drawing block is known, and nothing in Opening of more than 15 trainers
    /// while enough seats opened: there `settleRound` moves the job on.
    function poke(bytes32 jobId) external;
}
