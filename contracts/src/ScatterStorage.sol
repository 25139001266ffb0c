// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRandomness} from "./IRandomness.sol";
import {IScatterErrors} from "./IScatterErrors.sol";
import {IScatterEvents} from "./IScatterEvents.sol";
import {JobTerms, Parameters, Reason, Role, State} from "./ScatterTypes.sol";

/// @title What the protocol remembers, laid out so that an action writes one word of the job and one word of its own
/// @dev contracts/README.md draws the words.
abstract contract ScatterStorage is IScatterErrors, IScatterEvents {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant MAX_ROUNDS = 32;
    uint256 internal constant MAX_TRAINERS = 63;
    uint256 internal constant MAX_MEMBERS = 31;
    uint256 internal constant MAX_DURATION = 30 days;
    /// Lanes of contributions that fit beside the metric in one word: up to here openings are stored, above only their hash.
    uint256 internal constant ONE_WORD_TRAINERS = 15;

    /// One word, and the two keys.
    struct Node {
        uint88 stake;
        uint88 locked;
        Role role;
        uint8 slashes;
        uint16 parts;
        uint40 withdrawableAt;
        uint8 pools; // bit r: was appended to the pool of Role(r)
        bytes32 peerKey;
        bytes32 sealingKey;
    }

    /// One word: what an account is in a job.
    struct Part {
        Role role;
        uint8 index; // trainer slot or seat
        bool claimed;
        uint8 slashes; // the node's slashes when it was drawn
        uint216 updates; // hash chain of a trainer's updates
    }

    struct Round {
        // one word: who has acted
        uint64 published;
        uint40 committed;
        uint40 opened;
        uint40 leftOut;
        uint24 positiveSum;
        bool settled;
        // byte i: 1 + index of the aggregate that seat i posted
        uint256 votes;
        mapping(uint256 word => uint256) lanes; // settled scores
        mapping(uint256 seat => bytes32) scores; // by seat: its commitment, then the word it opened or the hash of its words
        mapping(uint256 choice => bytes32) aggregates; // different ones, in the order in which they first came
    }

    struct Job {
        // one word: where the job stands
        State state;
        Reason reason;
        uint8 round;
        uint8 trainers;
        uint8 seated;
        uint8 drawAttempt;
        uint16 drawCursor;
        uint32 poolLength;
        uint40 deadline;
        uint40 drawBlock;
        uint40 slashable;
        bytes32 seed; // kept only when drawing takes more than one page
        JobTerms terms;
        uint32[32] seats; // positions in the validators' pool, eight to a word
        mapping(uint256 slot => address) trainerAt;
        mapping(uint256 round => bytes32) shardKeyHashes; // from 0
        mapping(uint256 round => Round) rounds; // from 1
        mapping(address account => Part) parts;
    }

    IERC20 internal immutable TOKEN;
    IRandomness internal immutable RANDOMNESS;
    uint256 internal immutable VALIDATOR_TICKET;
    uint256 internal immutable CHALLENGER_TICKET;
    uint256 internal immutable LOCK_BPS;
    uint256 internal immutable SLASH_BASE;
    uint256 internal immutable TRAINERS_BPS;
    uint256 internal immutable MEMBERS_BPS;
    uint256 internal immutable MIN_SEAT_PAY;
    uint256 internal immutable WITHDRAWAL_DELAY;
    uint256 internal immutable MINIMUM_DURATION;

    mapping(address account => Node) internal _nodes;
    mapping(Role role => address[]) internal _pools;
    mapping(bytes32 jobId => Job) internal _jobs;
    uint256 internal _challengePool;

    constructor(Parameters memory p) {
        if (p.token.code.length == 0) revert ParameterOutOfRange("token");
        if (p.randomness.code.length == 0) revert ParameterOutOfRange("randomness");
        // A ticket fits the stake's 88 bits, and locks at least one base unit for each seat (so 16 bits count parts).
        if (p.validatorTicket < BPS || p.validatorTicket > type(uint88).max) {
            revert ParameterOutOfRange("validatorTicket");
        }
        if (p.challengerTicket < BPS || p.challengerTicket > type(uint88).max) {
            revert ParameterOutOfRange("challengerTicket");
        }
        if (p.lockBps == 0 || p.lockBps > BPS) revert ParameterOutOfRange("lockBps");
        if (uint256(p.trainersBps) + p.membersBps > BPS) revert ParameterOutOfRange("membersBps");
        if (p.withdrawalDelay > 365 days) revert ParameterOutOfRange("withdrawalDelay");
        if (p.minimumDuration == 0 || p.minimumDuration > MAX_DURATION) revert ParameterOutOfRange("minimumDuration");
        TOKEN = IERC20(p.token);
        RANDOMNESS = IRandomness(p.randomness);
        VALIDATOR_TICKET = p.validatorTicket;
        CHALLENGER_TICKET = p.challengerTicket;
        LOCK_BPS = p.lockBps;
        SLASH_BASE = p.slashBase;
        TRAINERS_BPS = p.trainersBps;
        MEMBERS_BPS = p.membersBps;
        MIN_SEAT_PAY = p.minSeatPay;
        WITHDRAWAL_DELAY = p.withdrawalDelay;
        MINIMUM_DURATION = p.minimumDuration;
    }

    /// @dev What a node of this role puts up; 0 for roles without a ticket.
    function _ticket(Role role) internal view returns (uint256) {
        if (role == Role.Validator) return VALIDATOR_TICKET;
        if (role == Role.Challenger) return CHALLENGER_TICKET;
        return 0;
    }

    /// @dev The trainers' part of a round's pool.
    function _trainersPart(JobTerms storage t) internal view returns (uint256) {
        return t.roundPool * TRAINERS_BPS / BPS;
    }

    /// @dev One seat's part of a round's pool. While there are no auditors members share the auditors' part too, so
    /// theirs is all that is not the trainers'.
    function _seatPart(uint256 roundPool, uint256 members) internal view returns (uint256) {
        return (roundPool - roundPool * TRAINERS_BPS / BPS) / members;
    }

    /// @dev What a member's seat locks: enough that a majority of members stands to lose all that the trainers can win.
    function _seatLock(JobTerms storage t) internal view returns (uint256) {
        uint256 least = VALIDATOR_TICKET * LOCK_BPS / BPS;
        uint256 stakes = t.rounds * _trainersPart(t) / ((uint256(t.members) + 1) / 2);
        return stakes > least ? stakes : least;
    }

    /// @dev Words of scores in a job: the metric and a lane for each trainer, sixteen to a word.
    function _wordCount(uint256 trainers_) internal pure returns (uint256) {
        return trainers_ / 16 + 1;
    }

    /// @dev The sender's node, which must have this role.
    function _senderAs(Role role) internal view returns (Node storage n) {
        n = _nodes[msg.sender];
        if (n.role != role) revert NotRegistered(msg.sender, role);
    }
}
