// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterActions} from "./IScatterActions.sol";
import {JobStates} from "./JobStates.sol";
import {State} from "./ScatterTypes.sol";

/// @title Aggregating: the aggregate that a majority of all members posted becomes the next global model
abstract contract Aggregating is JobStates {
    /// @inheritdoc IScatterActions
    function postAggregate(bytes32 jobId, uint8 roundNumber, bytes32 aggregate) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Aggregating, roundNumber);
        uint8 seat = _memberSeat(j);
        if (aggregate == 0) revert DigestMissing();
        uint256 votes = r.votes;
        if (_voteOf(votes, seat) != 0) revert AlreadyPosted(seat);
        uint256 choice = _choice(r, aggregate);
        votes |= choice << (8 * seat);
        r.votes = votes;
        emit AggregatePosted(jobId, roundNumber, seat, aggregate);
        uint256 members = j.seated;
        (uint256 same, uint256 posted) = _count(votes, choice, members);
        if (2 * same > members) _closeRound(j, jobId, aggregate);
        else if (posted == members) _closeRound(j, jobId, 0);
    }

    /// @dev The deadline has passed without a majority: the model stays, and who posted nothing was silent.
    function _endAggregating(Job storage j, bytes32 jobId) internal {
        uint256 votes = j.rounds[j.round].votes;
        uint256 silent;
        for (uint256 seat; seat < j.seated; ++seat) {
            if (_voteOf(votes, seat) == 0) silent |= 1 << seat;
        }
        j.slashable |= uint40(silent);
        _closeRound(j, jobId, 0);
    }

    /// @dev 1 + the aggregate's place among the different ones; kept there when it is new.
    function _choice(Round storage r, bytes32 aggregate) private returns (uint256 choice) {
        unchecked {
            bytes32 known;
            do {
                known = r.aggregates[choice++];
            } while (known != 0 && known != aggregate);
            if (known == 0) r.aggregates[choice - 1] = aggregate;
        }
    }

    function _count(uint256 votes, uint256 choice, uint256 members)
        private
        pure
        returns (uint256 same, uint256 posted)
    {
        unchecked {
            for (uint256 seat; seat < members; ++seat) {
                uint256 vote = _voteOf(votes, seat);
                if (vote == choice) ++same;
                if (vote != 0) ++posted;
            }
        }
    }

    function _voteOf(uint256 votes, uint256 seat) private pure returns (uint256) {
        unchecked {
            return (votes >> (8 * seat)) & 0xFF;
        }
    }
}
