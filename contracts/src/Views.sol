// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterAccounts} from "./IScatterAccounts.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {JobTerms, JobView, NodeView, PartView, Role, RoundView} from "./ScatterTypes.sol";

/// @title Reading
abstract contract Views is ScatterStorage, IScatterAccounts {
    /// @inheritdoc IScatterAccounts
    function job(bytes32 jobId) external view returns (JobView memory) {
        Job storage j = _jobs[jobId];
        return JobView({
            state: j.state,
            reason: j.reason,
            round: j.round,
            trainers: j.trainers,
            seated: j.seated,
            deadline: j.deadline,
            drawBlock: j.drawBlock,
            drawAttempt: j.drawAttempt,
            drawCursor: j.drawCursor,
            poolLength: j.poolLength,
            slashable: j.slashable
        });
    }

    /// @inheritdoc IScatterAccounts
    function terms(bytes32 jobId) external view returns (JobTerms memory) {
        return _jobs[jobId].terms;
    }

    /// @inheritdoc IScatterAccounts
    function round(bytes32 jobId, uint8 roundNumber) external view returns (RoundView memory) {
        Job storage j = _jobs[jobId];
        Round storage r = j.rounds[roundNumber];
        uint256[] memory scores = new uint256[](r.settled ? _wordCount(j.trainers) : 0);
        for (uint256 w; w < scores.length; ++w) {
            scores[w] = r.lanes[w];
        }
        return RoundView(r.published, r.committed, r.opened, r.leftOut, r.positiveSum, r.settled, scores);
    }

    /// @inheritdoc IScatterAccounts
    function trainers(bytes32 jobId) external view returns (address[] memory accounts) {
        Job storage j = _jobs[jobId];
        accounts = new address[](j.trainers);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = j.trainerAt[i];
        }
    }

    /// @inheritdoc IScatterAccounts
    function seats(bytes32 jobId) external view returns (address[] memory accounts) {
        Job storage j = _jobs[jobId];
        accounts = new address[](j.seated);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = _pools[Role.Validator][j.seats[i]];
        }
    }

    /// @inheritdoc IScatterAccounts
    function part(bytes32 jobId, address account) external view returns (PartView memory) {
        Part storage p = _jobs[jobId].parts[account];
        return PartView(p.role, p.index, p.claimed, p.updates);
    }

    /// @inheritdoc IScatterAccounts
    function node(address account) external view returns (NodeView memory) {
        Node storage n = _nodes[account];
        return NodeView({
            role: n.role,
            peerKey: n.peerKey,
            sealingKey: n.sealingKey,
            stake: n.stake,
            locked: n.locked,
            slashes: n.slashes,
            parts: n.parts,
            withdrawableAt: n.withdrawableAt
        });
    }

    /// @inheritdoc IScatterAccounts
    function challengePool() external view returns (uint256) {
        return _challengePool;
    }

    /// @inheritdoc IScatterAccounts
    function poolLength(Role role) external view returns (uint256) {
        return _pools[role].length;
    }

    /// @inheritdoc IScatterAccounts
    function ticket(Role role) external view returns (uint256) {
        return _ticket(role);
    }

    /// @inheritdoc IScatterAccounts
    function poolNode(Role role, uint256 index) external view returns (address) {
        return _pools[role][index];
    }
}
