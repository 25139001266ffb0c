// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "./Masks.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {ChallengeKind, JudgingPhase, Outcome, Reason, Role} from "./ScatterTypes.sol";

/// @title What challenges and verdicts bring and cost
/// @dev An item that changed something holds the L of every seat that lost it by it: half to its filers, a quarter to the jurors
/// that agreed. Verdicts that change nothing divide the filers' bonds instead: half to the jurors that agreed. The rest goes to
/// the challenge pool with the requestor's claim. Without a verdict, and when the jury is void, bonds go back.
abstract contract Rewards is ScatterStorage {
    struct Amounts {
        uint256 paid;
        uint256 penalty;
        uint256 toChallengePool;
    }

    /// What an item holds, and equal parts of it.
    struct Division {
        uint256 held;
        uint256 toFiler;
        uint256 toJuror;
        uint256 rest;
    }

    /// @dev The items of an ended job, by place: none unless it was judged, which its first word tells.
    function _items(Job storage j) internal view returns (uint256) {
        return j.phase == JudgingPhase.Drawing ? 0 : j.jury.challenged;
    }

    /// @dev Bonds back, and what was won by them.
    function _filerReward(Job storage j, uint256 filer) internal view returns (uint256 reward) {
        uint256 taken;
        for (uint256 left = _items(j); left != 0; left &= left - 1) {
            Challenge storage c = j.challenges[Masks.least(left)];
            if (c.filers & filer != 0 && c.outcome != Outcome.Stands) {
                reward += _parametersOf(j).challengeBond + _division(j, c, taken).toFiler;
            }
            taken |= c.lost;
        }
    }

    /// @dev A juror's parts of the items in which it agreed with the verdict, its fee, and what silence or dissent costs.
    function _jurorAmounts(Job storage j, Part storage p) internal view returns (Amounts memory a) {
        uint256 juror = p.index;
        uint256 taken;
        for (uint256 left = _items(j); left != 0; left &= left - 1) {
            Challenge storage c = j.challenges[Masks.least(left)];
            if (Masks.has(c.agreed, juror)) a.paid += _division(j, c, taken).toJuror;
            taken |= c.lost;
        }
        if (Masks.has(j.jury.rewarded, juror)) a.paid += j.jury.fee;
        if (Masks.has(j.jury.slashable, juror)) a.toChallengePool = a.penalty = _slash(j, p);
    }

    /// @dev What items leave for the challenge pool.
    function _restOfItems(Job storage j) internal view returns (uint256 rest) {
        uint256 taken;
        for (uint256 left = _items(j); left != 0; left &= left - 1) {
            Challenge storage c = j.challenges[Masks.least(left)];
            rest += _division(j, c, taken).rest;
            taken |= c.lost;
        }
    }

    function _lostByVerdict(Job storage j, uint256 seat) internal view returns (bool) {
        for (uint256 left = _items(j); left != 0; left &= left - 1) {
            if (Masks.has(j.challenges[Masks.least(left)].lost, seat)) return true;
        }
        return false;
    }

    /// @dev Members refused the round in progress, and no verdict overturned it.
    function _refusalStands(Job storage j) internal view returns (bool) {
        if (j.reason != Reason.Refused) return false;
        return j.challenges[_placeOf(ChallengeKind.Refusal, j.round)].outcome != Outcome.Changed;
    }

    /// @dev Silence or deviation: doubles with every slash the node had when it was drawn; never more than the seat locked.
    function _slash(Job storage j, Part storage p) internal view returns (uint256) {
        uint256 lock = _seatLock(j.terms, p.role);
        uint256 slashes = p.slashes;
        uint256 amount = uint256(_parametersOf(j).slashBase) << (slashes < 128 ? slashes : 128);
        return amount < lock ? amount : lock;
    }

    /// @param taken seats that lost L to an item before this one
    function _division(Job storage j, Challenge storage c, uint256 taken) private view returns (Division memory d) {
        uint256 filers = Masks.size(c.filers);
        uint256 jurors = Masks.size(c.agreed);
        uint256 toJurors;
        if (c.outcome == Outcome.Changed) {
            uint256 lost = c.lost & ~taken;
            d.held = Masks.size(lost & Masks.all(j.members)) * _seatLock(j.terms, Role.Validator)
                + Masks.size(lost >> j.members) * _seatLock(j.terms, Role.Challenger);
            d.toFiler = d.held / 2 / filers;
            toJurors = d.held / 4;
        } else if (c.outcome == Outcome.Stands) {
            d.held = _parametersOf(j).challengeBond * filers;
            toJurors = d.held / 2;
        }
        if (jurors != 0) d.toJuror = toJurors / jurors;
        d.rest = d.held - d.toFiler * filers - d.toJuror * jurors;
    }
}
