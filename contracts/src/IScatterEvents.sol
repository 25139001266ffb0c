// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, JobTerms, JudgingPhase, Parameters, Reason, Role, SeatKind, State} from "./ScatterTypes.sol";

/// @title Everything that happens, complete: what the protocol knows can be rebuilt from these
/// @dev Amounts are base units of the token. Rounds count from 1, slots and seats from 0. Beside a `kind`
/// a seat is numbered among its kind; elsewhere, and in masks (bit i for seat i), members are 0 … V-1 and auditors V … V+A-1.
/// Jurors are numbered by themselves.
interface IScatterEvents {
    // ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Jobs that are posted from now on have these. Version 0 is that of the deployment.
    event ParametersChanged(uint8 version, Parameters parameters);

    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// A node registered, or changed its keys or role.
    event NodeRegistered(address indexed node, Role role, bytes32 peerKey, bytes32 sealingKey);
    /// A ticket was filled up by `amount`, and the stake is now `stake`; a pending withdrawal is off. The first time in a role the node is
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
    /// Every transition. `deadline` is 0 in Drawing, Judging (see JudgingAdvanced) and in terminal states. `round` is 0 in Judging.
    event StateEntered(bytes32 indexed job, State state, uint8 round, uint64 deadline, Reason reason);
    /// The hash of this block draws the seats. Attempts count from 1.
    event DrawScheduled(bytes32 indexed job, uint64 drawBlock, uint8 attempt);
    /// Seats firstSeat, firstSeat + 1, … of their kind were drawn.
    event SeatsDrawn(bytes32 indexed job, SeatKind kind, uint8 firstSeat, address[] nodes);
    event KeysPublished(bytes32 indexed job, bytes32 bundle);
    event UpdatePublished(bytes32 indexed job, uint8 round, uint8 slot, bytes32 update);
    event ShardKeyRevealed(bytes32 indexed job, uint8 round, bytes32 key);
    event ScoresCommitted(bytes32 indexed job, uint8 round, SeatKind kind, uint8 seat, bytes32 commitment);
    /// No words: the seat refuses. One word of 256 ones: it abstains.
    event ScoresOpened(bytes32 indexed job, uint8 round, SeatKind kind, uint8 seat, uint256[] words);
    /// `panel` are the seats in the final medians, `leftOut` those with numbers whose special words are not the settled ones; the
    /// rest of those with numbers are auditors that are compared. `deviating` are those of this round alone.
    event RoundSettled(
        bytes32 indexed job,
        uint8 round,
        uint256[] settled,
        uint256 positiveSum,
        uint256 panel,
        uint256 leftOut,
        uint256 deviating
    );
    event AggregatePosted(bytes32 indexed job, uint8 round, uint8 seat, bytes32 aggregate);
    /// `globalModel` 0: the round keeps the model it started from. Also for rounds in which nobody published.
    event RoundClosed(bytes32 indexed job, uint8 round, bytes32 globalModel);

    // ── disputes ────────────────────────────────────────────────────────────────────────────────────────────────────
    event Challenged(bytes32 indexed job, ChallengeKind kind, uint8 round, address indexed challenger);
    /// Committing, Opening or Tallying began. (Drawing begins with Judging; then DrawScheduled and SeatsDrawn as for seats.)
    event JudgingAdvanced(bytes32 indexed job, JudgingPhase phase, uint64 deadline);
    /// So few jurors were found (or no drawing block in time) that nothing is judged: bonds go back.
    event JuryVoid(bytes32 indexed job, uint8 jurors);
    event VerdictCommitted(bytes32 indexed job, ChallengeKind kind, uint8 round, uint8 juror, bytes32 commitment);
    event VerdictOpened(
        bytes32 indexed job, ChallengeKind kind, uint8 round, uint8 juror, uint256[] words, bytes32 aggregate
    );
    /// An item was tallied. `lanes`: of Scores, the round's settled words as the verdict leaves them. `aggregate`: of Aggregate, the
    /// verdict (0: none). `lost`: all seats that contradict what the verdict changed; a seat loses L once, to the first such
    /// item in the order Scores by round, Aggregate by round, Refusal. `jurorsOutside` are slashed like deviating seats; who
    /// gave numbers and is in neither mask could read something else than the verdict is about.
    /// `deviating`: of Scores, the other seats that deviate from the round's settled words as they are now.
    event VerdictReached(
        bytes32 indexed job,
        ChallengeKind kind,
        uint8 round,
        bool counts,
        bool changed,
        uint256[] lanes,
        bytes32 aggregate,
        uint256 lost,
        uint256 jurorsAgreed,
        uint256 jurorsOutside,
        uint256 deviating
    );
    /// The challenge pool fell by `fee` for each juror in the mask: those that agreed with a verdict that changed something.
    event JurorFeesReserved(bytes32 indexed job, uint256 fee, uint256 jurors);

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// `paid` went to the account (pay, fees, rewards, what comes back of slot stake, pool and bonds). `penalty` was taken from
    /// its slot stake or its ticket. `toChallengePool` is all that this claim moved there: the penalty (not an L lost by
    /// verdict: that goes to the item), what the account did not earn of its part of a round it was paid in, and by the
    /// requestor's claim everything else: parts of seats that were not paid, rounding, the rest of items.
    event Claimed(
        bytes32 indexed job, address indexed account, uint256 paid, uint256 penalty, uint256 toChallengePool
    );
}
