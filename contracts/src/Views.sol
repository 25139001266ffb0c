// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterViews} from "./IScatterViews.sol";
import {Masks} from "./Masks.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {
    ChallengeKind,
    ChallengeView,
    Immutables,
    JobTerms,
    JobView,
    NodeView,
    Parameters,
    PartView,
    Role,
    RoundView,
    State
} from "./ScatterTypes.sol";
import {Spans} from "./Spans.sol";

/// @title Reading
abstract contract Views is ScatterStorage, IScatterViews {
    /// @inheritdoc IScatterViews
    function job(bytes32 jobId) external view returns (JobView memory) {
        Job storage j = _jobs[jobId];
        return JobView({
            state: j.state,
            reason: j.reason,
            round: j.state == State.Judging ? 0 : j.round,
            trainers: j.trainers,
            members: j.members,
            auditors: j.auditors,
            jurors: j.jurors,
            phase: j.phase,
            challenges: uint8(Masks.size(j.jury.challenged)),
            deadline: j.deadline,
            drawBlock: j.drawBlock,
            drawAttempt: j.drawAttempt,
            validators: j.validators,
            challengers: j.challengers,
            slashable: j.slashable,
            slashableJurors: j.jury.slashable,
            jurorFee: j.jury.fee
        });
    }

    /// @inheritdoc IScatterViews
    function terms(bytes32 jobId) external view returns (JobTerms memory) {
        Terms storage t = _jobs[jobId].terms;
        return JobTerms({
            trainingJob: t.trainingJob,
            evaluationJob: t.evaluationJob,
            jobKeyHash: t.jobKeyHash,
            roundPool: t.roundPool,
            slotStake: t.slotStake,
            rounds: t.rounds,
            members: t.members,
            auditors: t.auditors,
            minTrainers: t.minTrainers,
            maxTrainers: t.maxTrainers,
            rule: t.rule,
            minJury: t.minJury,
            parameters: t.parameters,
            faultBps: t.faultBps,
            maxShareBps: t.maxShareBps,
            tau: t.tau,
            durations: Spans.unpack(t.durations)
        });
    }

    /// @inheritdoc IScatterViews
    function round(bytes32 jobId, uint8 roundNumber) external view returns (RoundView memory) {
        Job storage j = _jobs[jobId];
        Round storage r = j.rounds[roundNumber];
        bool settled = r.sumPlusOne != 0;
        uint256[] memory scores = new uint256[](settled ? _wordCount(j.trainers) : 0);
        for (uint256 w; w < scores.length; ++w) {
            scores[w] = r.lanes[w];
        }
        uint40 paid = r.panel | (uint40(r.compared) << j.members);
        return RoundView({
            published: r.published,
            committed: r.committed,
            opened: r.opened,
            refused: r.refused,
            abstained: r.abstained,
            silent: r.silent,
            panel: r.panel,
            leftOut: settled ? uint40(_numbers(r)) & ~paid : 0,
            positiveSum: settled ? r.sumPlusOne - 1 : 0,
            settled: settled,
            scores: scores
        });
    }

    /// @inheritdoc IScatterViews
    function seats(bytes32 jobId) external view returns (address[] memory accounts) {
        Job storage j = _jobs[jobId];
        accounts = new address[](j.members);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = _pools[Role.Validator][j.seats[i]];
        }
    }

    /// @inheritdoc IScatterViews
    function auditors(bytes32 jobId) external view returns (address[] memory accounts) {
        Job storage j = _jobs[jobId];
        accounts = new address[](j.auditors);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = _pools[Role.Challenger][j.seats[j.members + i]];
        }
    }

    /// @inheritdoc IScatterViews
    function jurors(bytes32 jobId) external view returns (address[] memory accounts) {
        Job storage j = _jobs[jobId];
        accounts = new address[](j.jurors);
        for (uint256 i; i < accounts.length; ++i) {
            uint256 index = j.jurorAt[i];
            accounts[i] = index < j.validators
                ? _pools[Role.Validator][index]
                : _pools[Role.Challenger][index - j.validators];
        }
    }

    /// @inheritdoc IScatterViews
    function challenges(bytes32 jobId) external view returns (ChallengeView[] memory items) {
        Job storage j = _jobs[jobId];
        uint256 left = j.jury.challenged;
        items = new ChallengeView[](Masks.size(left));
        uint256 taken;
        for (uint256 i; left != 0; left &= left - 1) {
            uint256 place = Masks.least(left);
            Challenge storage c = j.challenges[place];
            (ChallengeKind kind, uint8 roundNumber) = _itemAt(j, place);
            items[i++] = ChallengeView({
                kind: kind,
                round: roundNumber,
                outcome: c.outcome,
                filers: c.filers,
                lost: c.lost & ~uint40(taken),
                committed: c.committed,
                opened: c.opened,
                agreed: c.agreed
            });
            if (j.state == State.Settled) taken |= c.lost;
        }
    }

    /// @inheritdoc IScatterViews
    function part(bytes32 jobId, address account) external view returns (PartView memory) {
        Part storage p = _jobs[jobId].parts[account];
        return PartView(p.role, p.kind, p.index, p.claimed, p.updates);
    }

    /// @inheritdoc IScatterViews
    function node(address account) external view returns (NodeView memory) {
        Node storage n = _nodes[account];
        return NodeView({
            role: n.role,
            peerKey: n.peerKey,
            sealingKey: n.sealingKey,
            stake: n.stake,
            locked: n.locked,
            slashes: n.slashes,
            withdrawableAt: n.withdrawableAt
        });
    }

    /// @inheritdoc IScatterViews
    function challengePool() external view returns (uint256) {
        return _challengePool;
    }

    /// @inheritdoc IScatterViews
    function poolLength(Role role) external view returns (uint256) {
        return _pools[role].length;
    }

    /// @inheritdoc IScatterViews
    function poolNode(Role role, uint256 index) external view returns (address) {
        return _pools[role][index];
    }

    /// @inheritdoc IScatterViews
    function ticket(Role role) external view returns (uint256) {
        return _ticket(_parameters[_version], role);
    }

    /// @inheritdoc IScatterViews
    function parametersVersion() external view returns (uint8) {
        return _version;
    }

    /// @inheritdoc IScatterViews
    function parameters(uint8 version) external view returns (Parameters memory) {
        return _parameters[version];
    }

    /// @inheritdoc IScatterViews
    function immutables() external view returns (Immutables memory) {
        return Immutables({
            token: address(TOKEN),
            randomness: address(RANDOMNESS),
            owner: OWNER,
            withdrawalDelay: uint32(WITHDRAWAL_DELAY),
            minimumDuration: uint32(MINIMUM_DURATION)
        });
    }
}
