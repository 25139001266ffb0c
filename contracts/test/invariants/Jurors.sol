// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "../../src/IScatterDisputes.sol";
import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {Masks} from "../../src/Masks.sol";
import {ChallengeKind, ChallengeView, JobView, JudgingPhase, SeatKind, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Jurors find out what is true, mostly, and say it in secret, then openly
abstract contract Jurors is Books {
    function jurorsAct(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Judging);
        if (job == 0) return otherwise();
        jurorsOf(job);
    }

    function jurorsOf(bytes32 job) internal {
        JobView memory j = protocol.job(job);
        if (j.deadline == 0 || clock > j.deadline) return;
        address[] memory jurors = protocol.jurors(job);
        ChallengeView[] memory items = protocol.challenges(job);
        uint256 mask = some(jurors.length);
        bool divided = chance(6);
        for (uint256 i; i < items.length; ++i) {
            for (uint256 k; k < jurors.length && protocol.job(job).phase == j.phase; ++k) {
                if (!Masks.has(mask, k)) continue;
                if (j.phase == JudgingPhase.Committing) commitOne(job, items[i], jurors[k], k, divided);
                else openOne(job, items[i], jurors[k]);
            }
        }
        noted(job);
    }

    function commitOne(bytes32 job, ChallengeView memory c, address juror, uint256 k, bool divided) private {
        if (Masks.has(c.committed, k)) return;
        uint256 item = uint256(c.kind) << 8 | c.round;
        Said storage s = said[job][item][juror];
        s.committed = true;
        if (chance(25) && copyOne(job, c, juror, k)) return;
        bool truthful = divided ? chance(2) : !chance(25);
        (s.words, s.aggregate) = verdictOn(job, c, truthful);
        if (truthful && !isAbsent(job, c, k, s)) honestJurors[job][item] |= 1 << k;
        bytes32 said_ = verdictOf(job, item, juror, s);
        vm.prank(juror);
        protocol.commitVerdict(job, c.kind, c.round, said_);
    }

    /// A juror commits to what another one committed to.
    function copyOne(bytes32 job, ChallengeView memory c, address juror, uint256 k) private returns (bool) {
        uint256 item = uint256(c.kind) << 8 | c.round;
        address other = protocol.jurors(job)[k == 0 ? 1 : k - 1];
        Said storage s = said[job][item][other];
        if (!s.committed || s.copied) return false;
        Said storage copy = said[job][item][juror];
        (copy.copied, copy.words, copy.aggregate) = (true, s.words, s.aggregate);
        bytes32 said_ = verdictOf(job, item, other, s);
        vm.prank(juror);
        protocol.commitVerdict(job, c.kind, c.round, said_);
        return true;
    }

    /// Invariant 8.
    function cannotOpen(bytes32 job, ChallengeView memory c, address juror, Said storage s) private {
        refused(
            juror,
            abi.encodeCall(IScatterDisputes.openVerdict, (job, c.kind, c.round, s.words, s.aggregate, SALT)),
            abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector)
        );
        reach(Mark.RefusedCopiedVerdict);
    }

    function verdictOn(bytes32 job, ChallengeView memory c, bool truthful)
        private
        returns (uint256[] memory words, bytes32 aggregate)
    {
        bool nothing = unscorable(job, c.round) == truthful;
        // Nobody refuses by saying something else than nothing; other lies take both forms.
        if (nothing && !truthful && c.kind != ChallengeKind.Refusal) nothing = chance(2);
        if (c.kind == ChallengeKind.Aggregate) {
            aggregate = nothing ? bytes32(0) : truthful ? model(job, c.round) : bytes32("another");
        } else if (!nothing) {
            words = scoresOf(job, c.round, !truthful);
        }
    }

    /// Whether this juror lacks what it needs to say all that is true, and then what it says instead.
    function isAbsent(bytes32 job, ChallengeView memory c, uint256 k, Said storage s) private returns (bool) {
        Temper temper = ghosts[job].temper;
        if (c.kind == ChallengeKind.Aggregate) return false;
        if (temper == Temper.Unserved && k % 4 == 1 || chance(25)) {
            s.words = abstention();
            return true;
        }
        if (temper != Temper.LateUpdate || k % 4 != 1 || s.words.length == 0) return false;
        uint256[] memory words = s.words;
        unread(words, lateSlot(job));
        s.words = words;
        return true;
    }

    function verdictOf(bytes32 job, uint256 item, address juror, Said storage s) internal view returns (bytes32) {
        bytes32 hash = keccak256(abi.encodePacked(s.words, s.aggregate));
        return keccak256(abi.encode(block.chainid, address(protocol), SeatKind.Juror, job, item, juror, hash, SALT));
    }

    function openOne(bytes32 job, ChallengeView memory c, address juror) private {
        Said storage s = said[job][uint256(c.kind) << 8 | c.round][juror];
        if (!s.committed || s.opened) return;
        if (s.copied) return cannotOpen(job, c, juror, s);
        s.opened = true;
        vm.prank(juror);
        protocol.openVerdict(job, c.kind, c.round, s.words, s.aggregate, SALT);
        reachIf(isAbstention(s.words), Mark.JurorAbstained);
    }
}
