// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterJobs} from "./IScatterJobs.sol";
import {JobStates} from "./JobStates.sol";
import {Masks} from "./Masks.sol";
import {State} from "./ScatterTypes.sol";
import {Votes} from "./Votes.sol";

/// @title Aggregating: the aggregate that as many seats of the panel posted as are a majority of V becomes the next global model
abstract contract Aggregating is JobStates, IScatterJobs {
    /// @inheritdoc IScatterJobs
    function postAggregate(bytes32 jobId, uint8 roundNumber, bytes32 aggregate) external {
        (Job storage j, Round storage r) = _roundIn(jobId, State.Aggregating, roundNumber);
        uint8 seat = _seatNumber(j, _senderSeat(j));
        uint256 panel = r.panel;
        if (!Masks.has(panel, seat)) revert NotOnPanel(seat);
        if (aggregate == 0) revert DigestMissing();
        uint256 k = Masks.size(panel & Masks.all(seat));
        uint256 first = r.firstVoters;
        uint256 others = r.votes;
        if (Masks.has(first, seat) || Votes.choiceOf(others, k) != 0) revert AlreadyPosted(seat);
        uint256 choice = _choice(r, aggregate);
        if (choice == 1) {
            first |= 1 << seat;
            r.firstVoters = uint40(first);
        } else {
            others |= choice << (8 * k);
            r.votes = others;
        }
        emit AggregatePosted(jobId, roundNumber, seat, aggregate);
        (uint256 same, uint256 posted) = Votes.count(others, choice);
        uint256 firsts = Masks.size(first);
        if (choice == 1) same = firsts;
        if (2 * same > j.members) _closeRound(j, jobId, aggregate);
        else if (firsts + posted == Masks.size(panel)) _closeRound(j, jobId, 0);
    }

    /// @dev The deadline has passed without a majority: the model stays, and who posted nothing was silent.
    function _endAggregating(Job storage j, bytes32 jobId) internal {
        Round storage r = j.rounds[j.round];
        uint256 panel = r.panel;
        uint256 votes = Votes.joined(r.votes, r.firstVoters, panel);
        uint256 silent;
        for (uint256 k; panel != 0; ++k) {
            uint256 seat = Masks.first(panel, 1);
            if (Votes.choiceOf(votes, k) == 0) silent |= seat;
            panel &= ~seat;
        }
        _keepSilent(j, r, silent);
        _closeRound(j, jobId, 0);
    }

    /// @dev 1 + the aggregate's place among the different ones; kept there when it is new.
    function _choice(Round storage r, bytes32 aggregate) private returns (uint256 choice) {
        bytes32 known;
        do {
            known = r.aggregates[choice++];
        } while (known != 0 && known != aggregate);
        if (known == 0) r.aggregates[choice - 1] = aggregate;
    }
}
