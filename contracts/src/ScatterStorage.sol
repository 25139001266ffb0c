// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRandomness} from "./IRandomness.sol";
import {IScatterErrors} from "./IScatterErrors.sol";
import {IScatterEvents} from "./IScatterEvents.sol";
import {
    ChallengeKind,
    Immutables,
    JudgingPhase,
    Outcome,
    Parameters,
    Reason,
    Role,
    SeatKind,
    State
} from "./ScatterTypes.sol";
import {Span, Spans} from "./Spans.sol";

/// @title What the protocol remembers, laid out so that an action writes one word of the job and one word of its own
/// @dev contracts/README.md draws the words. The protocol and its modules (see Modules) share this layout.
abstract contract ScatterStorage is IScatterErrors, IScatterEvents {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant MAX_ROUNDS = 32;
    uint256 internal constant MAX_TRAINERS = 63;
    uint256 internal constant MAX_MEMBERS = 31;
    uint256 internal constant MAX_AUDITORS = 7;
    uint256 internal constant MAX_SEATS = MAX_MEMBERS + MAX_AUDITORS;
    uint256 internal constant MAX_JURORS = 31;
    uint256 internal constant MAX_VERSIONS = 256;
    uint256 internal constant MAX_DURATION = 30 days;
    /// Lanes of contributions that fit beside the metric in one word: up to here openings are stored, above only their hash.
    uint256 internal constant ONE_WORD_TRAINERS = 15;

    /// One word, and the two keys.
    struct Node {
        uint88 stake;
        uint88 locked;
        Role role;
        uint8 slashes;
        uint40 withdrawableAt;
        uint8 pools; // bit r: was appended to the pool of Role(r)
        bytes32 peerKey;
        bytes32 sealingKey;
    }

    /// One word: what an account is in a job.
    struct Part {
        Role role; // what it was when it got the part
        SeatKind kind; // of a validator or challenger
        uint8 index; // trainer slot, or number among the seats of the kind
        bool claimed;
        uint8 slashes; // the node's slashes when it was drawn
        uint216 updates; // hash chain of a trainer's updates
    }

    struct Round {
        // one word: who has acted
        uint64 published;
        uint40 committed;
        uint40 opened; // numbers, a refusal or an abstention
        uint40 panel; // seats in the final medians
        uint40 firstVoters; // seats that posted the first of the aggregates
        uint8 compared; // bit i: auditor i opened numbers, is not on the panel, and is not left out
        uint24 sumPlusOne; // 1 + sum of the positive settled contributions; 0: not settled
        // one word, written only where somebody fails: seats
        uint40 silent;
        uint40 deviating; // from the settled scores; after a verdict: from what it made of them
        uint40 posters; // the panel that posted, where a verdict on scores put another in its place
        uint40 refused;
        uint40 abstained;
        // byte k: index of the aggregate that the panel's k-th seat posted, where it is not the first
        uint256 votes;
        uint256[4] lanes; // settled scores
        bytes32[MAX_SEATS] scores; // by seat: its commitment, then the word it opened or the hash of its words
        bytes32[MAX_MEMBERS] aggregates; // different ones, in the order in which they first came
    }

    /// `JobTerms`: what claims read in one word, the rest in another.
    struct Terms {
        bytes32 trainingJob;
        bytes32 evaluationJob;
        bytes32 jobKeyHash;
        uint96 roundPool;
        uint96 slotStake;
        uint16 maxShareBps;
        uint16 tau;
        uint8 rounds;
        uint8 members;
        uint8 maxTrainers;
        uint8 parameters;
        uint208 durations; // see Spans
        uint16 faultBps;
        uint8 auditors;
        uint8 minTrainers;
        uint8 rule;
        uint8 minJury;
    }

    /// A challenged item. Its place says what it is: see `_placeOf`.
    struct Challenge {
        // one word: what came of it
        Outcome outcome;
        uint128 filers; // see ChallengeView
        uint40 lost; // seats that this verdict takes L from; they lose it to the first item that does
        uint32 agreed; // jurors
        // one word: what jurors did
        uint32 committed;
        uint32 opened;
        uint32 given; // opened numbers, or an aggregate
        uint32 abstained; // on scores or a refusal
        bytes32[MAX_SEATS] words; // by juror: its commitment, then its word, the hash of its words, or its aggregate
    }

    /// One word: what the second layer of a job has come to.
    struct Jury {
        uint32 slashable;
        uint72 challenged; // items, by place
        uint8 tallied;
        uint16 pending; // commitments or openings that are awaited
        uint32 rewarded; // jurors that agreed with a verdict that changed something
        uint96 fee; // each of them gets it
    }

    /// A draw that takes more than one page.
    struct Draw {
        bytes32 seed;
        uint16[2] cursors; // steps taken in the walk of members or jurors, and of auditors
        uint8 others; // nodes counted that could be jurors
    }

    struct Job {
        // one word: where the job stands
        State state;
        Reason reason;
        uint8 round;
        uint8 trainers;
        uint8 members; // seats drawn, of each kind
        uint8 auditors;
        uint8 jurors;
        JudgingPhase phase;
        uint8 drawAttempt;
        uint40 deadline;
        uint40 drawBlock;
        uint40 slashable; // seats that were silent or deviate, in any round
        uint32 validators; // frozen length of their pool
        uint32 challengers;
        Jury jury;
        Draw draw;
        Terms terms;
        uint32[40] seats; // positions in the pools of validators (members) and challengers (auditors), eight to a word
        uint32[32] jurorAt; // positions in both pools, one after the other
        bytes32[MAX_ROUNDS] shardKeyHashes; // of round r at r - 1
        Round[MAX_ROUNDS + 1] rounds; // of round r at r
        Challenge[2 * MAX_ROUNDS + 1] challenges; // by place
        mapping(address account => Part) parts;
    }

    IERC20 internal immutable TOKEN;
    IRandomness internal immutable RANDOMNESS;
    address internal immutable OWNER;
    uint256 internal immutable WITHDRAWAL_DELAY;
    uint256 internal immutable MINIMUM_DURATION;

    // slither-disable-start uninitialized-state,constable-states (a module reads what the protocol wrote; Slither takes each by itself)
    mapping(address account => Node) internal _nodes;
    mapping(Role role => address[]) internal _pools;
    mapping(bytes32 jobId => Job) internal _jobs;
    uint256 internal _challengePool;
    uint8 internal _version; // the present one of these
    Parameters[MAX_VERSIONS] internal _parameters;
    // slither-disable-end uninitialized-state,constable-states

    constructor(Immutables memory i) {
        if (i.token.code.length == 0) revert ParameterOutOfRange("token");
        if (i.randomness.code.length == 0) revert ParameterOutOfRange("randomness");
        if (i.owner.code.length == 0) revert ParameterOutOfRange("owner");
        if (i.withdrawalDelay > 365 days) revert ParameterOutOfRange("withdrawalDelay");
        if (i.minimumDuration == 0 || i.minimumDuration > MAX_DURATION) revert ParameterOutOfRange("minimumDuration");
        TOKEN = IERC20(i.token);
        RANDOMNESS = IRandomness(i.randomness);
        OWNER = i.owner;
        WITHDRAWAL_DELAY = i.withdrawalDelay;
        MINIMUM_DURATION = i.minimumDuration;
    }

    /// @dev How long a state of the job may take.
    function _duration(Job storage j, Span span) internal view returns (uint256) {
        return Spans.get(j.terms.durations, span);
    }

    /// @dev What a job was posted under.
    function _parametersOf(Job storage j) internal view returns (Parameters storage) {
        return _parameters[j.terms.parameters];
    }

    function _ticket(Parameters storage p, Role role) internal view returns (uint256) {
        if (role == Role.Validator) return p.validatorTicket;
        if (role == Role.Challenger) return p.challengerTicket;
        return 0;
    }

    /// @dev The trainers', members' and auditors' parts of a round's pool. Members share the auditors' part when there are none.
    /// Unchecked, as `_seatLock`: a round's pool has 96 bits, and the parts are at most all of it.
    function _parts(Parameters storage p, uint256 roundPool, uint256 auditors_)
        internal
        view
        returns (uint256 trainers_, uint256 members_, uint256 rest)
    {
        unchecked {
            trainers_ = roundPool * p.trainersBps / BPS;
            members_ = auditors_ == 0 ? roundPool - trainers_ : roundPool * p.membersBps / BPS;
            rest = roundPool - trainers_ - members_;
        }
    }

    /// @dev What a seat of a node in this role locks (L): enough that a majority of members stands to lose all that the trainers
    /// can win.
    function _seatLock(Terms storage t, Role role) internal view returns (uint256) {
        unchecked {
            Parameters storage p = _parameters[t.parameters];
            uint256 least = _ticket(p, role) * p.lockBps / BPS;
            // slither-disable-next-line divide-before-multiply (the trainers' part of a round, as it is paid: rounded down)
            uint256 stakes = t.rounds * (uint256(t.roundPool) * p.trainersBps / BPS) / ((uint256(t.members) + 1) / 2);
            return stakes > least ? stakes : least;
        }
    }

    /// @dev One numbering for members and auditors.
    function _seatNumber(Job storage j, Part storage p) internal view returns (uint8) {
        return p.kind == SeatKind.Auditor ? j.members + p.index : p.index;
    }

    /// @dev An account among the filers of a challenge: a trainer by its slot, a seat by 64 + its number, the requestor last.
    function _filerBit(Job storage j, Part storage p) internal view returns (uint128) {
        if (p.role == Role.Requestor) return uint128(1 << 127);
        return uint128(1 << (p.role == Role.Trainer ? p.index : 64 + uint256(_seatNumber(j, p))));
    }

    /// @dev Where an item of a round, from 1 to MAX_ROUNDS, has its place: scores, then aggregates, by round, then the refusal. A job
    /// has room for all of them, so nobody can take another's, and the order of places is that in which seats lose L.
    function _placeOf(ChallengeKind kind, uint256 roundNumber) internal pure returns (uint256) {
        return MAX_ROUNDS * uint256(kind) + (kind == ChallengeKind.Refusal ? 0 : roundNumber - 1);
    }

    /// @dev What has this place. A refusal is of the round in which the job stopped.
    function _itemAt(Job storage j, uint256 place) internal view returns (ChallengeKind kind, uint8 roundNumber) {
        kind = ChallengeKind(place / MAX_ROUNDS);
        roundNumber = kind == ChallengeKind.Refusal ? j.round : uint8(place % MAX_ROUNDS + 1);
    }

    /// @dev J: how many jurors a job wants.
    function _jurySize(uint256 members_) internal pure returns (uint256) {
        return 2 * members_ < MAX_JURORS ? 2 * members_ + 1 : MAX_JURORS;
    }

    /// @dev Words of scores in a job: the metric and a lane for each trainer, sixteen to a word.
    function _wordCount(uint256 trainers_) internal pure returns (uint256) {
        return trainers_ / 16 + 1;
    }

    /// @dev Seats that opened numbers.
    function _numbers(Round storage r) internal view returns (uint256) {
        return uint256(r.opened) & ~(uint256(r.refused) | r.abstained);
    }

    /// @dev The sender must be a node in this role.
    function _senderAs(Role role) internal view {
        if (_nodes[msg.sender].role != role) revert NotRegistered(msg.sender, role);
    }
}
