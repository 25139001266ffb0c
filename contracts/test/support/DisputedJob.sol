// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "../../src/IScatterDisputes.sol";
import {
    ChallengeKind,
    ChallengeView,
    JobTerms,
    JudgingPhase,
    Outcome,
    Role,
    SeatKind,
    State
} from "../../src/ScatterTypes.sol";
import {JobInState} from "./JobInState.sol";
import {vm} from "./Vm.sol";

/// @title A job of three trainers, three members and two auditors that a jury of seven may judge, step by step
/// @dev A round's pool is 1000 SCT: 700 for trainers, 200 / 3 for each seat of the panel, 50 for each compared auditor. A member's
/// L is 5000 SCT, an auditor's 4000.
abstract contract DisputedJob is JobInState {
    uint256 internal constant ZERO = 16_384;
    uint256 internal constant JURORS = 7;
    uint256[] internal none;

    function setUp() public virtual override {
        super.setUp();
        enrolChallengers(5);
        for (uint256 i = 3; i < 8; ++i) {
            enrolOne(i);
        }
    }

    function enrolOne(uint256 i) private {
        enrol(validator(i), Role.Validator);
        vm.prank(validator(i));
        protocol.depositTicket();
    }

    function audited(uint256 rounds) internal pure returns (JobTerms memory t) {
        t = terms(3, 3, rounds);
        t.auditors = 2;
        t.minJury = 3;
    }

    function lanes(uint256 a, uint256 b, uint256 c) internal pure returns (uint256[] memory) {
        uint256[] memory all = new uint256[](3);
        (all[0], all[1], all[2]) = (a, b, c);
        return pack(5000, all);
    }

    /// Contributions of 100, 200 and 200.
    function truth() internal pure returns (uint256[] memory) {
        return lanes(ZERO + 100, ZERO + 200, ZERO + 200);
    }

    /// What two colluding members say: the first trainer did everything.
    function lie() internal pure returns (uint256[] memory) {
        return lanes(ZERO + 400, ZERO - 100, ZERO - 100);
    }

    /// Five seats' words: members first.
    function five(uint256[] memory a, uint256[] memory b, uint256[] memory c, uint256[] memory d, uint256[] memory e)
        internal
        pure
        returns (uint256[][] memory words)
    {
        words = new uint256[][](5);
        (words[0], words[1], words[2], words[3], words[4]) = (a, b, c, d, e);
    }

    function scoring(uint256 rounds) internal returns (bytes32 job) {
        job = started(audited(rounds));
        publish(job, ALL);
        reveal(job);
    }

    /// A job of one round whose scores these are, in Challenging.
    function scored(uint256[][] memory words) internal returns (bytes32 job) {
        job = scoring(1);
        score(job, words);
        if (protocol.job(job).state == State.Aggregating) aggregate(job, "model");
    }

    /// Half of a round's trainers' part in the challenge pool: what one trainer alone earned above the cap.
    function fillChallengePool() internal {
        bytes32 job = scored(alike(lanes(ZERO + 1000, ZERO, ZERO), 5));
        expire(job);
        settleAccounts(job);
        vm.assertGe(protocol.challengePool(), 350 * SCT, "half of the trainers' part");
    }

    // ── disputes ────────────────────────────────────────────────────────────────────────────────────────────────────
    function file(bytes32 job, address account, ChallengeKind kind, uint8 round) internal {
        vm.prank(account);
        protocol.challenge(job, kind, round);
    }

    /// Challenging ends, and the jury is drawn.
    function seatJury(bytes32 job) internal returns (address[] memory) {
        expire(job);
        while (protocol.job(job).state == State.Judging && protocol.job(job).phase == JudgingPhase.Drawing) {
            vm.roll(vm.getBlockNumber() + 2);
            protocol.poke(job);
        }
        return protocol.jurors(job);
    }

    function verdictCommitment(
        bytes32 job,
        address juror,
        ChallengeKind kind,
        uint8 round,
        uint256[] memory words,
        bytes32 digest
    ) internal view returns (bytes32) {
        bytes32 hash = keccak256(abi.encodePacked(words, digest));
        uint256 item = uint256(kind) << 8 | round;
        return keccak256(
            abi.encode(block.chainid, address(protocol), SeatKind.Juror, job, item, juror, hash, SALT)
        );
    }

    function commitTo(
        bytes32 job,
        address juror,
        ChallengeKind kind,
        uint8 round,
        uint256[] memory words,
        bytes32 digest
    ) internal {
        bytes32 c = verdictCommitment(job, juror, kind, round, words, digest);
        vm.prank(juror);
        protocol.commitVerdict(job, kind, round, c);
    }

    function openTo(
        bytes32 job,
        address juror,
        ChallengeKind kind,
        uint8 round,
        uint256[] memory words,
        bytes32 digest
    ) internal {
        vm.prank(juror);
        protocol.openVerdict(job, kind, round, words, digest, SALT);
    }

    /// The first step of both, or the second.
    function commitOrOpen(
        uint256 step,
        bytes32 job,
        address juror,
        ChallengeKind kind,
        uint8 round,
        uint256[] memory words,
        bytes32 digest
    ) internal {
        if (step == 0) commitTo(job, juror, kind, round, words, digest);
        else openTo(job, juror, kind, round, words, digest);
    }

    /// One item: juror i commits to and opens words[i] and digests[i]; then it is tallied.
    function judge(bytes32 job, ChallengeKind kind, uint8 round, uint256[][] memory words, bytes32[] memory digests)
        internal
    {
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < jurors.length; ++i) {
            commitTo(job, jurors[i], kind, round, words[i], digests[i]);
        }
        for (uint256 i; i < jurors.length; ++i) {
            openTo(job, jurors[i], kind, round, words[i], digests[i]);
        }
        protocol.poke(job);
    }

    /// Scores of one round: the first `n` jurors say one thing, the rest another.
    function judgeScores(bytes32 job, uint256 n, uint256[] memory most, uint256[] memory others) internal {
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i < n ? most : others;
        }
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
    }

    function outcome(bytes32 job, uint256 item) internal view returns (Outcome) {
        return protocol.challenges(job)[item].outcome;
    }

    function checkOutcome(bytes32 job, Outcome expected) internal view {
        ChallengeView memory c = protocol.challenges(job)[0];
        vm.assertEq(uint256(c.outcome), uint256(expected), "outcome");
        vm.assertEq(uint256(protocol.job(job).state), uint256(State.Settled), "settled");
    }

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function gets(bytes32 job, address account, uint256 paid, uint256 penalty, uint256 pooled) internal {
        (uint256 a, uint256 b, uint256 c) = claim(job, account);
        vm.assertEq(a, paid, "paid");
        vm.assertEq(b, penalty, "penalty");
        vm.assertEq(c, pooled, "to the challenge pool");
    }

    function challenging(bytes32 job, ChallengeKind kind, uint8 round) internal pure returns (bytes memory) {
        return abi.encodeCall(IScatterDisputes.challenge, (job, kind, round));
    }
}
