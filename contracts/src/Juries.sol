// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Challenges} from "./Challenges.sol";
import {Drawing} from "./Drawing.sol";
import {IScatterDisputes} from "./IScatterDisputes.sol";
import {Masks} from "./Masks.sol";
import {ChallengeKind, JudgingPhase, Role, SeatKind, State} from "./ScatterTypes.sol";
import {WordRules} from "./WordRules.sol";
import {Span} from "./Spans.sol";

/// @title Judging: a jury is drawn, commits to its verdicts and opens them
abstract contract Juries is Drawing, Challenges {
    uint256 private constant MIN_JURORS = 3;

    /// @inheritdoc IScatterDisputes
    function commitVerdict(bytes32 jobId, ChallengeKind kind, uint8 roundNumber, bytes32 commitment) external {
        (Job storage j, Challenge storage c, uint8 juror) = _judging(jobId, JudgingPhase.Committing, kind, roundNumber);
        if (commitment == 0) revert DigestMissing();
        if (Masks.has(c.committed, juror)) revert AlreadyCommitted(juror);
        c.committed |= uint32(1 << juror);
        c.words[juror] = commitment;
        emit VerdictCommitted(jobId, kind, roundNumber, juror, commitment);
        if (--j.jury.pending == 0) _beginOpening(j, jobId);
    }

    /// @inheritdoc IScatterDisputes
    function openVerdict(
        bytes32 jobId,
        ChallengeKind kind,
        uint8 roundNumber,
        uint256[] calldata words,
        bytes32 aggregate,
        bytes32 salt
    ) external {
        (Job storage j, Challenge storage c, uint8 juror) = _judging(jobId, JudgingPhase.Opening, kind, roundNumber);
        if (!Masks.has(c.committed, juror)) revert NotCommitted(juror);
        if (Masks.has(c.opened, juror)) revert AlreadyOpened(juror);
        bool gives = _checkVerdict(j, kind, words, aggregate);
        bytes32 hash = keccak256(abi.encodePacked(words, aggregate));
        uint256 item = uint256(kind) << 8 | roundNumber;
        bytes32 commitment =
            keccak256(abi.encode(block.chainid, address(this), SeatKind.Juror, jobId, item, msg.sender, hash, salt));
        if (commitment != c.words[juror]) revert CommitmentMismatch();
        c.opened |= uint32(1 << juror);
        if (gives) {
            c.given |= uint32(1 << juror);
            c.words[juror] = _kept(j, words, aggregate);
        } else if (words.length != 0) {
            c.abstained |= uint32(1 << juror);
        }
        emit VerdictOpened(jobId, kind, roundNumber, juror, words, aggregate);
        if (--j.jury.pending == 0) _beginTallying(j, jobId);
    }

    /// @dev Challenging → Judging. The job keeps its round.
    function _enterJudging(Job storage j, bytes32 jobId) internal {
        j.state = State.Judging;
        j.phase = JudgingPhase.Drawing;
        j.deadline = 0;
        delete j.draw;
        emit StateEntered(jobId, State.Judging, 0, 0, j.reason);
        _freezePools(j, jobId);
    }

    /// @dev Draw a page of jurors. Without enough of them, or a block to draw them, nothing is judged.
    function _drawJury(Job storage j, bytes32 jobId) internal {
        (bytes32 seed, bool expired) = _drawSeed(j, jobId);
        if (!expired && (seed == 0 || !_drawJurors(j, jobId, seed))) return;
        uint256 jurors = j.jurors;
        uint256 least = j.terms.minJury < MIN_JURORS ? MIN_JURORS : j.terms.minJury;
        if (jurors < least) {
            emit JuryVoid(jobId, uint8(jurors));
            // Past Drawing: claims look for items, whose bonds go back.
            j.phase = JudgingPhase.Tallying;
            _end(j, jobId, State.Settled, j.reason);
        } else {
            j.jury.pending = uint16(jurors * Masks.size(j.jury.challenged));
            _advance(j, jobId, JudgingPhase.Committing, _duration(j, Span.Judge));
        }
    }

    /// @dev All committed to all items, or the deadline has passed. Awaited next: as many openings as there are commitments.
    function _beginOpening(Job storage j, bytes32 jobId) internal {
        j.jury.pending = uint16(j.jurors * Masks.size(j.jury.challenged) - j.jury.pending);
        _advance(j, jobId, JudgingPhase.Opening, _duration(j, Span.Judge));
    }

    /// @dev All commitments were opened, or the deadline has passed. Who did not open every item was silent.
    function _beginTallying(Job storage j, bytes32 jobId) internal {
        uint256 silent;
        for (uint256 left = j.jury.challenged; left != 0; left &= left - 1) {
            silent |= ~uint256(j.challenges[Masks.least(left)].opened);
        }
        j.jury.slashable = uint32(silent & Masks.all(j.jurors));
        _advance(j, jobId, JudgingPhase.Tallying, 0);
    }

    function _advance(Job storage j, bytes32 jobId, JudgingPhase phase, uint256 duration) private {
        uint40 deadline = duration == 0 ? 0 : uint40(block.timestamp + duration);
        j.phase = phase;
        j.deadline = deadline;
        emit JudgingAdvanced(jobId, phase, deadline);
    }

    /// @dev The job in this phase and in time, the item, and the sender's number among the jurors.
    function _judging(bytes32 jobId, JudgingPhase phase, ChallengeKind kind, uint8 roundNumber)
        private
        view
        returns (Job storage j, Challenge storage c, uint8 juror)
    {
        j = _jobs[jobId];
        if (j.state != State.Judging) revert WrongState(j.state);
        if (j.phase != phase) revert WrongPhase(j.phase);
        if (block.timestamp > j.deadline) revert DeadlinePassed(j.deadline);
        Part storage p = j.parts[msg.sender];
        if (p.role == Role.None || p.kind != SeatKind.Juror) revert NotJuror(msg.sender);
        juror = p.index;
        (c,) = _item(j, kind, roundNumber);
    }

    /// @dev Whether it gives numbers, or an aggregate.
    function _checkVerdict(Job storage j, ChallengeKind kind, uint256[] calldata words, bytes32 aggregate)
        private
        view
        returns (bool)
    {
        if (kind != ChallengeKind.Aggregate) {
            if (aggregate != 0) revert AggregateUnexpected();
            return WordRules.areScores(words, _wordCount(j.trainers));
        }
        if (words.length != 0) revert WordCountMismatch(0, words.length);
        return aggregate != 0;
    }

    function _kept(Job storage j, uint256[] calldata words, bytes32 aggregate) private view returns (bytes32) {
        if (words.length == 0) return aggregate;
        return j.trainers > ONE_WORD_TRAINERS ? keccak256(abi.encodePacked(words)) : bytes32(words[0]);
    }
}
