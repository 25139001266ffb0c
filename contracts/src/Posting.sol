// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IScatterJobs} from "./IScatterJobs.sol";
import {JobStates} from "./JobStates.sol";
import {Durations, JobTerms, Parameters, Reason, Role, State} from "./ScatterTypes.sol";
import {Spans} from "./Spans.sol";

/// @title Open: a requestor posts a job with its escrow, trainers join with their stakes
abstract contract Posting is JobStates, IScatterJobs {
    using SafeERC20 for IERC20;

    uint256 private constant LAST_RULE = 4;
    uint256 private constant MAX_TAU = 32_767;

    /// @inheritdoc IScatterJobs
    function post(
        bytes32 topic,
        JobTerms memory terms_,
        bytes32[] calldata shardKeyHashes,
        bytes32[] calldata shardDigests
    ) external returns (bytes32 jobId) {
        _senderAs(Role.Requestor);
        _checkTerms(terms_);
        uint256 rounds = terms_.rounds;
        if (shardKeyHashes.length != rounds || shardDigests.length != rounds) {
            revert ShardCountMismatch(rounds, shardKeyHashes.length, shardDigests.length);
        }
        jobId = keccak256(abi.encode(msg.sender, topic));
        Job storage j = _jobs[jobId];
        if (j.state != State.None) revert JobExists(jobId);
        _keepTerms(j.terms, terms_);
        for (uint256 i; i < rounds; ++i) {
            j.shardKeyHashes[i] = shardKeyHashes[i];
        }
        j.parts[msg.sender].role = Role.Requestor;
        emit JobPosted(jobId, msg.sender, topic, terms_, shardKeyHashes, shardDigests);
        _enter(j, jobId, State.Open, 0, terms_.durations.open, Reason.None);
        TOKEN.safeTransferFrom(msg.sender, address(this), terms_.roundPool * (rounds + 1));
    }

    /// @inheritdoc IScatterJobs
    function join(bytes32 jobId) external {
        Job storage j = _jobIn(jobId, State.Open);
        _senderAs(Role.Trainer);
        Part storage p = j.parts[msg.sender];
        if (p.role != Role.None) revert AlreadyJoined(p.index);
        uint8 slot = j.trainers;
        p.role = Role.Trainer;
        p.index = slot;
        j.trainers = slot + 1;
        emit TrainerJoined(jobId, msg.sender, slot);
        if (slot + 1 == j.terms.maxTrainers) _leaveOpen(j, jobId);
        TOKEN.safeTransferFrom(msg.sender, address(this), j.terms.slotStake);
    }

    /// @inheritdoc IScatterJobs
    function start(bytes32 jobId) external {
        Job storage j = _jobIn(jobId, State.Open);
        _onlyRequestor(j);
        if (j.trainers < j.terms.minTrainers) revert TooFewTrainersJoined(j.trainers, j.terms.minTrainers);
        _leaveOpen(j, jobId);
    }

    function _checkTerms(JobTerms memory t) private view {
        if (t.trainingJob == 0 || t.evaluationJob == 0 || t.jobKeyHash == 0) revert DigestMissing();
        _within("rounds", t.rounds, 1, MAX_ROUNDS);
        _within("members", t.members, 1, MAX_MEMBERS);
        _within("auditors", t.auditors, 0, MAX_AUDITORS);
        _within("maxTrainers", t.maxTrainers, 1, MAX_TRAINERS);
        _within("minTrainers", t.minTrainers, 1, t.maxTrainers);
        _within("rule", t.rule, 0, LAST_RULE);
        _within("minJury", t.minJury, 0, _jurySize(t.members));
        _within("faultBps", t.faultBps, 0, BPS);
        _within("maxShareBps", t.maxShareBps, 1, BPS);
        _within("tau", t.tau, 1, MAX_TAU);
        _checkDurations(t.durations);
        if (t.parameters != _version) revert StaleParameters(_version);
        _checkSeatPay(t, _parameters[t.parameters]);
    }

    function _keepTerms(Terms storage kept, JobTerms memory t) private {
        kept.trainingJob = t.trainingJob;
        kept.evaluationJob = t.evaluationJob;
        kept.jobKeyHash = t.jobKeyHash;
        kept.roundPool = t.roundPool;
        kept.slotStake = t.slotStake;
        kept.maxShareBps = t.maxShareBps;
        kept.tau = t.tau;
        kept.rounds = t.rounds;
        kept.members = t.members;
        kept.maxTrainers = t.maxTrainers;
        kept.parameters = t.parameters;
        kept.durations = Spans.pack(t.durations);
        kept.faultBps = t.faultBps;
        kept.auditors = t.auditors;
        kept.minTrainers = t.minTrainers;
        kept.rule = t.rule;
        kept.minJury = t.minJury;
    }

    function _checkSeatPay(JobTerms memory t, Parameters storage p) private view {
        (, uint256 members, uint256 auditors) = _parts(p, t.roundPool, t.auditors);
        uint256 pay = members / t.members;
        if (t.auditors != 0 && auditors / t.auditors < pay) pay = auditors / t.auditors;
        if (pay < p.minSeatPay) revert SeatPayTooSmall(pay, p.minSeatPay);
    }

    /// @dev Open → Drawing.
    function _leaveOpen(Job storage j, bytes32 jobId) internal {
        _enter(j, jobId, State.Drawing, 0, 0, Reason.None);
        _freezePools(j, jobId);
    }

    function _checkDurations(Durations memory d) private view {
        for (uint256 i; i < Spans.COUNT; ++i) {
            _within("durations", Spans.at(d, i), MINIMUM_DURATION, MAX_DURATION);
        }
    }

    function _within(bytes32 term, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert TermOutOfRange(term, value, least, most);
    }
}
