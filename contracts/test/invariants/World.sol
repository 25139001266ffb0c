// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ScatterReputation} from "../../src/ScatterReputation.sol";
import {ScatterToken} from "../../src/ScatterToken.sol";
import {Immutables, JobTerms, Parameters, Reason, Role, State} from "../../src/ScatterTypes.sol";
import {ScatterTest} from "../support/ScatterTest.sol";
import {vm} from "../support/Vm.sol";
import {ForgetfulRandomness} from "./ForgetfulRandomness.sol";
import {Reached} from "./Reached.sol";

/// @title What the handlers of a campaign share: actors, jobs, time, and what they remember of them
/// @dev A handler is called with one number, from which dice decide everything. Time and block numbers are kept here, as what a call
/// of the fuzzer changes about them need not last.
abstract contract World is ScatterTest, Reached {
    uint256 internal constant REQUESTORS = 3;
    uint256 internal constant TRAINERS = 18;
    uint256 internal constant VALIDATORS = 24;
    uint256 internal constant CHALLENGERS = 9;
    /// Jobs at once that have not ended, and in all.
    uint256 internal constant MOST_LIVE = 6;
    uint256 internal constant MOST_JOBS = 48;

    /// How the seats of a job are disposed to score.
    enum Temper {
        Honest,
        MinorityLies,
        MajorityLies,
        Unscorable,
        RefusesWithoutCause,
        Absent,
        // some seats and jurors get no content
        Unserved,
        // one update reaches few seats in time, and most jurors
        LateUpdate
    }

    /// What is remembered of a job.
    struct Ghost {
        address requestor;
        Temper temper;
        State state;
        Reason reason;
        uint8 round;
        uint8 phase;
        uint8 attempt;
        uint40 slashable;
        uint256 seats; // drawn so far
        uint256 jurors;
        /// what came in and did not go out: may be below 0, by as much as `lost`, while seats have not claimed
        int256 escrow;
        /// every L that verdicts took from seats that have not claimed
        uint256 lost;
        uint256 unclaimed; // parts, once it has ended
        bytes32 digest; // of all that can be seen of it
    }

    /// What a part of an ended job gets and loses, as it was said when the job ended.
    struct Owed {
        bool known;
        bool claimed;
        bool seat;
        bool byVerdict;
        uint256 paid;
        uint256 penalty;
        uint256 pooled;
    }

    bytes32[] internal jobs;
    mapping(bytes32 job => Ghost) internal ghosts;
    mapping(bytes32 job => mapping(address account => Owed)) internal owedAt;
    mapping(bytes32 job => mapping(address account => bool)) internal hasPart;
    address[] internal actors;
    ScatterReputation internal book;
    /// By slot.
    mapping(bytes32 job => address[]) internal joined;
    /// What everybody owns, has staked, and locked.
    mapping(address account => uint256) internal purse;
    mapping(address account => uint256) internal staked;
    mapping(address account => uint256) internal locked;
    uint256 internal poolBalance;
    uint256 internal supply = SUPPLY;

    uint256 internal entropy;
    uint256 internal clock = 1_700_000_000;
    uint256 internal height = 1000;
    uint256 private calls;

    /// A handler's call: dice are thrown anew, and it is as late as it was.
    modifier acts(uint256 seed) {
        entropy = uint256(keccak256(abi.encode(seed, ++calls)));
        resume();
        _;
    }

    function resume() public {
        vm.warp(clock);
        vm.roll(height);
    }

    function dice(uint256 sides) internal returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % sides;
    }

    function chance(uint256 oneIn) internal returns (bool) {
        return dice(oneIn) == 0;
    }

    /// Who of n acts: mostly all, now and then all but some, or just some.
    function some(uint256 n) internal returns (uint256 mask) {
        mask = (1 << n) - 1;
        uint256 kind = dice(10);
        if (kind < 2) mask &= dice(1 << 128) | dice(1 << 128);
        else if (kind == 2) mask &= dice(1 << 128);
    }

    /// What a role that finds nothing to do leaves its turn to.
    function otherwise() internal virtual;

    // ── founding ────────────────────────────────────────────────────────────────────────────────────────────────────
    function setUp() public override {
        resume();
        token = ScatterToken(deploy("ScatterToken", abi.encode(address(this), SUPPLY)));
        Immutables memory i = immutables(address(new ForgetfulRandomness()));
        i.withdrawalDelay = 1 hours;
        protocol = deployProtocol(i, parameters());
        book = ScatterReputation(deploy("ScatterReputation", abi.encode(protocol)));
        for (uint256 k; k < REQUESTORS; ++k) {
            settle(requestorAt(k), Role.Requestor);
        }
        for (uint256 k; k < TRAINERS; ++k) {
            settle(trainer(k), Role.Trainer);
        }
        for (uint256 k; k < VALIDATORS; ++k) {
            settle(validator(k), Role.Validator);
        }
        for (uint256 k; k < CHALLENGERS; ++k) {
            settle(challenger(k), Role.Challenger);
        }
    }

    function settle(address account, Role role) private {
        enrol(account, role);
        actors.push(account);
        uint256 ticket = protocol.ticket(role);
        if (ticket != 0) {
            vm.prank(account);
            protocol.depositTicket();
            staked[account] = ticket;
        }
        purse[account] = token.balanceOf(account);
    }

    function requestorAt(uint256 i) internal pure returns (address) {
        return address(uint160(0x1001 + i));
    }

    // ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────
    function wait(uint256 until) internal {
        if (until > clock) clock = until;
        mine(1);
    }

    function mine(uint256 blocks) internal {
        height += blocks;
        resume();
    }

    // ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────
    /// Some job in this state; 0 when there is none.
    function jobIn(State state) internal returns (bytes32) {
        return jobIn(state, state);
    }

    /// Some job in a state from the first to the last of these.
    function jobIn(State first, State last) internal returns (bytes32) {
        if (jobs.length == 0) return 0;
        uint256 start = dice(jobs.length);
        for (uint256 i; i < jobs.length; ++i) {
            bytes32 job = jobs[(start + i) % jobs.length];
            if (ghosts[job].state >= first && ghosts[job].state <= last) return job;
        }
        return 0;
    }

    function live() internal view returns (uint256 n) {
        for (uint256 i; i < jobs.length; ++i) {
            if (ghosts[jobs[i]].state < State.Settled) ++n;
        }
    }

    function parametersOf(bytes32 job) internal view returns (Parameters memory) {
        return protocol.parameters(protocol.terms(job).parameters);
    }

    /// L, by the page and not by the contracts.
    function lockOf(bytes32 job, Role role) internal view returns (uint256) {
        JobTerms memory t = protocol.terms(job);
        Parameters memory p = protocol.parameters(t.parameters);
        uint256 ticket = role == Role.Validator ? p.validatorTicket : p.challengerTicket;
        uint256 least = ticket * p.lockBps / 10_000;
        uint256 half = (uint256(t.members) + 1) / 2;
        uint256 all = t.rounds * (uint256(t.roundPool) * p.trainersBps / 10_000) / half;
        return all > least ? all : least;
    }
}
