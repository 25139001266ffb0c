// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, ChallengeView, JobView, JudgingPhase, Outcome, SeatKind, State} from "../../src/ScatterTypes.sol";
import {RandomJobs} from "./RandomJobs.sol";
import {vm} from "./Vm.sol";

/// @title Challenges and juries as dice say
abstract contract RandomDisputes is RandomJobs {
    struct Said {
        bool committed;
        uint256[] words;
        bytes32 aggregate;
    }

    mapping(bytes32 job => mapping(uint256 item => mapping(address juror => Said))) private said;

    /// Anybody tries to challenge anything; what is refused is refused.
    function challengeSome(bytes32 job) internal override {
        if (!likely()) return;
        address[] memory all = everybody(job);
        uint8 last = protocol.job(job).round;
        for (uint256 tries = 3 + dice(8); tries != 0; --tries) {
            address filer = all[dice(all.length)];
            ChallengeKind kind = ChallengeKind(dice(3));
            uint8 round = kind == ChallengeKind.Refusal ? last : uint8(1 + dice(last));
            vm.prank(filer);
            try protocol.challenge(job, kind, round) {
                escrow += int256(BOND);
            } catch {}
        }
    }

    function judgeStep(bytes32 job, JobView memory j) internal override {
        if (j.phase == JudgingPhase.Drawing) return drawPage(job);
        if (j.phase == JudgingPhase.Tallying) return tallyOne(job);
        // Time passes in other jobs too.
        if (vm.getBlockTimestamp() > j.deadline) return protocol.poke(job);
        address[] memory jurors = protocol.jurors(job);
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < items.length; ++i) {
            for (uint256 k; k < jurors.length; ++k) {
                if (protocol.job(job).phase != j.phase || !likely()) continue;
                if (j.phase == JudgingPhase.Committing) commitOne(job, j.trainers, items[i], jurors[k]);
                else openOne(job, items[i], jurors[k]);
            }
        }
        if (protocol.job(job).phase != j.phase) return;
        vm.warp(uint256(j.deadline) + 1);
        protocol.poke(job);
    }

    function commitOne(bytes32 job, uint256 trainers, ChallengeView memory c, address juror) private {
        uint256 item = uint256(c.kind) << 8 | c.round;
        Said storage s = said[job][item][juror];
        s.committed = true;
        if (c.kind == ChallengeKind.Aggregate) {
            s.aggregate = dice(8) == 0 ? bytes32(dice(3)) : bytes32("model");
        } else if (dice(10) == 0) {
            s.words = abstention();
        } else if (dice(8) != 0) {
            s.words = randomScores(dice(8) == 0 ? dice(1 << 200) : truthOf(job, c.round), trainers);
        }
        bytes32 hash = keccak256(abi.encodePacked(s.words, s.aggregate));
        bytes32 commitment_ =
            keccak256(abi.encode(block.chainid, address(protocol), SeatKind.Juror, job, item, juror, hash, SALT));
        vm.prank(juror);
        protocol.commitVerdict(job, c.kind, c.round, commitment_);
    }

    function openOne(bytes32 job, ChallengeView memory c, address juror) private {
        Said storage s = said[job][uint256(c.kind) << 8 | c.round][juror];
        if (!s.committed) return;
        vm.prank(juror);
        protocol.openVerdict(job, c.kind, c.round, s.words, s.aggregate, SALT);
    }

    /// By poke, which never reverts; where that needs words, by whoever passes them.
    function tallyOne(bytes32 job) private {
        uint256 pending = left(job);
        protocol.poke(job);
        if (left(job) != pending) return;
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < items.length; ++i) {
            if (items[i].outcome != Outcome.Pending) continue;
            protocol.tally(job, items[i].kind, items[i].round, tallyWords(job, items[i]));
            return;
        }
    }

    function left(bytes32 job) private view returns (uint256 n) {
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < items.length; ++i) {
            if (items[i].outcome == Outcome.Pending) ++n;
        }
    }

    function tallyWords(bytes32 job, ChallengeView memory c) private view returns (uint256[][] memory words) {
        address[] memory jurors = protocol.jurors(job);
        words = numbersOf(job, c.round, jurors.length);
        uint256 n = words.length - jurors.length;
        for (uint256 k; k < jurors.length; ++k) {
            uint256[] storage juror = said[job][uint256(c.kind) << 8 | c.round][jurors[k]].words;
            if ((c.opened >> k) & 1 == 0 || juror.length == 0 || juror[0] == type(uint256).max) continue;
            words[n++] = juror;
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
    }
}
