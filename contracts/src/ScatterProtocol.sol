// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Deadlines} from "./Deadlines.sol";
import {IScatterClaims} from "./IScatterClaims.sol";
import {IScatterDisputes} from "./IScatterDisputes.sol";
import {IScatterProtocol} from "./IScatterProtocol.sol";
import {Modules} from "./Modules.sol";
import {Nodes} from "./Nodes.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {ChallengeKind, Parameters} from "./ScatterTypes.sol";
import {Views} from "./Views.sol";

/// @title The Scatter protocol at one address; IScatterProtocol says what it does
/// @notice Nobody owns it, nothing in it can be changed or paused. It holds stakes, escrows and the challenge pool, never more and
/// never less (tokens sent to it by mistake stay in it). The honest way of a job is code of its own; draws, disputes and claims
/// are code of two modules, fixed when it is deployed.
contract ScatterProtocol is IScatterProtocol, Nodes, Deadlines, Views, Multicall {
    constructor(Parameters memory parameters, address claims, address disputes)
        ScatterStorage(parameters)
        Modules(parameters, claims, disputes)
    {}

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
    function owed(bytes32, address, uint256[] calldata) external view returns (uint256, uint256, uint256) {
        _delegateView(CLAIMS);
    }
}
