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

    /// What an item holds, in equal parts, and what those leave.
    struct Division {
        uint256 toFiler;
        uint256 toJuror;
        uint256 rest;
    }

    /// Going over the items of a job in their order.
    struct Walk {
        uint256 ahead;
        uint256 taken; // seats that lost L so far
        uint256 lost; // of these, those that lost it to the present item
        uint256 bond;
        uint256 memberLock; // L, once it was asked for
        uint256 auditorLock;
    }

    /// @dev The items of an ended job, by place: none unless it was judged, which its first word tells.
    function _items(Job storage j) internal view returns (uint256) {
        return j.phase == JudgingPhase.Drawing ? 0 : j.jury.challenged;
    }

    /// @dev Bonds back, and what was won by them.
    function _filerReward(Job storage j, uint256 filer) internal view returns (uint256 reward) {
        Walk memory w = _walk(j);
        while (w.ahead != 0) {
            Challenge storage c = _next(j, w);
            if (c.filers & filer == 0 || c.outcome == Outcome.Stands) continue;
            reward += w.bond + _division(j, c, w).toFiler;
        }
    }

    /// @dev A juror's parts of the items in which it agreed with the verdict, its fee, and what silence or dissent costs.
    function _jurorAmounts(Job storage j, Part storage p) internal view returns (Amounts memory a) {
        uint256 juror = p.index;
        Walk memory w = _walk(j);
        while (w.ahead != 0) {
            Challenge storage c = _next(j, w);
            if (Masks.has(c.agreed, juror)) a.paid += _division(j, c, w).toJuror;
        }
        if (Masks.has(j.jury.rewarded, juror)) a.paid += j.jury.fee;
        if (Masks.has(j.jury.slashable, juror)) a.toChallengePool = a.penalty = _slash(j, p);
    }

    /// @dev What items leave for the challenge pool.
    function _restOfItems(Job storage j) internal view returns (uint256 rest) {
        Walk memory w = _walk(j);
        while (w.ahead != 0) {
            rest += _division(j, _next(j, w), w).rest;
        }
    }

    function _lostByVerdict(Job storage j, uint256 seat) internal view returns (bool) {
        for (uint256 ahead = _items(j); ahead != 0; ahead &= ahead - 1) {
            if (Masks.has(j.challenges[Masks.least(ahead)].lost, seat)) return true;
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

    function _walk(Job storage j) private view returns (Walk memory w) {
        w.ahead = _items(j);
        if (w.ahead != 0) w.bond = _parametersOf(j).challengeBond;
    }

    /// @dev The first item ahead.
    function _next(Job storage j, Walk memory w) private view returns (Challenge storage c) {
        unchecked {
            uint256 ahead = w.ahead;
            c = j.challenges[Masks.least(ahead)];
            w.ahead = ahead & (ahead - 1);
            w.lost = c.lost & ~w.taken;
            w.taken |= w.lost;
        }
    }

    /// @dev Of the present item. Unchecked: it holds what 38 stakes or 102 bonds are at most, and gives away less than that.
    function _division(Job storage j, Challenge storage c, Walk memory w) private view returns (Division memory d) {
        unchecked {
            (Outcome outcome, uint256 filers, uint256 jurors) = (c.outcome, Masks.size(c.filers), Masks.size(c.agreed));
            uint256 held;
            uint256 toJurors;
            if (outcome == Outcome.Changed) {
                held = _heldOf(j, w);
                d.toFiler = held / 2 / filers;
                toJurors = held / 4;
            } else if (outcome == Outcome.Stands) {
                held = w.bond * filers;
                toJurors = held / 2;
            }
            if (jurors != 0) d.toJuror = toJurors / jurors;
            d.rest = held - d.toFiler * filers - d.toJuror * jurors;
        }
    }

    /// @dev The L of all that lost it to the present item.
    function _heldOf(Job storage j, Walk memory w) private view returns (uint256) {
        if (w.lost == 0) return 0;
        if (w.memberLock == 0) {
            w.memberLock = _seatLock(j.terms, Role.Validator);
            w.auditorLock = _seatLock(j.terms, Role.Challenger);
        }
        uint256 members = j.members;
        return Masks.size(w.lost & Masks.all(members)) * w.memberLock + Masks.size(w.lost >> members) * w.auditorLock;
    }
}
