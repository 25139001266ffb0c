// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {JobStates} from "./JobStates.sol";
import {Reason, Role, SeatKind, State} from "./ScatterTypes.sol";
import {Shuffle} from "./Shuffle.sol";
import {Span} from "./Spans.sol";

/// @title Drawing: the hash of the named block seats nodes of the frozen pools, uniformly and distinct, in pages
abstract contract Drawing is JobStates {
    using Arrays for address[];

    /// Candidates looked at, and seats filled, in one transaction: bounds its gas.
    uint256 private constant PAGE_CANDIDATES = 32;
    uint256 private constant PAGE_SEATS = 16;
    /// Steps of walks that are taken again in one transaction; a walk that needs more has a page of its own.
    uint256 private constant PAGE_STEPS = 1100;
    /// Candidates looked at in one walk. When so many leave seats empty there is no committee.
    uint256 private constant MAX_CANDIDATES = 1024;
    uint8 private constant DRAW_ATTEMPTS = 3;

    /// What a seat asks of a node of some role: what it locks, and half a ticket.
    struct Demand {
        uint256 lock;
        uint256 half;
    }

    /// What is left of a page, and where the walks stand.
    struct Page {
        bytes32 jobId;
        bytes32 seed;
        uint256 candidates;
        uint256 seats;
        uint256 steps;
        uint256[2] cursors;
        Demand validator;
        Demand challenger;
    }

    /// @dev The seed of a draw; 0 when the block is not known yet, or not any more, and another one was named: nothing can be
    /// drawn now. `expired`: the last of its blocks is gone.
    function _drawSeed(Job storage j, bytes32 jobId) internal returns (bytes32 seed, bool expired) {
        if (block.number <= j.drawBlock) return (0, false);
        seed = j.draw.seed;
        if (seed == 0) seed = RANDOMNESS.random(j.drawBlock, jobId);
        if (seed != 0) return (seed, false);
        expired = j.drawAttempt == DRAW_ATTEMPTS;
        if (!expired) _nameBlock(j, jobId, j.drawAttempt + 1);
    }

    /// @dev One page of a job's draw: members, auditors, then as many others as could be jurors are only counted.
    function _drawSeats(Job storage j, bytes32 jobId) internal {
        (bytes32 seed, bool expired) = _drawSeed(j, jobId);
        if (expired) _end(j, jobId, State.Cancelled, Reason.DrawExpired);
        if (seed == 0) return;
        Terms storage t = j.terms;
        Page memory page = _beginPage(j, jobId, seed);
        uint256 missing = _search(j, page, SeatKind.Member, t.members - j.members, true);
        bool walked = _walked(j, page, SeatKind.Member);
        if (missing == 0) {
            missing = _search(j, page, SeatKind.Auditor, t.auditors - j.auditors, true);
            walked = _walked(j, page, SeatKind.Auditor);
            if (missing == 0) (missing, walked) = _countOthers(j, page);
        }
        if (missing == 0) _enter(j, jobId, State.Keying, 0, _duration(j, Span.Keys), Reason.None);
        else if (walked) _end(j, jobId, State.Cancelled, Reason.NoCommittee);
        else _keepPage(j, page);
    }

    /// @dev One page of a jury's draw; whether it is complete: all seats taken, or nobody left to ask.
    function _drawJurors(Job storage j, bytes32 jobId, bytes32 seed) internal returns (bool complete) {
        Page memory page = _beginPage(j, jobId, seed);
        uint256 missing = _search(j, page, SeatKind.Juror, _jurySize(j.members) - j.jurors, true);
        complete = missing == 0 || _walked(j, page, SeatKind.Juror);
        if (!complete) _keepPage(j, page);
    }

    function _beginPage(Job storage j, bytes32 jobId, bytes32 seed) private view returns (Page memory page) {
        page.jobId = jobId;
        page.seed = seed;
        page.candidates = PAGE_CANDIDATES;
        page.seats = PAGE_SEATS;
        page.steps = PAGE_STEPS;
        page.validator = _demand(j, Role.Validator);
        page.challenger = _demand(j, Role.Challenger);
        if (j.draw.seed != 0) page.cursors = [uint256(j.draw.cursors[0]), j.draw.cursors[1]];
    }

    function _demand(Job storage j, Role role) private view returns (Demand memory) {
        return Demand(_seatLock(j.terms, role), (_ticket(_parametersOf(j), role) + 1) / 2);
    }

    function _keepPage(Job storage j, Page memory page) private {
        j.draw.seed = page.seed;
        j.draw.cursors = [uint16(page.cursors[0]), uint16(page.cursors[1])];
    }

    /// @dev Goes on in the members' walk, then in the auditors'.
    function _countOthers(Job storage j, Page memory page) private returns (uint256 missing, bool walked) {
        uint256 needed = j.terms.minJury;
        missing = needed;
        if (needed == 0) return (0, false);
        missing -= j.draw.others;
        missing = _search(j, page, SeatKind.Member, missing, false);
        if (_walked(j, page, SeatKind.Member)) missing = _search(j, page, SeatKind.Auditor, missing, false);
        walked = _walked(j, page, SeatKind.Member) && _walked(j, page, SeatKind.Auditor);
        if (missing != 0 && !walked) j.draw.others = uint8(needed - missing);
    }

    /// @dev Walk on until `wanted` eligible nodes are found, the page is full or the walk is over; how many are still missing.
    function _search(Job storage j, Page memory page, SeatKind kind, uint256 wanted, bool seats)
        private
        returns (uint256)
    {
        uint256 cursor = page.cursors[_walkOf(kind)];
        uint256 end = _lastOf(j, kind);
        if (cursor + page.candidates < end) end = cursor + page.candidates;
        uint256 most = seats && page.seats < wanted ? page.seats : wanted;
        if (most == 0 || cursor == end || (cursor > page.steps && page.steps != PAGE_STEPS)) return wanted;
        page.steps = cursor < page.steps ? page.steps - cursor : 0;
        Shuffle.Walk memory walk = Shuffle.begin(page.seed, kind, _lengthOf(j, kind), end);
        for (uint256 i; i < cursor; ++i) {
            // slither-disable-next-line unused-return (who came up in earlier pages was looked at then)
            Shuffle.next(walk);
        }
        address[] memory found = new address[](wanted);
        uint256 count;
        uint256 first = _seated(j, kind);
        page.candidates += cursor;
        for (; cursor < end && count < most; ++cursor) {
            uint256 index = Shuffle.next(walk);
            (address account, Role role) = _candidate(j, kind, index);
            Node storage n = _nodes[account];
            Part storage p = j.parts[account];
            Demand memory demand = role == Role.Validator ? page.validator : page.challenger;
            if (!_eligible(n, p, role, demand, seats && kind != SeatKind.Juror)) continue;
            if (seats) {
                _seat(n, p, kind, first + count, demand.lock);
                _keepPosition(j, kind, first + count, index);
                emit SeatLocked(page.jobId, account, demand.lock);
            }
            found[count++] = account;
        }
        page.candidates -= cursor;
        page.cursors[_walkOf(kind)] = cursor;
        if (seats && count != 0) {
            page.seats -= count;
            _keepSeated(j, page.jobId, kind, first, found, count);
        }
        return wanted - count;
    }

    function _walkOf(SeatKind kind) private pure returns (uint256) {
        return kind == SeatKind.Auditor ? 1 : 0;
    }

    function _lengthOf(Job storage j, SeatKind kind) private view returns (uint256) {
        if (kind == SeatKind.Member) return j.validators;
        if (kind == SeatKind.Auditor) return j.challengers;
        return uint256(j.validators) + j.challengers;
    }

    function _lastOf(Job storage j, SeatKind kind) private view returns (uint256) {
        uint256 length = _lengthOf(j, kind);
        return length < MAX_CANDIDATES ? length : MAX_CANDIDATES;
    }

    /// @dev The walk is over.
    function _walked(Job storage j, Page memory page, SeatKind kind) private view returns (bool) {
        return page.cursors[_walkOf(kind)] == _lastOf(j, kind);
    }

    function _seated(Job storage j, SeatKind kind) private view returns (uint256) {
        if (kind == SeatKind.Member) return j.members;
        return kind == SeatKind.Auditor ? j.auditors : j.jurors;
    }

    /// @dev Who stands at this position, and the role of the pool. For jurors the challengers' pool follows the validators'.
    function _candidate(Job storage j, SeatKind kind, uint256 index) private view returns (address, Role) {
        uint256 validators = kind == SeatKind.Auditor ? 0 : j.validators;
        Role role = index < validators ? Role.Validator : Role.Challenger;
        // In the frozen length, so in the pool: its length need not be read.
        return (_pools[role].unsafeAccess(index < validators ? index : index - validators).value, role);
    }

    /// @dev Still in the pool's role, with the lock free, half a ticket where that is asked for, and no part in the job.
    function _eligible(Node storage n, Part storage p, Role role, Demand memory demand, bool half)
        private
        view
        returns (bool)
    {
        uint256 stake = n.stake;
        return n.role == role && n.withdrawableAt == 0 && stake - n.locked >= demand.lock
            && (!half || stake >= demand.half) && p.role == Role.None;
    }

    function _seat(Node storage n, Part storage p, SeatKind kind, uint256 number, uint256 lock) private {
        n.locked += uint88(lock);
        (Role role, uint8 slashes) = (n.role, n.slashes);
        p.role = role;
        p.kind = kind;
        p.index = uint8(number);
        p.slashes = slashes;
    }

    function _keepPosition(Job storage j, SeatKind kind, uint256 number, uint256 index) private {
        if (kind == SeatKind.Juror) j.jurorAt[number] = uint32(index);
        else j.seats[kind == SeatKind.Auditor ? j.members + number : number] = uint32(index);
    }

    function _keepSeated(
        Job storage j,
        bytes32 jobId,
        SeatKind kind,
        uint256 first,
        address[] memory found,
        uint256 count
    ) private {
        uint8 seated = uint8(first + count);
        if (kind == SeatKind.Member) j.members = seated;
        else if (kind == SeatKind.Auditor) j.auditors = seated;
        else j.jurors = seated;
        assembly ("memory-safe") {
            mstore(found, count)
        }
        emit SeatsDrawn(jobId, kind, uint8(first), found);
    }
}
