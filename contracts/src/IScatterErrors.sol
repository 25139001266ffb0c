// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, JudgingPhase, Role, State} from "./ScatterTypes.sol";

/// @title What the protocol refuses, and the way out
interface IScatterErrors {
    // ── deployment ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// A parameter lies outside its range (ASCII name).
    error ParameterOutOfRange(bytes32 parameter);
    /// The module is missing, is another one, or was deployed with other immutables.
    error ModuleMismatch(address module);

    // ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Only the protocol's owner, a timelock, may do this.
    error NotOwner(address account);
    /// Another version of the parameters is the present one: terms name that, a change the next.
    error StaleParameters(uint8 present);
    /// There are as many versions as there can be.
    error TooManyVersions(uint256 most);

    // ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// Register with one of the four roles.
    error RoleMissing();
    /// A node needs a peer key and a sealing key; both must be non-zero.
    error KeyMissing();
    /// The role changes only with no stake: withdraw first.
    error RoleBound(uint256 stake);
    /// The caller must be registered with this role: call `register`.
    error NotRegistered(address account, Role needed);
    /// Only validators and challengers have tickets.
    error NoTicketForRole(Role role);
    /// The stake is the whole ticket already, and no withdrawal is requested.
    error TicketComplete(uint256 stake);
    /// There is no stake to withdraw.
    error NothingStaked();
    /// Call `requestWithdrawal` first.
    error WithdrawalNotRequested();
    /// The withdrawal was requested already, or its delay is not over: wait until then.
    error WithdrawalPending(uint64 availableAt);
    /// Seats lock part of the stake: wait until their jobs end, then `claim` for them.
    error StakeLocked(uint256 locked);

    // ── posting and joining ─────────────────────────────────────────────────────────────────────────────────────────
    /// This requestor used the topic before: take another one.
    error JobExists(bytes32 job);
    /// A term (ASCII name) lies outside its range. "durations" is any of the nine.
    error TermOutOfRange(bytes32 term, uint256 given, uint256 least, uint256 most);
    /// A seat must earn at least this a round: raise roundPool or take fewer members or auditors.
    error SeatPayTooSmall(uint256 pay, uint256 minimum);
    /// One shard key hash and one shard digest for each round.
    error ShardCountMismatch(uint256 rounds, uint256 keyHashes, uint256 digests);
    /// A digest, key hash or commitment must not be zero.
    error DigestMissing();
    /// One slot per trainer and job.
    error AlreadyJoined(uint8 slot);
    /// The job starts once this many trainers joined.
    error TooFewTrainersJoined(uint256 joined, uint256 needed);

    // ── every action of a job ───────────────────────────────────────────────────────────────────────────────────────
    /// The action belongs to another state (None: there is no such job).
    error WrongState(State current);
    /// The action names another round than the one in progress.
    error WrongRound(uint8 current);
    /// Too late: only `poke` (or `settleRound`) moves the job on.
    error DeadlinePassed(uint64 deadline);
    /// `poke` acts only after the deadline.
    error DeadlineAhead(uint64 deadline);
    /// Only the job's requestor may do this.
    error NotRequestor(address account);
    /// Only the job's trainers may do this.
    error NotTrainer(address account);
    /// Only the job's members and auditors may do this.
    error NotSeated(address account);
    /// Only the job's jurors may do this.
    error NotJuror(address account);
    /// Only the seats whose scores settled the round post its aggregate.
    error NotOnPanel(uint8 seat);

    // ── rounds ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The trainer published nothing in the first round and is out of the job; its stake is claimable at the end.
    error TrainerWasDropped(uint8 slot);
    /// One update per trainer and round.
    error AlreadyPublished(uint8 slot);
    /// The key does not hash to what was posted.
    error WrongShardKey();
    /// One commitment per seat and round.
    error AlreadyCommitted(uint8 seat);
    /// Nothing was committed in time, so nothing can be opened.
    error NotCommitted(uint8 seat);
    /// The scores are open already.
    error AlreadyOpened(uint8 seat);
    /// Words and salt are not those of the commitment (made for this chain, contract, kind, job, round and sender).
    error CommitmentMismatch();
    /// One word for every 16 lanes: the metric and one lane for each trainer that joined.
    error WordCountMismatch(uint256 expected, uint256 given);
    /// The metric is above 10000, or a lane has its top bit set.
    error ScoreOutOfRange(uint256 word);
    /// Jobs of at most 15 trainers settle by themselves; there is nothing to pass.
    error SettlesItself();
    /// Scores can still be opened: wait for the last committer or the deadline.
    error ScoresStillOpening(uint64 deadline);
    /// These are not the words that the seat (or the juror of that number) opened.
    error OpenedWordsMismatch(uint8 seat);
    /// One aggregate per seat and round.
    error AlreadyPosted(uint8 seat);

    // ── disputes ────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The job was posted with minJury 0: there are no juries.
    error NoSecondLayer();
    /// Only seats and trainers of the job may challenge this (a refusal: the requestor too).
    error NotParticipant(address account);
    /// There is nothing of the kind: scores of a settled round, its aggregate when an update was accepted, the refusal of the
    /// round in which members refused.
    error NotChallengeable(ChallengeKind kind, uint8 round);
    /// One filing per account and item.
    error AlreadyChallenged(ChallengeKind kind, uint8 round);
    /// Nobody challenged this.
    error NotChallenged(ChallengeKind kind, uint8 round);
    /// The action belongs to another phase of Judging.
    error WrongPhase(JudgingPhase current);
    /// Only a verdict on an aggregate names one; it has no words.
    error AggregateUnexpected();
    /// The words on this item were counted.
    error AlreadyTallied(ChallengeKind kind, uint8 round);

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The account has no part in the job.
    error NoPart(address account);
    /// The account's part was claimed before.
    error AlreadyClaimed(address account);
}
