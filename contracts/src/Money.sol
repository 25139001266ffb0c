// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {JobTerms, Reason, Role} from "./ScatterTypes.sol";
import {Settlement} from "./Settlement.sol";

/// @title What every part of an ended job gets and loses
/// @dev Reads only what no longer changes once a job has ended, so the order of claims cannot matter. The amounts of all parts
/// together are the pool, the bond and the slot stakes (penalties of seats come from their tickets). Divisions round down;
/// the requestor's claim moves what they lose. docs/protocol.md has the table, protocol/rewards.py the same in Python.
abstract contract Money is ScatterStorage {
    uint256 private constant SILENCE_BPS = 2_000;
    uint256 private constant FAULT_ROUNDS = 3;

    struct Amounts {
        uint256 paid;
        uint256 penalty;
        uint256 toChallengePool;
    }

    /// @param used words used by the accounts before
    function _amounts(Job storage j, Part storage p, uint256[] calldata words, uint256 used)
        internal
        view
        returns (Amounts memory, uint256)
    {
        if (p.role == Role.Requestor) return (_requestorAmounts(j), used);
        if (p.role == Role.Trainer) return (_trainerAmounts(j, p.index), used);
        return _seatAmounts(j, p, words, used);
    }

    // ── requestor ───────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev Bond, rounds that were not closed, and what nobody is paid for. Also what rounding and the cap leave over.
    function _requestorAmounts(Job storage j) private view returns (Amounts memory a) {
        JobTerms storage t = j.terms;
        uint256 trainersPart = _trainersPart(t);
        uint256 roundPool = t.roundPool;
        uint256 seatDust = (roundPool - trainersPart) % t.members;
        uint256 cap = trainersPart * t.maxShareBps / BPS;
        for (uint256 number = t.rounds; number != 0; --number) {
            Round storage r = j.rounds[number];
            if (!r.settled) {
                a.paid += roundPool;
                continue;
            }
            a.toChallengePool += seatDust;
            if (r.positiveSum == 0) a.paid += trainersPart;
            else a.toChallengePool += trainersPart - _allTrainersPay(j, r, trainersPart, cap);
        }
        uint256 n = _compensated(j);
        if (n == 0) {
            a.paid += roundPool;
        } else {
            a.toChallengePool += roundPool % n;
            if (j.reason == Reason.NoShardKey) a.paid -= trainersPart / n * n;
        }
    }

    /// @dev How many trainers share the bond of a requestor that defaulted: all for the job key, those that published in
    /// the round for a shard key. 0: the bond goes back.
    function _compensated(Job storage j) private view returns (uint256) {
        if (j.reason == Reason.NoKeys) return j.trainers;
        if (j.reason == Reason.NoShardKey) return Masks.size(j.rounds[j.round].published);
        return 0;
    }

    function _allTrainersPay(Job storage j, Round storage r, uint256 trainersPart, uint256 cap)
        private
        view
        returns (uint256 total)
    {
        unchecked {
            uint256 width = _wordCount(j.trainers);
            uint256 published = r.published;
            uint256 positiveSum = r.positiveSum;
            for (uint256 w; w < width; ++w) {
                uint256 word = r.lanes[w];
                uint256 counted = Settlement.lanesOf(published, w) & ~Lanes.special(word);
                for (word = Lanes.positive(word) & Lanes.full(counted); word != 0; word >>= 16) {
                    total += _share(trainersPart, word & 0x7FFF, positiveSum, cap);
                }
            }
        }
    }

    // ── trainers ────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev The slot stake less penalties, and a share of every round in which the contribution was positive.
    function _trainerAmounts(Job storage j, uint256 slot) private view returns (Amounts memory a) {
        JobTerms storage t = j.terms;
        uint256 trainersPart = _trainersPart(t);
        uint256 stake = t.slotStake;
        uint256 rounds = t.rounds;
        uint256 judged;
        bool accepted;
        bool active = Masks.has(j.rounds[1].published, slot);
        for (uint256 number = 1; active && number <= j.round; ++number) {
            Round storage r = j.rounds[number];
            if (!Masks.has(r.published, slot)) {
                a.penalty += stake * SILENCE_BPS / BPS / rounds;
                continue;
            }
            if (!r.settled) continue;
            uint256 lane = _lane(r, slot);
            if (lane >= Lanes.SPECIAL) {
                a.penalty += stake / rounds;
            } else if (lane > Lanes.ZERO) {
                a.paid += _share(trainersPart, lane - Lanes.ZERO, r.positiveSum, trainersPart * t.maxShareBps / BPS);
                accepted = true;
            }
            if (r.positiveSum != 0) ++judged;
        }
        if (!accepted && judged >= FAULT_ROUNDS) a.penalty += stake * t.faultBps / BPS;
        if (a.penalty > stake) a.penalty = stake;
        a.toChallengePool = a.penalty;
        a.paid += stake - a.penalty + _compensation(j, slot, trainersPart);
    }

    /// @dev An equal part of the bond of a requestor that defaulted; for a missing shard key of the round's trainers' part too.
    function _compensation(Job storage j, uint256 slot, uint256 trainersPart) private view returns (uint256) {
        uint256 n = _compensated(j);
        if (n == 0) return 0;
        uint256 bond = j.terms.roundPool / n;
        if (j.reason == Reason.NoKeys) return bond;
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
    /// @dev An equal part of every settled round, less the more the opened scores lie off. A slashed seat keeps its pay.
    function _seatAmounts(Job storage j, Part storage p, uint256[] calldata words, uint256 used)
        private
        view
        returns (Amounts memory a, uint256)
    {
        JobTerms storage t = j.terms;
        uint256 part_ = _seatPart(t.roundPool, t.members);
        uint256 seat = p.index;
        if (Masks.has(j.slashable, seat)) a.toChallengePool = a.penalty = _slash(p.slashes, _seatLock(t));
        for (uint256 number = 1; number <= j.round; ++number) {
            Round storage r = j.rounds[number];
            if (!r.settled) continue;
            uint256 pay;
            if (Masks.has(r.opened & ~r.leftOut, seat)) {
                uint256[] memory opened;
                (opened, used) = _openedWords(j, r, seat, words, used);
                pay = _seatPay(part_, r, opened, t.tau);
            }
            a.paid += pay;
            a.toChallengePool += part_ - pay;
        }
        return (a, used);
    }

    /// @dev Doubles with every slash the node had when it was drawn; never more than the seat locked.
    function _slash(uint256 slashes, uint256 lock) private view returns (uint256) {
        uint256 amount = SLASH_BASE << (slashes < 128 ? slashes : 128);
        return amount < lock ? amount : lock;
    }

    /// @dev What a seat opened in a round: stored, or passed by the caller and checked against the stored hash.
    function _openedWords(Job storage j, Round storage r, uint256 seat, uint256[] calldata words, uint256 used)
        private
        view
        returns (uint256[] memory opened, uint256)
    {
        if (j.trainers <= ONE_WORD_TRAINERS) {
            opened = new uint256[](1);
            opened[0] = uint256(r.scores[seat]);
            return (opened, used);
        }
        uint256 end = used + _wordCount(j.trainers);
        if (end > words.length) revert WordCountMismatch(end, words.length);
        opened = words[used:end];
        if (keccak256(abi.encodePacked(opened)) != r.scores[seat]) revert OpenedWordsMismatch(uint8(seat));
        return (opened, end);
    }

    /// @dev part * (1 - mean distance / tau), at least 0. Lanes that count: published and not struck; none: the whole part.
    function _seatPay(uint256 part_, Round storage r, uint256[] memory opened, uint256 tau)
        private
        view
        returns (uint256)
    {
        unchecked {
            uint256 distance;
            uint256 lanes;
            for (uint256 w; w < opened.length; ++w) {
                uint256 settled = r.lanes[w];
                uint256 counted = Settlement.lanesOf(r.published, w) & ~Lanes.special(settled);
                lanes += Lanes.count(counted);
                distance += Lanes.sum(Lanes.distance(opened[w], settled) & Lanes.full(counted));
            }
            uint256 most = tau * lanes;
            if (most == 0) return part_;
            return distance >= most ? 0 : part_ * (most - distance) / most;
        }
    }
}
