// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IScatterClaims} from "./IScatterClaims.sol";
import {Money} from "./Money.sol";
import {Role, State} from "./ScatterTypes.sol";

/// @title Claims: an ended job pays each part once, to its owner, whoever asks and in whatever order
abstract contract Claims is Money, IScatterClaims {
    using SafeERC20 for IERC20;

    /// @inheritdoc IScatterClaims
    function claim(bytes32 jobId, address[] calldata accounts, uint256[] calldata words) external {
        Job storage j = _ended(jobId);
        uint256 used;
        for (uint256 i; i < accounts.length; ++i) {
            Part storage p = _unclaimed(j, accounts[i]);
            (Amounts memory a, uint256 end) = _amounts(j, p, words, used);
            used = end;
            _pay(j, jobId, p, accounts[i], a);
        }
        if (used != words.length) revert WordCountMismatch(used, words.length);
    }

    /// @inheritdoc IScatterClaims
    function owed(bytes32 jobId, address account, uint256[] calldata words)
        external
        view
        returns (uint256, uint256, uint256)
    {
        Job storage j = _ended(jobId);
        (Amounts memory a,) = _amounts(j, _unclaimed(j, account), words, 0);
        return (a.paid, a.penalty, a.toChallengePool);
    }

    function _ended(bytes32 jobId) private view returns (Job storage j) {
        j = _jobs[jobId];
        if (j.state < State.Settled) revert WrongState(j.state);
    }

    function _unclaimed(Job storage j, address account) private view returns (Part storage p) {
        p = j.parts[account];
        if (p.role == Role.None) revert NoPart(account);
        if (p.claimed) revert AlreadyClaimed(account);
    }

    function _pay(Job storage j, bytes32 jobId, Part storage p, address account, Amounts memory a) private {
        p.claimed = true;
        Role role = p.role;
        if (role >= Role.Validator) _release(j, jobId, role, account, a.penalty);
        // slither-disable-next-line costly-loop (a warm write for each part; they are complete one by one, before each transfer)
        if (a.toChallengePool != 0) _challengePool += a.toChallengePool;
        emit Claimed(jobId, account, a.paid, a.penalty, a.toChallengePool);
        if (a.paid != 0) TOKEN.safeTransfer(account, a.paid);
    }

    /// @dev A seat is over: its lock is off, and what it lost leaves the stake.
    function _release(Job storage j, bytes32 jobId, Role role, address account, uint256 penalty) private {
        Node storage n = _nodes[account];
        uint256 lock = _seatLock(j.terms, role);
        n.locked -= uint88(lock);
        emit SeatUnlocked(jobId, account, lock);
        if (penalty == 0) return;
        n.stake -= uint88(penalty);
        if (n.slashes != type(uint8).max) ++n.slashes;
        if (n.stake == 0) n.role = Role.None;
        emit StakeSlashed(jobId, account, penalty);
    }
}
