// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "./IScatterDisputes.sol";
import {Judgement} from "./Judgement.sol";
import {Juries} from "./Juries.sol";
import {Masks} from "./Masks.sol";
import {Openings} from "./Openings.sol";
import {ChallengeKind, JudgingPhase, Outcome, State} from "./ScatterTypes.sol";
import {Votes} from "./Votes.sol";

/// @title Tallying: what two thirds of all jurors say is the verdict
abstract contract Verdicts is Juries {
    /// What a tally comes to; masks by seat and by juror.
    struct Tally {
        bool counts;
        bool changed;
        uint256[] lanes;
        bytes32 aggregate;
        uint256 lost;
        uint256 agreed;
        uint256 outside;
        uint256 deviating;
    }

    /// @inheritdoc IScatterDisputes
    function tally(bytes32 jobId, ChallengeKind kind, uint8 roundNumber, uint256[][] calldata words) external {
        Job storage j = _jobs[jobId];
        if (j.state != State.Judging) revert WrongState(j.state);
        if (j.phase != JudgingPhase.Tallying) revert WrongPhase(j.phase);
        (Challenge storage c, uint256 place) = _item(j, kind, roundNumber);
        if (c.outcome != Outcome.Pending) revert AlreadyTallied(kind, roundNumber);
        _tally(j, jobId, place, words);
    }

    /// @dev Count the first item that needs no words from outside, if there is one.
    function _tallyNext(Job storage j, bytes32 jobId) internal {
        uint256[][] calldata none;
        assembly ("memory-safe") {
            none.offset := 0
            none.length := 0
        }
        uint256 left = j.jury.challenged;
        if (_needsWords(j, ChallengeKind.Scores)) left &= ~Masks.all(MAX_ROUNDS);
        for (; left != 0; left &= left - 1) {
            uint256 place = Masks.least(left);
            if (j.challenges[place].outcome == Outcome.Pending) return _tally(j, jobId, place, none);
        }
    }

    function _needsWords(Job storage j, ChallengeKind kind) private view returns (bool) {
        return kind == ChallengeKind.Scores && j.trainers > ONE_WORD_TRAINERS;
    }

    function _tally(Job storage j, bytes32 jobId, uint256 place, uint256[][] calldata words) private {
        (ChallengeKind kind, uint8 roundNumber) = _itemAt(j, place);
        Challenge storage c = j.challenges[place];
        Round storage r = j.rounds[roundNumber];
        Tally memory t;
        if (_needsWords(j, kind)) {
            uint256 expected = Masks.size(_numbers(r)) + Masks.size(c.given);
            if (words.length != expected) revert WordCountMismatch(expected, words.length);
        } else if (words.length != 0) {
            revert WordCountMismatch(0, words.length);
        }
        if (kind == ChallengeKind.Scores) _tallyScores(j, r, c, words, t);
        else if (kind == ChallengeKind.Aggregate) _tallyAggregates(j, r, c, t);
        else _tallyRefusal(j, r, c, t);
        c.outcome = t.changed ? Outcome.Changed : t.counts ? Outcome.Stands : Outcome.NoVerdict;
        c.lost = uint40(t.lost);
        c.agreed = uint32(t.agreed);
        j.jury.slashable |= uint32(t.outside);
        if (t.changed) j.jury.rewarded |= uint32(t.agreed);
        emit VerdictReached(
            jobId, kind, roundNumber, t.counts, t.changed, t.lanes, t.aggregate, t.lost, t.agreed, t.outside, t.deviating
        );
        if (++j.jury.tallied == Masks.size(j.jury.challenged)) _finish(j, jobId);
    }

    // ── scores ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function _tallyScores(
        Job storage j,
        Round storage r,
        Challenge storage c,
        uint256[][] calldata words,
        Tally memory t
    ) private {
        (Judgement.Verdict memory v, uint256[][] memory seats) = _judge(j, r, c, words);
        t.counts = v.counts;
        t.changed = v.changed;
        t.lanes = v.lanes;
        t.lost = Masks.spread(v.lost, _numbers(r));
        t.agreed = Masks.spread(v.agreed, c.given);
        t.outside = Masks.spread(v.outside, c.given);
        if (v.changed) _settleAgain(j, r, v, seats, t.lost);
        t.deviating = r.deviating;
    }

    /// @dev The round as the verdict leaves it. Where it changes what is struck out, nobody of the panel agrees with that any
    /// more: others are paid in its place, and there is nobody to deviate from.
    function _settleAgain(
        Job storage j,
        Round storage r,
        Judgement.Verdict memory v,
        uint256[][] memory seats,
        uint256 lost
    ) private {
        for (uint256 w; w < v.lanes.length; ++w) {
            r.lanes[w] = v.lanes[w];
        }
        r.sumPlusOne = uint24(v.positiveSum + 1);
        uint256 members = j.members;
        uint256 panel = r.panel;
        uint256 numbers = _numbers(r);
        uint256 deviating;
        if (v.restruck) {
            uint256 paid = Masks.spread(Judgement.fitting(seats, v.lanes, r.published), numbers);
            r.posters = uint40(panel);
            panel = Masks.first(paid, members);
            r.panel = uint40(panel);
            r.compared = uint8((paid & ~panel) >> members);
        } else {
            uint256 apart = Judgement.apart(seats, v.lanes, r.published, j.terms.tau, Masks.gather(panel, numbers));
            uint256 paid = panel | uint256(r.compared) << members;
            deviating = Masks.spread(apart, numbers) & paid & ~lost;
        }
        r.deviating = uint40(deviating);
    }

    function _judge(Job storage j, Round storage r, Challenge storage c, uint256[][] calldata words)
        private
        view
        returns (Judgement.Verdict memory v, uint256[][] memory seats)
    {
        uint256 width = _wordCount(j.trainers);
        uint256[] memory settled = new uint256[](width);
        for (uint256 w; w < width; ++w) {
            settled[w] = r.lanes[w];
        }
        uint256 numbers = _numbers(r);
        uint256 counted = Masks.gather(r.panel | uint256(r.compared) << j.members, numbers);
        uint256[][] memory jurors;
        if (_needsWords(j, ChallengeKind.Scores)) {
            seats = Openings.passed(r.scores, numbers, width, words, 0);
            jurors = Openings.passed(c.words, c.given, width, words, Masks.size(numbers));
        } else {
            seats = Openings.stored(r.scores, numbers);
            jurors = Openings.stored(c.words, c.given);
        }
        v = Judgement.judge(seats, jurors, settled, r.published, j.terms.tau, Masks.twoThirds(j.jurors), counted);
    }

    // ── aggregates ──────────────────────────────────────────────────────────────────────────────────────────────────
    function _tallyAggregates(Job storage j, Round storage r, Challenge storage c, Tally memory t) private view {
        (t.aggregate, t.agreed) = _sameAggregate(c, Masks.twoThirds(j.jurors));
        t.counts = t.aggregate != 0;
        if (!t.counts) return;
        t.outside = c.given & ~t.agreed;
        t.changed = t.aggregate != _closedModel(j, r);
        if (t.changed) t.lost = _postedAnother(r, t.aggregate);
    }

    /// @dev The aggregate that so many jurors opened, which are more than half, and who they are; 0 when there is none.
    function _sameAggregate(Challenge storage c, uint256 needed) private view returns (bytes32, uint256 same) {
        uint256 rest = c.given;
        while (Masks.size(rest) >= needed) {
            same = 0;
            bytes32 first;
            for (uint256 i; rest >> i != 0; ++i) {
                if (!Masks.has(rest, i)) continue;
                if (same == 0) first = c.words[i];
                if (c.words[i] == first) same |= 1 << i;
            }
            if (Masks.size(same) >= needed) return (first, same);
            rest &= ~same;
        }
        return (0, 0);
    }

    /// @dev What the round closed with: what a majority of V posted; 0: it kept its model.
    function _closedModel(Job storage j, Round storage r) private view returns (bytes32) {
        uint256 votes = _votes(r);
        for (uint256 choice = 1; choice <= MAX_MEMBERS; ++choice) {
            (uint256 same, uint256 posted) = Votes.count(votes, choice);
            if (2 * same > j.members) return r.aggregates[choice - 1];
            if (posted == 0) break;
        }
        return 0;
    }

    function _votes(Round storage r) private view returns (uint256) {
        return Votes.joined(r.votes, r.firstVoters, _posters(r));
    }

    /// @dev The panel that posted aggregates.
    function _posters(Round storage r) private view returns (uint256) {
        return r.posters == 0 ? r.panel : r.posters;
    }

    function _postedAnother(Round storage r, bytes32 aggregate) private view returns (uint256 seats) {
        uint256 votes = _votes(r);
        uint256 panel = _posters(r);
        for (; panel != 0; votes >>= 8) {
            uint256 seat = Masks.first(panel, 1);
            uint256 vote = Votes.choiceOf(votes, 0);
            if (vote != 0 && r.aggregates[vote - 1] != aggregate) seats |= seat;
            panel &= ~seat;
        }
    }

    // ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────
    function _tallyRefusal(Job storage j, Round storage r, Challenge storage c, Tally memory t) private view {
        uint256 needed = Masks.twoThirds(j.jurors);
        uint256 numbers = c.given;
        uint256 refusals = c.opened & ~numbers & ~uint256(c.abstained);
        if (Masks.size(numbers) >= needed) {
            (t.counts, t.changed, t.agreed, t.outside) = (true, true, numbers, refusals);
            t.lost = r.refused;
        } else if (Masks.size(refusals) >= needed) {
            (t.counts, t.agreed, t.outside) = (true, refusals, numbers);
        }
    }

    // ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────
    /// @dev All items are counted: what each part of the job gets and loses is fixed.
    function _finish(Job storage j, bytes32 jobId) private {
        _slashWhatStands(j);
        _reserveFees(j, jobId);
        _end(j, jobId, State.Settled, j.reason);
    }

    /// @dev Verdicts may have changed who deviates.
    function _slashWhatStands(Job storage j) private {
        uint256 seats;
        for (uint256 number = 1; number <= j.round; ++number) {
            Round storage r = j.rounds[number];
            seats |= r.silent | r.deviating;
        }
        j.slashable = uint40(seats);
    }

    /// @dev Each juror that agreed with a verdict that changed something gets the same part of the challenge pool as it is now,
    /// at most what a member earned in the job.
    function _reserveFees(Job storage j, bytes32 jobId) private {
        uint256 rewarded = j.jury.rewarded;
        uint256 pool = _challengePool;
        // slither-disable-next-line divide-before-multiply (each juror is paid the fee rounded down, so that times their number leaves)
        uint256 fee = pool * _parametersOf(j).jurorFeeBps / BPS;
        uint256 most = _membersPay(j);
        if (most < fee) fee = most;
        if (rewarded == 0 || fee == 0) return;
        _challengePool = pool - fee * Masks.size(rewarded);
        j.jury.fee = uint96(fee);
        emit JurorFeesReserved(jobId, fee, rewarded);
    }

    /// @dev What the settled rounds pay a member at most. A round in which nobody published is not settled.
    function _membersPay(Job storage j) private view returns (uint256) {
        (, uint256 membersPart,) = _parts(_parametersOf(j), j.terms.roundPool, j.auditors);
        uint256 settled;
        for (uint256 number = 1; number <= j.round; ++number) {
            if (j.rounds[number].sumPlusOne != 0) ++settled;
        }
        // slither-disable-next-line divide-before-multiply (a member's part is rounded down in each round)
        return settled * (membersPart / j.terms.members);
    }
}
