// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobStates} from "./JobStates.sol";
import {Reason, Role, SeatKind, State} from "./ScatterTypes.sol";
import {Shuffle} from "./Shuffle.sol";

/// @title Drawing: the pool freezes, a future block is named, its hash seats members uniformly and distinct
abstract contract Drawing is JobStates {
    /// Candidates looked at, and seats filled, in one transaction: both bound its gas.
    uint256 private constant PAGE_CANDIDATES = 40;
    uint256 private constant PAGE_SEATS = 16;
    /// Candidates looked at in all. When so many leave seats empty there is no committee.
    uint256 private constant MAX_CANDIDATES = 1024;
    uint8 private constant DRAW_ATTEMPTS = 3;

    /// @dev Open → Drawing. Nodes that enter the pool later are not drawn: nobody can stake on a known hash.
    function _leaveOpen(Job storage j, bytes32 jobId) internal {
        j.poolLength = uint32(_pools[Role.Validator].length);
        _enter(j, jobId, State.Drawing, 0, 0, Reason.None);
        _nameBlock(j, jobId);
    }

    /// @dev One page of the draw; nothing before the block is known.
    function _draw(Job storage j, bytes32 jobId) internal {
        if (block.number <= j.drawBlock) return;
        bytes32 seed = j.drawCursor == 0 ? RANDOMNESS.random(j.drawBlock, jobId) : j.seed;
        if (seed != 0) _seatPage(j, jobId, seed);
        else if (j.drawAttempt < DRAW_ATTEMPTS) _nameBlock(j, jobId);
        else _end(j, jobId, State.Cancelled, Reason.DrawExpired);
    }

    function _nameBlock(Job storage j, bytes32 jobId) private {
        uint8 attempt = j.drawAttempt + 1;
        j.drawBlock = uint40(block.number + 1);
        j.drawAttempt = attempt;
        emit DrawScheduled(jobId, j.drawBlock, attempt);
    }

    function _seatPage(Job storage j, bytes32 jobId, bytes32 seed) private {
        uint256 last = j.poolLength < MAX_CANDIDATES ? j.poolLength : MAX_CANDIDATES;
        uint256 cursor = j.drawCursor;
        uint256 end = cursor + PAGE_CANDIDATES < last ? cursor + PAGE_CANDIDATES : last;
        Shuffle.Walk memory walk = Shuffle.begin(seed, SeatKind.Member, j.poolLength, end);
        for (uint256 i; i < cursor; ++i) {
            Shuffle.next(walk, i);
        }
        cursor = _seatCandidates(j, jobId, walk, cursor, end);
        j.drawCursor = uint16(cursor);
        if (j.seated == j.terms.members) {
            _enter(j, jobId, State.Keying, 0, j.terms.durations.keys, Reason.None);
        } else if (cursor == last) {
            _end(j, jobId, State.Cancelled, Reason.NoCommittee);
        } else {
            j.seed = seed;
        }
    }

    /// @dev Seat eligible candidates of steps [cursor, end) until the committee or the page is full; the step after the last
    /// one taken.
    function _seatCandidates(Job storage j, bytes32 jobId, Shuffle.Walk memory walk, uint256 cursor, uint256 end)
        private
        returns (uint256)
    {
        uint256 first = j.seated;
        uint256 open = j.terms.members - first;
        if (open > PAGE_SEATS) open = PAGE_SEATS;
        uint256 lock = _seatLock(j.terms);
        address[] memory drawn = new address[](open);
        uint256 count;
        for (; cursor < end && count < open; ++cursor) {
            uint256 index = Shuffle.next(walk, cursor);
            address account = _pools[Role.Validator][index];
            Node storage n = _nodes[account];
            if (!_drawable(n, lock)) continue;
            _seat(j, jobId, n, account, uint8(first + count), lock);
            j.seats[first + count] = uint32(index);
            drawn[count++] = account;
        }
        j.seated = uint8(first + count);
        assembly ("memory-safe") {
            mstore(drawn, count)
        }
        if (count != 0) emit SeatsDrawn(jobId, SeatKind.Member, uint8(first), drawn);
        return cursor;
    }

    /// @dev Half a ticket, and the lock free. A node has one role, and its parts hold on to it: a validator is neither the
    /// job's requestor nor one of its trainers, and the shuffle yields nobody twice.
    function _drawable(Node storage n, uint256 lock) private view returns (bool) {
        return n.role == Role.Validator && n.withdrawableAt == 0 && 2 * uint256(n.stake) >= VALIDATOR_TICKET
            && n.stake - n.locked >= lock;
    }

    function _seat(Job storage j, bytes32 jobId, Node storage n, address account, uint8 seat, uint256 lock) private {
        n.locked += uint88(lock);
        ++n.parts;
        Part storage p = j.parts[account];
        p.role = Role.Validator;
        p.index = seat;
        p.slashes = n.slashes;
        emit SeatLocked(jobId, account, lock);
    }
}
