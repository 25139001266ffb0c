// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterActions} from "./IScatterActions.sol";
import {JobStates} from "./JobStates.sol";
import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";
import {Reason, SeatKind, State} from "./ScatterTypes.sol";
import {Settlement} from "./Settlement.sol";

/// @title Committing and Opening: members score in secret, open, and their medians settle the round
abstract contract Scoring is JobStates {
    uint256 private constant MAX_METRIC = 10_000;

    /// @inheritdoc IScatterActions
    function commitScores(bytes32 jobId, uint8 roundNumber, bytes32 commitment) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Committing, roundNumber);
        uint8 seat = _memberSeat(j);
        if (commitment == 0) revert DigestMissing();
        uint256 committed = r.committed;
        if (Masks.has(committed, seat)) revert AlreadyCommitted(seat);
        committed |= 1 << seat;
        r.committed = uint40(committed);
        r.scores[seat] = commitment;
        emit ScoresCommitted(jobId, roundNumber, SeatKind.Member, seat, commitment);
        if (committed == Masks.all(j.seated)) _enterOpening(j, jobId);
    }

    /// @inheritdoc IScatterActions
    function openScores(bytes32 jobId, uint8 roundNumber, uint256[] calldata words, bytes32 salt) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Opening, roundNumber);
        uint8 seat = _memberSeat(j);
        uint256 opened = r.opened;
        if (!Masks.has(r.committed, seat)) revert NotCommitted(seat);
        if (Masks.has(opened, seat)) revert AlreadyOpened(seat);
        _checkScores(words, j.trainers);
        bytes32 hash = keccak256(abi.encodePacked(words));
        bytes32 commitment = keccak256(
            abi.encode(block.chainid, address(this), SeatKind.Member, jobId, roundNumber, msg.sender, hash, salt)
        );
        if (commitment != r.scores[seat]) revert CommitmentMismatch();
        opened |= 1 << seat;
        r.opened = uint40(opened);
        r.scores[seat] = j.trainers > ONE_WORD_TRAINERS ? hash : bytes32(words[0]);
        emit ScoresOpened(jobId, roundNumber, SeatKind.Member, seat, words);
        if (opened == r.committed) _endOpening(j, jobId);
    }

    /// @inheritdoc IScatterActions
    function settleRound(bytes32 jobId, uint8 roundNumber, uint256[][] calldata words) external {
        Job storage j = _jobs[jobId];
        if (j.state != State.Opening) revert WrongState(j.state);
        if (j.round != roundNumber) revert WrongRound(j.round);
        if (j.trainers <= ONE_WORD_TRAINERS) revert SettlesItself();
        Round storage r = j.rounds[roundNumber];
        if (r.opened != r.committed && block.timestamp <= j.deadline) revert ScoresStillOpening(j.deadline);
        if (_enoughOpened(j, jobId, r)) _settle(j, jobId, r, _passedColumns(j, r, words));
    }

    function _enterOpening(Job storage j, bytes32 jobId) internal {
        _enter(j, jobId, State.Opening, j.round, j.terms.durations.openScores, Reason.None);
    }

    /// @dev All committers opened, or the deadline has passed. Above one word of scores a quorum waits for `settleRound`.
    function _endOpening(Job storage j, bytes32 jobId) internal {
        Round storage r = j.rounds[j.round];
        bool settles = j.trainers <= ONE_WORD_TRAINERS;
        if (!settles && _quorum(j, r)) return;
        if (_enoughOpened(j, jobId, r) && settles) _settle(j, jobId, r, _storedColumns(j, r));
    }

    /// @dev Whether the job goes on; it stops when fewer than two thirds of its members opened.
    function _enoughOpened(Job storage j, bytes32 jobId, Round storage r) private returns (bool enough) {
        j.slashable |= r.committed & ~r.opened;
        enough = _quorum(j, r);
        if (!enough) _stop(j, jobId, State.Cancelled, Reason.TooFewOpened);
    }

    function _quorum(Job storage j, Round storage r) private view returns (bool) {
        return Masks.size(r.opened) >= Masks.twoThirds(j.seated);
    }

    function _settle(Job storage j, bytes32 jobId, Round storage r, uint256[][] memory columns) private {
        Settlement.Result memory result = Settlement.settle(columns, r.published, j.terms.tau);
        uint256 leftOut = _seatsOf(result.leftOut, r.opened);
        uint256 deviating = _seatsOf(result.deviating, r.opened);
        for (uint256 w; w < result.settled.length; ++w) {
            r.lanes[w] = result.settled[w];
        }
        r.settled = true;
        r.leftOut = uint40(leftOut);
        r.positiveSum = uint24(result.positiveSum);
        j.slashable |= uint40(deviating);
        emit RoundSettled(jobId, j.round, result.settled, result.positiveSum, leftOut, deviating);
        if (result.positiveSum == 0) _closeRound(j, jobId, 0);
        else _enter(j, jobId, State.Aggregating, j.round, j.terms.durations.aggregate, Reason.None);
    }

    /// @dev The openings of a job whose scores fit one word.
    function _storedColumns(Job storage j, Round storage r) private view returns (uint256[][] memory columns) {
        columns = _emptyColumns(1, Masks.size(r.opened));
        uint256 i;
        for (uint256 seat; seat < j.seated; ++seat) {
            if (Masks.has(r.opened, seat)) columns[0][i++] = uint256(r.scores[seat]);
        }
    }

    /// @dev Openings passed back by the caller, checked against their hashes.
    function _passedColumns(Job storage j, Round storage r, uint256[][] calldata words)
        private
        view
        returns (uint256[][] memory columns)
    {
        uint256 opened = r.opened;
        uint256 n = Masks.size(opened);
        if (words.length != n) revert WordCountMismatch(n, words.length);
        columns = _emptyColumns(_wordCount(j.trainers), n);
        uint256 i;
        for (uint8 seat; opened >> seat != 0; ++seat) {
            if (!Masks.has(opened, seat)) continue;
            if (keccak256(abi.encodePacked(words[i])) != r.scores[seat]) revert OpenedWordsMismatch(seat);
            for (uint256 w; w < columns.length; ++w) {
                columns[w][i] = words[i][w];
            }
            ++i;
        }
    }

    function _emptyColumns(uint256 width, uint256 n) private pure returns (uint256[][] memory columns) {
        columns = new uint256[][](width);
        for (uint256 w; w < width; ++w) {
            columns[w] = new uint256[](n);
        }
    }

    /// @dev A mask by opener → the same by seat.
    function _seatsOf(uint256 openers, uint256 opened) private pure returns (uint256 seats) {
        unchecked {
            for (uint256 seat; openers != 0; ++seat) {
                if (!Masks.has(opened, seat)) continue;
                seats |= (openers & 1) << seat;
                openers >>= 1;
            }
        }
    }

    function _checkScores(uint256[] calldata words, uint256 trainers) private pure {
        uint256 expected = _wordCount(trainers);
        if (words.length != expected) revert WordCountMismatch(expected, words.length);
        if (words[0] & 0xFFFF > MAX_METRIC) revert ScoreOutOfRange(0);
        for (uint256 w; w < expected; ++w) {
            if (words[w] & Lanes.TOPS != 0) revert ScoreOutOfRange(w);
        }
    }
}
