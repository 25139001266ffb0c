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

/// What a seat is for: members settle a round, auditors score beside them and stand in for them, jurors judge disputes.
enum SeatKind {
    Member,
    Auditor,
    Juror
}

/// Where a job stands. The last three are terminal.
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

/// Why a job left its way. "Stopped" is NoTrainerLeft or TooFewOpened.
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

/// What of a job is challenged: the settled scores of a round, its aggregate, or that its members refused to score it.
enum ChallengeKind {
    Scores,
    Aggregate,
    Refusal
}

/// Where the judging of a job stands: jurors are drawn, commit, open, and their words are counted.
enum JudgingPhase {
    Drawing,
    Committing,
    Opening,
    Tallying
}

/// What came of a challenge. Pending: not tallied (or the jury was void). NoVerdict: too few jurors agreed. Stands: a verdict
/// that changes nothing. Changed: a verdict that does.
enum Outcome {
    Pending,
    NoVerdict,
    Stands,
    Changed
}

/// Seconds that each state may take. Each at least the protocol's minimum and at most 30 days.
/// Judging takes `judge` twice: to commit, and to open.
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
    /// seats that score secretly beside the members and stand in for them, 0..7
    uint8 auditors;
    /// 1..maxTrainers
    uint8 minTrainers;
    /// at most 63
    uint8 maxTrainers;
    /// aggregation rule: 0 contribution, 1 mean, 2 median, 3 trimmed_mean, 4 krum
    uint8 rule;
    /// least jurors that there must be when the job starts and when it is judged, 0..min(2 * members + 1, 31); 0: nothing can be
    /// challenged
    uint8 minJury;
    /// version of the parameters; the present one when the job is posted
    uint8 parameters;
    /// part of the slot stake that a trainer loses who is never accepted, 1/10000
    uint16 faultBps;
    /// most that one trainer can earn of a round's trainers' part, 1/10000, 1..10000
    uint16 maxShareBps;
    /// how far a seat's contributions may lie from the settled ones, score units, 1..32767
    uint16 tau;
    Durations durations;
}

/// What the protocol is deployed with. Never changes.
/// @dev The token and the source of randomness are trusted: they are deployed with the protocol. The owner is trusted with nothing
/// but the parameters of jobs that are posted later.
struct Immutables {
    /// the only token that the protocol holds
    address token;
    /// IRandomness: where drawing takes its seeds from
    address randomness;
    /// who may change the parameters of new jobs: a timelock
    address owner;
    /// seconds from the request to the withdrawal of a stake
    uint32 withdrawalDelay;
    /// least duration of any state, seconds
    uint32 minimumDuration;
}

/// What the owner can change, for jobs that are posted afterwards: each job keeps the version that it was posted under.
/// @dev Two words. What draws and claims read is in the first.
struct Parameters {
    /// a validator's ticket, base units
    uint88 validatorTicket;
    /// a challenger's ticket, base units
    uint88 challengerTicket;
    /// least part of its ticket that a seat locks, 1/10000
    uint16 lockBps;
    /// the trainers' part of a round's pool, 1/10000
    uint16 trainersBps;
    /// the members' part of a round's pool, 1/10000; auditors get the rest, members that too in a job without auditors
    uint16 membersBps;
    /// part of the challenge pool that a juror gets whose verdict changed something, 1/10000, at most 300
    uint16 jurorFeeBps;
    /// what a first slash costs, base units; doubles with each earlier one
    uint88 slashBase;
    /// what a challenge puts up, base units, at most a challenger's ticket
    uint88 challengeBond;
    /// least pay of a seat for a round, base units
    uint80 minSeatPay;
}

/// A job as `job` shows it. Masks have bit i for seat i: members 0 … V-1, auditors V … V+A-1.
struct JobView {
    State state;
    Reason reason;
    /// round in progress, from 1; 0 before Training and in Judging
    uint8 round;
    /// trainers that joined
    uint8 trainers;
    /// seats of each kind drawn so far
    uint8 members;
    uint8 auditors;
    uint8 jurors;
    /// meant only in Judging
    JudgingPhase phase;
    /// challenged items: see `challenges`
    uint8 challenges;
    /// last second in which the state's actors may act; 0 in Drawing, while jurors are drawn or words counted, and in terminal states
    uint40 deadline;
    /// block whose hash draws the seats, of the last draw
    uint40 drawBlock;
    /// 1..3: how many blocks have been named for it
    uint8 drawAttempt;
    /// length of each pool when it froze for it
    uint32 validators;
    uint32 challengers;
    /// seats that were silent or deviate, once the job is Settled from what verdicts left: slashed when they claim
    uint40 slashable;
    /// jurors (bit i: juror i) that were silent, or outside a verdict: slashed when they claim
    uint32 slashableJurors;
    /// what each juror that agreed with a verdict that changed something gets of the challenge pool, base units
    uint96 jurorFee;
}

/// A round as `round` shows it. `published` has bit t for trainer slot t, the others bit i for seat i (see JobView).
struct RoundView {
    uint64 published;
    uint40 committed;
    /// opened numbers, refused or abstained
    uint40 opened;
    uint40 refused;
    uint40 abstained;
    /// owed something in the round and did not do it in time
    uint40 silent;
    /// seats in the final medians: members and the auditors that stood in for others (after a verdict that changed which updates
    /// are struck out: those that are paid in their place)
    uint40 panel;
    /// seats that opened numbers and are not paid, as their special words are not the settled ones
    uint40 leftOut;
    /// sum of the positive settled contributions, score units
    uint24 positiveSum;
    /// scores are settled; the round is closed or closes next
    bool settled;
    /// settled scores (after a verdict: as the verdict leaves them), 16 lanes to a word; empty until settled
    uint256[] scores;
}

/// A challenged item as `challenges` shows it.
struct ChallengeView {
    ChallengeKind kind;
    uint8 round;
    Outcome outcome;
    /// who filed it: bit t for trainer slot t, bit 64 + i for seat i, bit 127 for the requestor
    uint128 filers;
    /// seats that lose L by this verdict (see VerdictReached); once the job is Settled, only those that lose it here
    uint40 lost;
    /// jurors, bit i for juror i
    uint32 committed;
    uint32 opened;
    uint32 agreed;
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
    /// when the stake may be withdrawn, seconds; 0: not requested
    uint40 withdrawableAt;
}

/// The part of an account in a job as `part` shows it: the role that it had when it got it (None: no part), for seats their
/// kind, the trainer slot or the number among the seats of that kind, whether it was claimed, and for trainers the chain of
/// their updates (see `publishUpdate`).
struct PartView {
    Role role;
    SeatKind kind;
    uint8 index;
    bool claimed;
    uint216 updates;
}
