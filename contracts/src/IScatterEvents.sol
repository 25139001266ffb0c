// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobTerms, Reason, Role, SeatKind, State} from "./ScatterTypes.sol";

/// @title Everything that happens, complete: what the protocol knows can be rebuilt from these
/// @dev Amounts are base units of the token. Rounds count from 1, slots and seats from 0. Masks have bit i for seat i.
interface IScatterEvents {
    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// A node registered, or changed its keys or role.
    event NodeRegistered(address indexed node, Role role, bytes32 peerKey, bytes32 sealingKey);
    /// A ticket was filled up by `amount` to `stake`; a pending withdrawal is off. The first time in a role the node is
    /// appended to that role's pool.
    event TicketDeposited(address indexed node, uint256 amount, uint256 stake);
    /// The node left the drawable set; its stake is free from `availableAt` on.
    event WithdrawalRequested(address indexed node, uint64 availableAt);
    /// The stake went back.
    event Withdrawn(address indexed node, uint256 amount);
    /// A seat cost its node part of the stake. A stake of 0 costs the role too.
    event StakeSlashed(bytes32 indexed job, address indexed node, uint256 amount);
    /// A seat locks part of the stake.
    event SeatLocked(bytes32 indexed job, address indexed node, uint256 amount);
    /// A seat was claimed and its lock is off.
    event SeatUnlocked(bytes32 indexed job, address indexed node, uint256 amount);

    // ── a job's way ─────────────────────────────────────────────────────────────────────────────────────────────────
    event JobPosted(
        bytes32 indexed job,
        address indexed requestor,
        bytes32 topic,
        JobTerms terms,
        bytes32[] shardKeyHashes,
        bytes32[] shardDigests
    );
    event TrainerJoined(bytes32 indexed job, address indexed trainer, uint8 slot);
    /// Silent in the first round: out of the job, its stake is claimable at the end without penalty.
    event TrainerDropped(bytes32 indexed job, uint8 slot);
    /// Every transition. `deadline` is 0 in Drawing and in terminal states.
    event StateEntered(bytes32 indexed job, State state, uint8 round, uint64 deadline, Reason reason);
    /// The hash of this block draws the seats. Attempts count from 1.
    event DrawScheduled(bytes32 indexed job, uint64 drawBlock, uint8 attempt);
    /// Seats firstSeat, firstSeat + 1, … were drawn.
    event SeatsDrawn(bytes32 indexed job, SeatKind kind, uint8 firstSeat, address[] nodes);
    event KeysPublished(bytes32 indexed job, bytes32 bundle);
    event UpdatePublished(bytes32 indexed job, uint8 round, uint8 slot, bytes32 update);
    event ShardKeyRevealed(bytes32 indexed job, uint8 round, bytes32 key);
    event ScoresCommitted(bytes32 indexed job, uint8 round, SeatKind kind, uint8 seat, bytes32 commitment);
    event ScoresOpened(bytes32 indexed job, uint8 round, SeatKind kind, uint8 seat, uint256[] words);
    /// `deviating` are those of this round alone.
    event RoundSettled(
        bytes32 indexed job, uint8 round, uint256[] settled, uint256 positiveSum, uint256 leftOut, uint256 deviating
    );
    event AggregatePosted(bytes32 indexed job, uint8 round, uint8 seat, bytes32 aggregate);
    /// `globalModel` 0: the round keeps the model it started from. Also for rounds in which nobody published.
    event RoundClosed(bytes32 indexed job, uint8 round, bytes32 globalModel);
    /// `paid` went to the account (pay, what comes back of stake, pool and bond). `penalty` was taken from its slot stake or
    /// its ticket. `toChallengePool` is all that this claim moved there: the penalty, and what was not earned.
    event Claimed(bytes32 indexed job, address indexed account, uint256 paid, uint256 penalty, uint256 toChallengePool);
}
