// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterJobs} from "./IScatterJobs.sol";
import {JobStates} from "./JobStates.sol";
import {Masks} from "./Masks.sol";
import {Openings} from "./Openings.sol";
import {Reason, State} from "./ScatterTypes.sol";
import {Settlement} from "./Settlement.sol";
import {WordRules} from "./WordRules.sol";
import {Span} from "./Spans.sol";

/// @title Committing and Opening: seats score in secret, refuse or abstain, open, and the medians of the panel settle the round
abstract contract Scoring is JobStates, IScatterJobs {
    /// @inheritdoc IScatterJobs
    function commitScores(bytes32 jobId, uint8 roundNumber, bytes32 commitment) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Committing, roundNumber);
        Part storage p = _senderSeat(j);
        uint8 seat = _seatNumber(j, p);
        if (commitment == 0) revert DigestMissing();
        uint256 committed = r.committed;
        if (Masks.has(committed, seat)) revert AlreadyCommitted(seat);
        committed |= 1 << seat;
        r.committed = uint40(committed);
        r.scores[seat] = commitment;
        emit ScoresCommitted(jobId, roundNumber, p.kind, p.index, commitment);
        if (committed == _allSeats(j)) _enterOpening(j, jobId);
    }

    /// @inheritdoc IScatterJobs
    function openScores(bytes32 jobId, uint8 roundNumber, uint256[] calldata words, bytes32 salt) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Opening, roundNumber);
        Part storage p = _senderSeat(j);
        uint8 seat = _seatNumber(j, p);
        uint256 opened = r.opened;
        if (!Masks.has(r.committed, seat)) revert NotCommitted(seat);
        if (Masks.has(opened, seat)) revert AlreadyOpened(seat);
        bool scores = WordRules.areScores(words, _wordCount(j.trainers));
        bytes32 hash = keccak256(abi.encodePacked(words));
        bytes32 commitment =
            keccak256(abi.encode(block.chainid, address(this), p.kind, jobId, roundNumber, msg.sender, hash, salt));
        if (commitment != r.scores[seat]) revert CommitmentMismatch();
        opened |= 1 << seat;
        r.opened = uint40(opened);
        if (scores) r.scores[seat] = j.trainers > ONE_WORD_TRAINERS ? hash : bytes32(words[0]);
        else if (words.length == 0) r.refused |= uint40(1 << seat);
        else r.abstained |= uint40(1 << seat);
        emit ScoresOpened(jobId, roundNumber, p.kind, p.index, words);
        if (opened == r.committed) _endOpening(j, jobId);
    }

    /// @inheritdoc IScatterJobs
    function settleRound(bytes32 jobId, uint8 roundNumber, uint256[][] calldata words) external {
        Job storage j = _jobs[jobId];
        if (j.state != State.Opening) revert WrongState(j.state);
        if (j.round != roundNumber) revert WrongRound(j.round);
        if (j.trainers <= ONE_WORD_TRAINERS) revert SettlesItself();
        Round storage r = j.rounds[roundNumber];
        if (r.opened != r.committed && block.timestamp <= j.deadline) revert ScoresStillOpening(j.deadline);
        if (!_goesOn(j, jobId, r)) return;
        uint256 numbers = _numbers(r);
        uint256 n = Masks.size(numbers);
        if (words.length != n) revert WordCountMismatch(n, words.length);
        _settle(j, jobId, r, Openings.passed(r.scores, numbers, _wordCount(j.trainers), words, 0));
    }

    /// @dev The deadline of Committing has passed.
    function _endCommitting(Job storage j, bytes32 jobId) internal {
        Round storage r = j.rounds[j.round];
        _keepSilent(j, r, _allSeats(j) & ~uint256(r.committed));
        _enterOpening(j, jobId);
    }

    /// @dev All committers opened, or the deadline has passed. Above one word of scores a quorum waits for `settleRound`.
    function _endOpening(Job storage j, bytes32 jobId) internal {
        Round storage r = j.rounds[j.round];
        bool settles = j.trainers <= ONE_WORD_TRAINERS;
        if (!settles && _shortfall(j, r) == Reason.None) return;
        if (_goesOn(j, jobId, r) && settles) _settle(j, jobId, r, Openings.stored(r.scores, _numbers(r)));
    }

    function _enterOpening(Job storage j, bytes32 jobId) private {
        _enter(j, jobId, State.Opening, j.round, _duration(j, Span.OpenScores), Reason.None);
    }

    function _allSeats(Job storage j) private view returns (uint256) {
        return Masks.all(uint256(j.members) + j.auditors);
    }

    /// @dev Whether the round can be settled; otherwise the job goes no further.
    function _goesOn(Job storage j, bytes32 jobId, Round storage r) private returns (bool) {
        _keepSilent(j, r, r.committed & ~r.opened);
        Reason reason = _shortfall(j, r);
        if (reason == Reason.Refused) _enter(j, jobId, State.Challenging, j.round, _duration(j, Span.Challenge), reason);
        else if (reason == Reason.TooFewOpened) _stop(j, jobId, State.Cancelled, reason);
        return reason == Reason.None;
    }

    /// @dev Two thirds of all members refuse, or fewer than two thirds of the panel's seats have numbers, stand-ins included.
    function _shortfall(Job storage j, Round storage r) private view returns (Reason) {
        uint256 needed = Masks.twoThirds(j.members);
        if (Masks.size(r.refused & Masks.all(j.members)) >= needed) return Reason.Refused;
        return Masks.size(_numbers(r)) < needed ? Reason.TooFewOpened : Reason.None;
    }

    function _settle(Job storage j, bytes32 jobId, Round storage r, uint256[][] memory columns) private {
        Settlement.Result memory result = Settlement.settle(columns, j.members, r.published, j.terms.tau);
        uint256 numbers = _numbers(r);
        uint256 panel = Masks.spread(result.panel, numbers);
        uint256 leftOut = Masks.spread(result.leftOut, numbers);
        uint256 deviating = Masks.spread(result.deviating, numbers);
        for (uint256 w; w < result.settled.length; ++w) {
            r.lanes[w] = result.settled[w];
        }
        r.panel = uint40(panel);
        r.compared = uint8((numbers & ~panel & ~leftOut) >> j.members);
        r.sumPlusOne = uint24(result.positiveSum + 1);
        if (deviating != 0) {
            r.deviating = uint40(deviating);
            j.slashable |= uint40(deviating);
        }
        emit RoundSettled(jobId, j.round, result.settled, result.positiveSum, panel, leftOut, deviating);
        if (result.positiveSum == 0) _closeRound(j, jobId, 0);
        else _enter(j, jobId, State.Aggregating, j.round, _duration(j, Span.Aggregate), Reason.None);
    }
}
