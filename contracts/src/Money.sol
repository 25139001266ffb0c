// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";
import {Rewards} from "./Rewards.sol";
import {Reason, Role, SeatKind} from "./ScatterTypes.sol";
import {Settlement} from "./Settlement.sol";

/// @title What every part of an ended job gets and loses
/// @dev Reads only what no longer changes once a job has ended, so the order of claims cannot matter. The amounts of all parts
/// together are the pool, the bond, the slot stakes, the bonds of challenges and the jurors' fees (penalties of seats come from
/// their tickets). Divisions round down; the requestor's claim moves what they lose, and what no seat is paid for. docs/protocol.md has the table, src/scatter/protocol/money.py and pay.py the same in Python.
abstract contract Money is Rewards {
    uint256 private constant SILENCE_BPS = 2_000;
    uint256 private constant FAULT_ROUNDS = 3;

    /// @param used words used by the accounts before
    function _amounts(Job storage j, Part storage p, uint256[] calldata words, uint256 used)
        internal
        view
        returns (Amounts memory a, uint256)
    {
        Role role = p.role;
        if (role >= Role.Validator && p.kind == SeatKind.Juror) return (_jurorAmounts(j, p), used);
        if (role == Role.Requestor) a = _requestorAmounts(j);
        else if (role == Role.Trainer) a = _trainerAmounts(j, p.index);
        else (a, used) = _seatAmounts(j, p, words, used);
        if (_items(j) != 0) a.paid += _filerReward(j, _filerBit(j, p));
        return (a, used);
    }

    // ── requestor ───────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev Bond, rounds that were not settled, and what nobody is paid for. Also what nobody else's claim moves.
    function _requestorAmounts(Job storage j) private view returns (Amounts memory a) {
        Terms storage t = j.terms;
        uint256 roundPool = t.roundPool;
        (uint256 trainersPart, uint256 membersPart, uint256 auditorsPart) = _parts(_parametersOf(j), roundPool, j.auditors);
        (uint256 memberPart, uint256 auditorPart) = _seatParts(j);
        uint256 cap = trainersPart * t.maxShareBps / BPS;
        for (uint256 number = t.rounds; number != 0; --number) {
            Round storage r = j.rounds[number];
            uint256 sumPlusOne = r.sumPlusOne;
            if (sumPlusOne == 0) {
                a.paid += roundPool;
                continue;
            }
            a.toChallengePool += membersPart - memberPart * Masks.size(r.panel);
            a.toChallengePool += auditorsPart - auditorPart * Masks.size(r.compared);
            if (sumPlusOne == 1) a.paid += trainersPart;
            else a.toChallengePool += trainersPart - _allTrainersPay(j, r, trainersPart, cap);
        }
        (uint256 n, bool roundToo) = _compensated(j);
        if (n == 0) {
            a.paid += roundPool;
        } else {
            a.toChallengePool += roundPool % n;
            // slither-disable-next-line divide-before-multiply (each of the n is paid a part rounded down, so this is what leaves)
            if (roundToo) a.paid -= trainersPart / n * n;
            a.paid -= _refusersPay(j) * Masks.size(_refusers(j));
        }
        a.toChallengePool += _restOfItems(j);
    }

    /// @dev How many trainers share the bond of a requestor that defaulted, and whether the trainers' part of the round in progress
    /// too: all for the job key, those that published in the round for a shard key, or data that members refused. 0: the bond
    /// goes back.
    function _compensated(Job storage j) private view returns (uint256 n, bool roundToo) {
        if (j.reason == Reason.NoKeys) return (j.trainers, false);
        if (j.reason == Reason.NoShardKey || _refusalStands(j)) return (Masks.size(j.rounds[j.round].published), true);
    }

    /// @dev The members that refused the round, if it was refused and that stands.
    function _refusers(Job storage j) private view returns (uint256) {
        return _refusalStands(j) ? j.rounds[j.round].refused & Masks.all(j.members) : 0;
    }

    /// @dev What each of them is paid.
    function _refusersPay(Job storage j) private view returns (uint256) {
        uint256 n = Masks.size(_refusers(j));
        return n == 0 ? 0 : uint256(j.terms.roundPool) * _parametersOf(j).membersBps / BPS / n;
    }

    function _allTrainersPay(Job storage j, Round storage r, uint256 trainersPart, uint256 cap)
        private
        view
        returns (uint256 total)
    {
        unchecked {
            uint256 width = _wordCount(j.trainers);
            uint256 published = r.published;
            uint256 positiveSum = r.sumPlusOne - 1;
            for (uint256 w; w < width; ++w) {
                uint256 word = r.lanes[w];
                uint256 counted = Settlement.lanesOf(published, w) & ~Lanes.special(word);
                for (word = Lanes.positive(word) & Lanes.full(counted); word != 0; word >>= 16) {
                    // as `_share`, which is dear to call two thousand times
                    uint256 share = trainersPart * (word & 0x7FFF) / positiveSum;
                    total += share < cap ? share : cap;
                }
            }
        }
    }

    // ── trainers ────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev The slot stake less penalties, and a share of every round in which the contribution was positive.
    function _trainerAmounts(Job storage j, uint256 slot) private view returns (Amounts memory a) {
        Terms storage t = j.terms;
        (uint256 trainersPart,,) = _parts(_parametersOf(j), t.roundPool, j.auditors);
        uint256 cap = trainersPart * t.maxShareBps / BPS;
        uint256 stake = t.slotStake;
        uint256 rounds = t.rounds;
        uint256 judged;
        bool accepted;
        uint256 last = Masks.has(j.rounds[1].published, slot) ? j.round : 0;
        for (uint256 number = 1; number <= last; ++number) {
            Round storage r = j.rounds[number];
            if (!Masks.has(r.published, slot)) {
                a.penalty += stake * SILENCE_BPS / BPS / rounds;
                continue;
            }
            uint256 sumPlusOne = r.sumPlusOne;
            if (sumPlusOne == 0) continue;
            uint256 lane = _lane(r, slot);
            if (lane >= Lanes.SPECIAL) {
                a.penalty += stake / rounds;
            } else if (lane > Lanes.ZERO) {
                a.paid += _share(trainersPart, lane - Lanes.ZERO, sumPlusOne - 1, cap);
                accepted = true;
            }
            if (sumPlusOne != 1) ++judged;
        }
        if (!accepted && judged >= FAULT_ROUNDS) a.penalty += stake * t.faultBps / BPS;
        if (a.penalty > stake) a.penalty = stake;
        a.toChallengePool = a.penalty;
        a.paid += stake - a.penalty + _compensation(j, slot, trainersPart);
    }

    /// @dev An equal part of the bond of a requestor that defaulted, and perhaps of the round's trainers' part.
    function _compensation(Job storage j, uint256 slot, uint256 trainersPart) private view returns (uint256) {
        (uint256 n, bool roundToo) = _compensated(j);
        if (n == 0) return 0;
        uint256 bond = j.terms.roundPool / n;
        if (!roundToo) return bond;
        return Masks.has(j.rounds[j.round].published, slot) ? bond + trainersPart / n : 0;
    }

    /// @dev What a positive contribution earns of a round's trainers' part.
    function _share(uint256 trainersPart, uint256 contribution, uint256 positiveSum, uint256 cap)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 share = trainersPart * contribution / positiveSum;
            return share < cap ? share : cap;
        }
    }

    /// @dev The settled lane of a trainer.
    function _lane(Round storage r, uint256 slot) private view returns (uint256) {
        unchecked {
            return (r.lanes[(slot + 1) / 16] >> (16 * ((slot + 1) % 16))) & 0x7FFF;
        }
    }

    // ── seats ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev Of every settled round, less the more the opened scores lie off: on the panel an equal part of the members', compared
    /// an equal part of the auditors'. A slashed seat keeps its pay. What is lost by verdict goes to the item.
    function _seatAmounts(Job storage j, Part storage p, uint256[] calldata words, uint256 used)
        private
        view
        returns (Amounts memory a, uint256)
    {
        (SeatKind kind, uint256 index) = (p.kind, p.index);
        uint256 seat = kind == SeatKind.Auditor ? j.members + index : index;
        if (_lostByVerdict(j, seat)) a.penalty = _seatLock(j.terms, p.role);
        else if (Masks.has(j.slashable, seat)) a.toChallengePool = a.penalty = _slash(j, p);
        if (Masks.has(_refusers(j), seat)) a.paid = _refusersPay(j);
        (uint256 memberPart, uint256 auditorPart) = _seatParts(j);
        uint256 tau = j.terms.tau;
        uint256 last = j.round;
        for (uint256 number = 1; number <= last; ++number) {
            Round storage r = j.rounds[number];
            bool onPanel = Masks.has(r.panel, seat);
            if (!onPanel && (kind != SeatKind.Auditor || !Masks.has(r.compared, index))) continue;
            uint256 part_ = onPanel ? memberPart : auditorPart;
            uint256 pay;
            (pay, used) = _seatPay(j, r, seat, part_, tau, words, used);
            a.paid += pay;
            a.toChallengePool += part_ - pay;
        }
        return (a, used);
    }

    /// @dev What a seat can earn of a round: on the final panel, and as a compared auditor.
    function _seatParts(Job storage j) private view returns (uint256 memberPart, uint256 auditorPart) {
        Terms storage t = j.terms;
        uint256 auditors_ = j.auditors;
        (, uint256 membersPart, uint256 auditorsPart) = _parts(_parametersOf(j), t.roundPool, auditors_);
        memberPart = membersPart / t.members;
        if (auditors_ != 0) auditorPart = auditorsPart / auditors_;
    }

    /// @dev part * (1 - mean distance / tau), at least 0. Lanes that count: published and not struck; none: the whole part. What was
    /// opened is stored, or passed by the caller and checked against the stored hash.
    function _seatPay(
        Job storage j,
        Round storage r,
        uint256 seat,
        uint256 part_,
        uint256 tau,
        uint256[] calldata words,
        uint256 used
    ) private view returns (uint256, uint256 end) {
        unchecked {
            uint256 width = _wordCount(j.trainers);
            bytes32 kept = r.scores[seat];
            uint256 published = r.published;
            uint256 lanes;
            uint256 distance;
            if (width == 1) {
                (lanes, distance) = _distance(r, published, 0, uint256(kept));
                end = used;
            } else {
                end = used + width;
                if (end > words.length) revert WordCountMismatch(end, words.length);
                if (keccak256(abi.encodePacked(words[used:end])) != kept) revert OpenedWordsMismatch(uint8(seat));
                for (uint256 w; w < width; ++w) {
                    (uint256 more, uint256 farther) = _distance(r, published, w, words[used + w]);
                    lanes += more;
                    distance += farther;
                }
            }
            uint256 most = tau * lanes;
            if (most == 0) return (part_, end);
            return (distance >= most ? 0 : part_ * (most - distance) / most, end);
        }
    }

    /// @dev How many lanes of word w count, and how far off it is in them altogether.
    function _distance(Round storage r, uint256 published, uint256 w, uint256 opened)
        private
        view
        returns (uint256 lanes, uint256 distance)
    {
        uint256 settled = r.lanes[w];
        uint256 counted = Settlement.lanesOf(published, w) & ~Lanes.special(settled);
        lanes = Lanes.count(counted);
        distance = Lanes.sum(Lanes.distance(opened, settled) & Lanes.full(counted));
    }
}
