// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "../../src/Masks.sol";
import {ChallengeKind, ChallengeView, JobView, Outcome, RoundView, SeatKind} from "../../src/ScatterTypes.sol";
import {Reference} from "../support/Reference.sol";
import {vm} from "../support/Vm.sol";
import {Mark} from "./Reached.sol";
import {World} from "./World.sol";

/// @title What is true of each round, who said it, and whether the contracts find it (invariant 10)
abstract contract Truths is World {
    uint256 internal constant SPECIAL = 0x7FFE;
    uint256 internal constant UNREADABLE = 0x7FFF;
    uint256 private constant ZERO = 16_384;

    struct Said {
        bool committed;
        bool copied;
        bool opened;
        uint256[] words;
        bytes32 aggregate;
    }

    /// What each seat committed to in each round, and bit i: seat i scored as it should.
    mapping(bytes32 job => mapping(uint256 round => mapping(address seat => uint256[]))) internal openings;
    mapping(bytes32 job => mapping(uint256 round => uint256)) internal honest;
    mapping(bytes32 job => mapping(uint256 round => mapping(uint256 seat => bytes32))) internal posted;
    mapping(bytes32 job => mapping(uint256 item => mapping(address juror => Said))) internal said;
    mapping(bytes32 job => mapping(uint256 item => uint256)) internal honestJurors;
    /// A round as it was settled, before any verdict.
    mapping(bytes32 job => mapping(uint256 round => RoundView)) internal settledAs;

    // ── what is true ────────────────────────────────────────────────────────────────────────────────────────────────
    function unscorable(bytes32 job, uint256 round) internal view returns (bool) {
        return ghosts[job].temper == Temper.Unscorable && uint256(keccak256(abi.encode(job, round))) % 2 == 0;
    }

    function model(bytes32 job, uint256 round) internal pure returns (bytes32) {
        return keccak256(abi.encode(job, round, "model"));
    }

    /// The lane of a trainer in truth, or in a lie that colluding seats agree on.
    function laneOf(bytes32 job, uint256 round, uint256 slot, bool lie) internal pure returns (uint256) {
        uint256 hash = uint256(keccak256(abi.encode(job, round, slot, lie)));
        if (hash % 9 == 0) return SPECIAL + (hash >> 8) % 2;
        return ZERO - 100 + (hash >> 16) % 400;
    }

    /// Numbers differ by half of tau at most.
    function scoresOf(bytes32 job, uint256 round, bool lie) internal returns (uint256[] memory) {
        uint256 reach_ = protocol.terms(job).tau / 2;
        uint256[] memory lanes = new uint256[](protocol.job(job).trainers);
        for (uint256 t; t < lanes.length; ++t) {
            lanes[t] = laneOf(job, round, t, lie);
            if (lanes[t] < SPECIAL) lanes[t] += dice(reach_ + 1);
        }
        return pack(5000 + dice(100), lanes);
    }

    /// The trainer whose update comes late where one does.
    function lateSlot(bytes32 job) internal view returns (uint256) {
        return uint256(job) % protocol.job(job).trainers;
    }

    /// What somebody says of an update that he cannot read.
    function unread(uint256[] memory words, uint256 slot) internal pure {
        words[(slot + 1) / 16] |= UNREADABLE << (16 * ((slot + 1) % 16));
    }

    function isAbstention(uint256[] memory words) internal pure returns (bool) {
        return words.length == 1 && words[0] == type(uint256).max;
    }

    function wildScores(bytes32 job) internal returns (uint256[] memory) {
        uint256[] memory lanes = new uint256[](protocol.job(job).trainers);
        for (uint256 t; t < lanes.length; ++t) {
            lanes[t] = dice(0x8000);
        }
        return pack(dice(10_001), lanes);
    }

    // ── what the contracts make of it ───────────────────────────────────────────────────────────────────────────────
    /// A round was just settled: with an honest majority on the panel every word lies within what honest seats said.
    function checkRound(bytes32 job, uint8 number) internal {
        RoundView memory r = protocol.round(job, number);
        JobView memory j = protocol.job(job);
        markRound(r, j);
        settledAs[job][number] = r;
        uint256 n = Masks.size(r.panel);
        uint256 truthful = r.panel & honest[job][number];
        if (n == 0 || n - Masks.size(truthful) > (n - 1) / 2) return;
        reach(Mark.WithinHonestScores);
        address[] memory all = allSeats(job);
        for (uint256 k; k <= j.trainers; ++k) {
            if (k != 0 && !Masks.has(r.published, k - 1)) continue;
            uint256 value = likened(Reference.lane(r.scores, k));
            (uint256 least, uint256 most) = extremes(openings[job][number], all, truthful, k);
            vm.assertTrue(value >= least && value <= most, "10: within what honest seats said");
        }
    }

    /// The least and the most that honest seats said of an update.
    function extremes(mapping(address => uint256[]) storage opened, address[] memory all, uint256 truthful, uint256 k)
        private
        view
        returns (uint256 least, uint256 most)
    {
        least = type(uint256).max;
        for (uint256 i; i < all.length; ++i) {
            if (!Masks.has(truthful, i)) continue;
            uint256 lane = likened(Reference.lane(opened[all[i]], k));
            if (lane < least) least = lane;
            if (lane > most) most = lane;
        }
    }

    /// Which of the special words strikes an update out makes no difference.
    function likened(uint256 lane) private pure returns (uint256) {
        return lane < SPECIAL ? lane : SPECIAL;
    }

    function markRound(RoundView memory r, JobView memory j) private {
        reachIf(j.trainers > 15, Mark.LargeRoundSettled);
        reachIf(r.panel >> j.members != 0, Mark.StoodIn);
        reachIf(r.leftOut != 0, Mark.LeftOut);
    }

    /// All items are counted: what two thirds of the jury know to be true stands.
    function checkVerdicts(bytes32 job) internal {
        ChallengeView[] memory items = protocol.challenges(job);
        uint256 needed = Masks.twoThirds(protocol.job(job).jurors);
        for (uint256 i; i < items.length; ++i) {
            ChallengeView memory c = items[i];
            reach(c.kind, c.outcome);
            if (c.outcome == Outcome.Pending) continue;
            uint256 item = uint256(c.kind) << 8 | c.round;
            if (Masks.size(c.opened & honestJurors[job][item]) < needed) continue;
            bool nothing = unscorable(job, c.round);
            if (c.kind == ChallengeKind.Refusal) {
                is_(c, nothing ? Outcome.Stands : Outcome.Changed);
            } else if (nothing) {
                is_(c, Outcome.NoVerdict);
            } else if (c.kind == ChallengeKind.Aggregate) {
                is_(c, closedWith(job, c.round) == model(job, c.round) ? Outcome.Stands : Outcome.Changed);
            } else {
                checkRestored(job, c.round);
                reachIf(c.outcome == Outcome.Changed, Mark.ScoresRestored);
            }
        }
    }

    function is_(ChallengeView memory c, Outcome expected) private pure {
        vm.assertEq(uint256(c.outcome), uint256(expected), "10: the outcome that two thirds of honest jurors make");
    }

    function checkRestored(bytes32 job, uint8 number) private view {
        RoundView memory r = protocol.round(job, number);
        uint256 reach_ = protocol.terms(job).tau;
        for (uint256 t; t < protocol.job(job).trainers; ++t) {
            if (!Masks.has(r.published, t)) continue;
            uint256 value = Reference.lane(r.scores, t + 1);
            uint256 truth = laneOf(job, number, t, false);
            if (truth >= SPECIAL) {
                vm.assertTrue(value >= SPECIAL, "10: struck out as it should be");
            } else {
                vm.assertTrue(value + reach_ >= truth, "10: restored from below");
                vm.assertTrue(value <= truth + reach_ / 2 + reach_, "10: restored from above");
            }
        }
    }

    /// What a majority of the members' number posted.
    function closedWith(bytes32 job, uint256 round) private view returns (bytes32) {
        uint256 members = protocol.job(job).members;
        uint256 seats = members + protocol.job(job).auditors;
        for (uint256 i; i < seats; ++i) {
            uint256 same;
            for (uint256 k; k < seats; ++k) {
                if (posted[job][round][i] != 0 && posted[job][round][k] == posted[job][round][i]) ++same;
            }
            if (2 * same > members) return posted[job][round][i];
        }
        return 0;
    }

    // ── words that are passed back ──────────────────────────────────────────────────────────────────────────────────
    /// Of the seats that opened numbers, with room for `more`.
    function numbersOf(bytes32 job, uint8 round, uint256 more) internal view returns (uint256[][] memory words) {
        address[] memory all = allSeats(job);
        RoundView memory r = protocol.round(job, round);
        words = new uint256[][](all.length + more);
        uint256 n;
        for (uint256 i; i < all.length; ++i) {
            if (Masks.has(r.opened & ~(r.refused | r.abstained), i)) words[n++] = openings[job][round][all[i]];
        }
        assembly ("memory-safe") {
            mstore(words, add(n, more))
        }
    }

    /// A juror opened numbers.
    function gives(Said storage s) internal view returns (bool) {
        return s.opened && s.words.length != 0 && !isAbstention(s.words);
    }

    /// For a tally of scores with more than 15 trainers.
    function tallyWords(bytes32 job, ChallengeView memory c) internal view returns (uint256[][] memory words) {
        if (c.kind != ChallengeKind.Scores || protocol.job(job).trainers <= 15) return words;
        address[] memory jurors = protocol.jurors(job);
        words = numbersOf(job, c.round, jurors.length);
        uint256 n = words.length - jurors.length;
        for (uint256 k; k < jurors.length; ++k) {
            Said storage s = said[job][uint256(c.kind) << 8 | c.round][jurors[k]];
            if (gives(s)) words[n++] = s.words;
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
    }

    /// For a seat's claim in a job of more than 15 trainers.
    function claimWords(bytes32 job, address account) internal view returns (uint256[] memory words) {
        JobView memory j = protocol.job(job);
        SeatKind kind = protocol.part(job, account).kind;
        if (j.trainers <= 15 || !owedAt[job][account].seat || kind == SeatKind.Juror) return words;
        uint256 seat = protocol.part(job, account).index + (kind == SeatKind.Auditor ? j.members : 0);
        uint256 width = j.trainers / 16 + 1;
        words = new uint256[](width * j.round);
        uint256 n;
        for (uint8 round = 1; round <= j.round; ++round) {
            RoundView memory r = protocol.round(job, round);
            if (!r.settled || !Masks.has(r.opened & ~(r.refused | r.abstained | r.leftOut), seat)) continue;
            for (uint256 w; w < width; ++w) {
                words[n++] = openings[job][round][account][w];
            }
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
    }
}
