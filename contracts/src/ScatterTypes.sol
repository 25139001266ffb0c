// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// What a registered node does. One at a time; see `register`.
enum Role {
    None,
    Requestor,
    Trainer,
    Validator,
    Challenger
}

/// What a seat is for. Only members exist in this version: auditors and jurors come with disputes.
enum SeatKind {
    Member,
    Auditor,
    Juror
}

/// Where a job stands. Judging is not entered in this version. The last three are terminal.
enum State {
    None,
    Open,
    Drawing,
    Keying,
    Training,
    Revealing,
    Committing,
    Opening,
    Aggregating,
    Challenging,
    Judging,
    Settled,
    Defaulted,
    Cancelled
}

/// Why a job left its way. "Stopped" is NoTrainerLeft or TooFewOpened. Refused is not used in this version.
enum Reason {
    None,
    TooFewTrainers,
    NoCommittee,
    DrawExpired,
    NoKeys,
    NoShardKey,
    NoTrainerLeft,
    TooFewOpened,
    Refused
}

/// Seconds that each state may take. Each at least the protocol's minimum and at most 30 days.
struct Durations {
    uint24 open;
    uint24 keys;
    uint24 train;
    uint24 reveal;
    uint24 commit;
    uint24 openScores;
    uint24 aggregate;
    uint24 challenge;
    uint24 judge;
}

/// What a requestor offers. Fixed when posted.
struct JobTerms {
    /// sha2-256 of the training job's manifest
    bytes32 trainingJob;
    /// sha2-256 of the evaluation job's manifest
    bytes32 evaluationJob;
    /// keccak256 of the job key
    bytes32 jobKeyHash;
    /// tokens paid for each round (base units); the pool is roundPool * rounds, the bond one roundPool
    uint96 roundPool;
    /// tokens each trainer puts up (base units)
    uint96 slotStake;
    /// 1..32
    uint8 rounds;
    /// seats that score and aggregate, 1..31
    uint8 members;
    /// must be 0 in this version
    uint8 auditors;
    /// 1..maxTrainers
    uint8 minTrainers;
    /// at most 63
    uint8 maxTrainers;
    /// aggregation rule: 0 contribution, 1 mean, 2 median, 3 trimmed_mean, 4 krum
    uint8 rule;
    /// must be 0 in this version: there is no second layer
    uint8 minJury;
    /// part of the slot stake that a trainer loses who is never accepted, 1/10000
    uint16 faultBps;
    /// most that one trainer can earn of a round's trainers' part, 1/10000, 1..10000
    uint16 maxShareBps;
    /// how far a seat's contributions may lie from the settled ones, score units, 1..32767
    uint16 tau;
    Durations durations;
}

/// What the protocol is deployed with. Never changes.
/// @dev The token and the source of randomness are trusted: they are deployed with the protocol.
struct Parameters {
    /// the only token that the protocol holds
    address token;
    /// IRandomness: where drawing takes its seeds from
    address randomness;
    /// a validator's ticket, base units
    uint96 validatorTicket;
    /// a challenger's ticket, base units
    uint96 challengerTicket;
    /// least part of its ticket that a seat locks, 1/10000
    uint16 lockBps;
    /// what a first slash costs, base units; doubles with each earlier one
    uint96 slashBase;
    /// the trainers' part of a round's pool, 1/10000
    uint16 trainersBps;
    /// the members' part of a round's pool, 1/10000; auditors get the rest, members that too while there are none
    uint16 membersBps;
    /// least pay of a seat for a round, base units
    uint96 minSeatPay;
    /// seconds from the request to the withdrawal of a stake
    uint32 withdrawalDelay;
    /// least duration of any state, seconds
    uint32 minimumDuration;
}

/// A job as `job` shows it. Masks have bit i for seat i.
struct JobView {
    State state;
    Reason reason;
    /// round in progress, from 1; 0 before Training
    uint8 round;
    /// trainers that joined
    uint8 trainers;
    /// seats drawn so far
    uint8 seated;
    /// last second in which the state's actors may act; 0 in Drawing and in terminal states
    uint40 deadline;
    /// block whose hash draws the seats
    uint40 drawBlock;
    /// 1..3: how many blocks have been named
    uint8 drawAttempt;
    /// candidates looked at so far
    uint16 drawCursor;
    /// validators in the pool when it froze
    uint32 poolLength;
    /// seats that were silent or deviated: slashed when they claim
    uint40 slashable;
}

/// A round as `round` shows it. `published` has bit t for trainer slot t, the others bit i for seat i.
struct RoundView {
    uint64 published;
    uint40 committed;
    uint40 opened;
    uint40 leftOut;
    /// sum of the positive settled contributions, score units
    uint24 positiveSum;
    /// scores are settled; the round is closed or closes next
    bool settled;
    /// settled scores, 16 lanes to a word; empty until settled
    uint256[] scores;
}

/// A node as `node` shows it.
struct NodeView {
    Role role;
    bytes32 peerKey;
    bytes32 sealingKey;
    /// tokens held for the node, base units
    uint88 stake;
    /// part of the stake that seats lock
    uint88 locked;
    /// how often it was slashed (saturates at 255)
    uint8 slashes;
    /// parts in jobs (posted, joined, seated) that are not claimed yet
    uint16 parts;
    /// when the stake may be withdrawn, seconds; 0: not requested
    uint40 withdrawableAt;
}

/// The part of an account in a job as `part` shows it: its role in the job (None: no part), its trainer slot or its seat,
/// whether it was claimed, and for trainers the chain of their updates (see `publishUpdate`).
struct PartView {
    Role role;
    uint8 index;
    bool claimed;
    uint216 updates;
}
