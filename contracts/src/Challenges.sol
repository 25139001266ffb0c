// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IScatterDisputes} from "./IScatterDisputes.sol";
import {JobStates} from "./JobStates.sol";
import {Masks} from "./Masks.sol";
import {ChallengeKind, Reason, Role, State} from "./ScatterTypes.sol";

/// @title Challenging: who has a part in the job names what is wrong, and puts up a bond
abstract contract Challenges is JobStates, IScatterDisputes {
    using SafeERC20 for IERC20;

    /// @inheritdoc IScatterDisputes
    function challenge(bytes32 jobId, ChallengeKind kind, uint8 roundNumber) external {
        Job storage j = _jobIn(jobId, State.Challenging);
        if (j.terms.minJury == 0) revert NoSecondLayer();
        Part storage p = j.parts[msg.sender];
        if (p.role == Role.None || (p.role == Role.Requestor && kind != ChallengeKind.Refusal)) {
            revert NotParticipant(msg.sender);
        }
        if (!_challengeable(j, kind, roundNumber)) revert NotChallengeable(kind, roundNumber);
        uint256 place = _placeOf(kind, roundNumber);
        Challenge storage c = j.challenges[place];
        uint128 filer = _filerBit(j, p);
        if (c.filers & filer != 0) revert AlreadyChallenged(kind, roundNumber);
        if (c.filers == 0) j.jury.challenged |= uint72(1 << place);
        c.filers |= filer;
        emit Challenged(jobId, kind, roundNumber, msg.sender);
        TOKEN.safeTransferFrom(msg.sender, address(this), _parametersOf(j).challengeBond);
    }

    function _challengeable(Job storage j, ChallengeKind kind, uint8 roundNumber) private view returns (bool) {
        if (kind == ChallengeKind.Refusal) return j.reason == Reason.Refused && roundNumber == j.round;
        if (roundNumber > MAX_ROUNDS) return false;
        uint256 sumPlusOne = j.rounds[roundNumber].sumPlusOne;
        return kind == ChallengeKind.Scores ? sumPlusOne != 0 : sumPlusOne > 1;
    }

    /// @dev An item that was challenged.
    function _item(Job storage j, ChallengeKind kind, uint8 roundNumber)
        internal
        view
        returns (Challenge storage, uint256 place)
    {
        bool exists = roundNumber != 0 && (kind == ChallengeKind.Refusal ? roundNumber == j.round : roundNumber <= j.round);
        if (exists) place = _placeOf(kind, roundNumber);
        if (!exists || !Masks.has(j.jury.challenged, place)) revert NotChallenged(kind, roundNumber);
        return (j.challenges[place], place);
    }
}
