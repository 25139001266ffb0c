// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterJobs} from "./IScatterJobs.sol";
import {JobStates} from "./JobStates.sol";
import {Masks} from "./Masks.sol";
import {Reason, Role, State} from "./ScatterTypes.sol";
import {Span} from "./Spans.sol";

/// @title Keying, Training, Revealing: keys out, updates in, then the shard they will be scored on
abstract contract Training is JobStates, IScatterJobs {
    /// @inheritdoc IScatterJobs
    function publishKeys(bytes32 jobId, bytes32 bundle) external {
        Job storage j = _jobIn(jobId, State.Keying);
        _onlyRequestor(j);
        if (bundle == 0) revert DigestMissing();
        emit KeysPublished(jobId, bundle);
        _enterTraining(j, jobId, 1);
    }

    /// @inheritdoc IScatterJobs
    function publishUpdate(bytes32 jobId, uint8 roundNumber, bytes32 update) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Training, roundNumber);
        Part storage p = j.parts[msg.sender];
        if (p.role != Role.Trainer) revert NotTrainer(msg.sender);
        if (update == 0) revert DigestMissing();
        uint8 slot = p.index;
        uint256 active = _active(j, roundNumber);
        uint256 published = r.published;
        if (!Masks.has(active, slot)) revert TrainerWasDropped(slot);
        if (Masks.has(published, slot)) revert AlreadyPublished(slot);
        published |= 1 << slot;
        r.published = uint64(published);
        p.updates = uint216(uint256(keccak256(abi.encode(uint256(p.updates), roundNumber, update))));
        emit UpdatePublished(jobId, roundNumber, slot, update);
        if (published == active) _enterRevealing(j, jobId);
    }

    /// @inheritdoc IScatterJobs
    function revealShardKey(bytes32 jobId, uint8 roundNumber, bytes32 key) external {
        (Job storage j,) = _roundIn(jobId, State.Revealing, roundNumber);
        _onlyRequestor(j);
        if (keccak256(abi.encode(key)) != j.shardKeyHashes[roundNumber - 1]) revert WrongShardKey();
        emit ShardKeyRevealed(jobId, roundNumber, key);
        _enter(j, jobId, State.Committing, roundNumber, _duration(j, Span.Commit), Reason.None);
    }

    /// @dev The deadline of Training has passed: score those who published. In round 1 the silent ones are out.
    function _endTraining(Job storage j, bytes32 jobId) internal {
        uint256 published = j.rounds[j.round].published;
        if (j.round == 1) _emitDropped(jobId, Masks.all(j.trainers) & ~published);
        if (published != 0) _enterRevealing(j, jobId);
        else if (j.round == 1) _end(j, jobId, State.Cancelled, Reason.NoTrainerLeft);
        else _closeRound(j, jobId, 0);
    }

    /// @dev Trainers still in the job: all in round 1, later those that published in round 1 (see _endTraining).
    function _active(Job storage j, uint8 roundNumber) private view returns (uint256) {
        return roundNumber == 1 ? Masks.all(j.trainers) : j.rounds[1].published;
    }

    function _enterRevealing(Job storage j, bytes32 jobId) private {
        _enter(j, jobId, State.Revealing, j.round, _duration(j, Span.Reveal), Reason.None);
    }

    function _emitDropped(bytes32 jobId, uint256 silent) private {
        for (uint8 slot; silent >> slot != 0; ++slot) {
            if (Masks.has(silent, slot)) emit TrainerDropped(jobId, slot);
        }
    }
}
