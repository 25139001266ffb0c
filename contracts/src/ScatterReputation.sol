// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterViews} from "./IScatterViews.sol";
import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";
import {ChallengeView, JobView, Outcome, PartView, Reason, Role, RoundView, SeatKind, State} from "./ScatterTypes.sol";

/// What an account did in the jobs that were recorded. One word.
struct Reputation {
    /// jobs in which it had a part
    uint32 jobs;
    /// trainers: rounds in which it published; seats: in which it opened; jurors: items that it opened; requestors: rounds settled
    uint32 rounds;
    /// trainers: sum of the contributions as they are in the end, negative ones too; what is struck out is 0 (score units)
    int64 contribution;
    /// trainers: rounds in which it published nothing (silent in the first: one); seats: rounds in which it was silent; jurors: items
    /// that it did not open; requestors: 1 for a key that it did not publish or reveal
    uint32 silences;
    /// seats and jurors: jobs in which it was silent, deviating, outside a verdict, or lost L
    uint32 slashes;
    /// challenges that it filed: of them, how many changed something, and how many a verdict refused
    uint32 won;
    uint32 lost;
}

/// @title Reputation: what each account did, job by job, recorded when somebody asks
/// @notice Anybody records anybody's part in an ended job, each once. The protocol is only read, so jobs cost the same whether or
/// not anybody records them. Nobody owns this contract.
contract ScatterReputation {
    /// There is no contract at this address.
    error ProtocolMissing(address protocol);
    /// Deeds are recorded when the job is Settled, Defaulted or Cancelled.
    error JobNotEnded(State current);
    /// The account has no part in the job.
    error NoPartIn(bytes32 job, address account);
    /// The account's part was recorded before.
    error AlreadyRecorded(bytes32 job, address account);

    /// A part was recorded: what it adds to the account's reputation.
    event DeedsRecorded(bytes32 indexed job, address indexed account, Reputation deeds);

    uint256 private constant JURORS_FROM = 128;

    /// What all parts of a job are measured on.
    struct Ended {
        JobView job;
        RoundView[] rounds;
        ChallengeView[] items;
    }

    /// @notice The protocol whose jobs these are.
    IScatterViews public immutable protocol;

    mapping(address account => Reputation) private _reputations;
    /// Bit t: trainer slot t; 64 + i: seat i; 127: the requestor; 128 + i: juror i.
    mapping(bytes32 job => uint256) private _recorded;

    constructor(IScatterViews protocol_) {
        if (address(protocol_).code.length == 0) revert ProtocolMissing(address(protocol_));
        protocol = protocol_;
    }

    /// @notice Record the parts of these accounts in an ended job, claimed or not.
    function record(bytes32 jobId, address[] calldata accounts) external {
        Ended memory ended = _ended(jobId);
        uint256 recorded = _recorded[jobId];
        for (uint256 i; i < accounts.length; ++i) {
            PartView memory part = _partOf(jobId, accounts[i]);
            uint256 place = 1 << _placeOf(ended.job, part);
            if (recorded & place != 0) revert AlreadyRecorded(jobId, accounts[i]);
            recorded |= place;
            Reputation memory added = _deedsOf(ended, part);
            _add(_reputations[accounts[i]], added);
            emit DeedsRecorded(jobId, accounts[i], added);
        }
        _recorded[jobId] = recorded;
    }

    /// @notice What was recorded of an account so far.
    function reputation(address account) external view returns (Reputation memory) {
        return _reputations[account];
    }

    /// @notice What an account did in an ended job, recorded or not.
    function deeds(bytes32 jobId, address account) external view returns (Reputation memory) {
        return _deedsOf(_ended(jobId), _partOf(jobId, account));
    }

    /// @notice Whether an account's part in an ended job was recorded.
    function isRecorded(bytes32 jobId, address account) external view returns (bool) {
        return Masks.has(_recorded[jobId], _placeOf(protocol.job(jobId), _partOf(jobId, account)));
    }

    // ── reading the protocol ────────────────────────────────────────────────────────────────────────────────────────
    function _ended(bytes32 jobId) private view returns (Ended memory ended) {
        ended.job = protocol.job(jobId);
        State state = ended.job.state;
        if (state != State.Settled && state != State.Defaulted && state != State.Cancelled) revert JobNotEnded(state);
        ended.rounds = new RoundView[](ended.job.round);
        for (uint8 i; i < ended.rounds.length; ++i) {
            // slither-disable-next-line calls-loop (the protocol, which is fixed, reads its storage; rounds are 32 at most)
            ended.rounds[i] = protocol.round(jobId, i + 1);
        }
        if (ended.job.challenges != 0) ended.items = protocol.challenges(jobId);
    }

    function _partOf(bytes32 jobId, address account) private view returns (PartView memory part) {
        // slither-disable-next-line calls-loop (as above, for the accounts that the caller names and pays gas for)
        part = protocol.part(jobId, account);
        if (part.role == Role.None) revert NoPartIn(jobId, account);
    }

    /// @dev As filers of challenges are numbered; jurors after them.
    function _placeOf(JobView memory job, PartView memory part) private pure returns (uint256) {
        if (part.role == Role.Requestor) return 127;
        if (part.role == Role.Trainer) return part.index;
        return part.kind == SeatKind.Juror ? JURORS_FROM + part.index : 64 + _seatOf(job, part);
    }

    function _seatOf(JobView memory job, PartView memory part) private pure returns (uint256) {
        return part.kind == SeatKind.Auditor ? uint256(job.members) + part.index : part.index;
    }

    // ── deeds ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function _deedsOf(Ended memory ended, PartView memory part) private pure returns (Reputation memory r) {
        r.jobs = 1;
        if (part.role >= Role.Validator && part.kind == SeatKind.Juror) {
            _judged(ended, part.index, r);
            return r;
        }
        if (part.role == Role.Requestor) _asked(ended, r);
        else if (part.role == Role.Trainer) _trained(ended, part.index, r);
        else _scored(ended, _seatOf(ended.job, part), r);
        uint256 place = _placeOf(ended.job, part);
        for (uint256 i; i < ended.items.length; ++i) {
            if (!Masks.has(ended.items[i].filers, place)) continue;
            if (ended.items[i].outcome == Outcome.Changed) ++r.won;
            else if (ended.items[i].outcome == Outcome.Stands) ++r.lost;
        }
    }

    function _asked(Ended memory ended, Reputation memory r) private pure {
        for (uint256 i; i < ended.rounds.length; ++i) {
            if (ended.rounds[i].settled) ++r.rounds;
        }
        if (ended.job.reason == Reason.NoKeys || ended.job.reason == Reason.NoShardKey) r.silences = 1;
    }

    function _trained(Ended memory ended, uint256 slot, Reputation memory r) private pure {
        for (uint256 i; i < ended.rounds.length; ++i) {
            RoundView memory made = ended.rounds[i];
            if (!Masks.has(made.published, slot)) {
                ++r.silences;
                if (i == 0) return;
                continue;
            }
            ++r.rounds;
            if (made.settled) r.contribution += _contribution(made.scores, slot);
        }
    }

    /// @dev Lane slot + 1, less what stands for 0; a special word is 0.
    function _contribution(uint256[] memory scores, uint256 slot) private pure returns (int64) {
        uint256 lane = (scores[(slot + 1) / 16] >> (16 * ((slot + 1) % 16))) & 0x7FFF;
        return lane >= Lanes.SPECIAL ? int64(0) : int64(int256(lane) - int256(Lanes.ZERO));
    }

    function _scored(Ended memory ended, uint256 seat, Reputation memory r) private pure {
        for (uint256 i; i < ended.rounds.length; ++i) {
            if (Masks.has(ended.rounds[i].opened, seat)) ++r.rounds;
            if (Masks.has(ended.rounds[i].silent, seat)) ++r.silences;
        }
        bool slashed = Masks.has(ended.job.slashable, seat);
        for (uint256 i; i < ended.items.length; ++i) {
            if (Masks.has(ended.items[i].lost, seat)) slashed = true;
        }
        if (slashed) r.slashes = 1;
    }

    /// @dev A void jury was asked for nothing.
    function _judged(Ended memory ended, uint256 juror, Reputation memory r) private pure {
        for (uint256 i; i < ended.items.length; ++i) {
            if (ended.items[i].outcome == Outcome.Pending) continue;
            if (Masks.has(ended.items[i].opened, juror)) ++r.rounds;
            else ++r.silences;
        }
        if (Masks.has(ended.job.slashableJurors, juror)) r.slashes = 1;
    }

    function _add(Reputation storage kept, Reputation memory added) private {
        kept.jobs += added.jobs;
        kept.rounds += added.rounds;
        kept.contribution += added.contribution;
        kept.silences += added.silences;
        kept.slashes += added.slashes;
        kept.won += added.won;
        kept.lost += added.lost;
    }
}
