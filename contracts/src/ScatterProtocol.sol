// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Deadlines} from "./Deadlines.sol";
import {IScatterClaims} from "./IScatterClaims.sol";
import {IScatterDisputes} from "./IScatterDisputes.sol";
import {IScatterProtocol} from "./IScatterProtocol.sol";
import {IScatterViews} from "./IScatterViews.sol";
import {Modules} from "./Modules.sol";
import {Nodes} from "./Nodes.sol";
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
    RoundView
} from "./ScatterTypes.sol";
import {Versions} from "./Versions.sol";

/// @title The Scatter protocol at one address; IScatterProtocol says what it does
/// @notice Its code cannot be changed or paused. Its owner, a timelock, can change parameters of jobs that are not posted yet, and
/// nothing else. It holds stakes, escrows and the challenge pool, never more and never less (tokens sent to it by mistake stay in
/// it). The honest way of a job is code of its own; draws, disputes and claims are code of two modules, fixed when it is deployed.
contract ScatterProtocol is IScatterProtocol, Versions, Nodes, Deadlines, Multicall {
    constructor(Immutables memory immutables_, Parameters memory first, address claims, address disputes)
        ScatterStorage(immutables_)
        Modules(immutables_, claims, disputes)
    {
        _keep(0, first);
    }

    /// @inheritdoc IScatterDisputes
    function challenge(bytes32, ChallengeKind, uint8) external {
        _delegate(DISPUTES);
    }

    /// @inheritdoc IScatterDisputes
    function commitVerdict(bytes32, ChallengeKind, uint8, bytes32) external {
        _delegate(DISPUTES);
    }

    /// @inheritdoc IScatterDisputes
    function openVerdict(bytes32, ChallengeKind, uint8, uint256[] calldata, bytes32, bytes32) external {
        _delegate(DISPUTES);
    }

    /// @inheritdoc IScatterDisputes
    function tally(bytes32, ChallengeKind, uint8, uint256[][] calldata) external {
        _delegate(DISPUTES);
    }

    /// @inheritdoc IScatterClaims
    function claim(bytes32, address[] calldata, uint256[] calldata) external {
        _delegate(CLAIMS);
    }

    /// @inheritdoc IScatterClaims
    function owed(bytes32, address, uint256[] calldata)
        external
        view
        returns (uint256 paid, uint256 penalty, uint256 toChallengePool)
    {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function job(bytes32) external view returns (JobView memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function terms(bytes32) external view returns (JobTerms memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function round(bytes32, uint8) external view returns (RoundView memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function seats(bytes32) external view returns (address[] memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function auditors(bytes32) external view returns (address[] memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function jurors(bytes32) external view returns (address[] memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function challenges(bytes32) external view returns (ChallengeView[] memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function part(bytes32, address) external view returns (PartView memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function node(address) external view returns (NodeView memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function challengePool() external view returns (uint256) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function poolLength(Role) external view returns (uint256) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function poolNode(Role, uint256) external view returns (address) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function ticket(Role) external view returns (uint256) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function parametersVersion() external view returns (uint8) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function parameters(uint8) external view returns (Parameters memory) {
        _delegateView(CLAIMS);
    }

    /// @inheritdoc IScatterViews
    function immutables() external view returns (Immutables memory) {
        _delegateView(CLAIMS);
    }
}
