// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterParameters} from "./IScatterParameters.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Parameters} from "./ScatterTypes.sol";

/// @title Parameters of jobs: versions that are only ever added, by the owner
abstract contract Versions is ScatterStorage, IScatterParameters {
    uint256 private constant MAX_JUROR_FEE_BPS = 300;

    /// @inheritdoc IScatterParameters
    function changeParameters(uint8 version, Parameters calldata changed) external {
        if (msg.sender != OWNER) revert NotOwner(msg.sender);
        uint8 present = _version;
        if (present == MAX_VERSIONS - 1) revert TooManyVersions(MAX_VERSIONS);
        // Of two changes that wait for the same version only one is made: the other was decided on without knowing it.
        if (version != present + 1) revert StaleParameters(present);
        _keep(version, changed);
    }

    function _keep(uint8 version, Parameters memory p) internal {
        _check(p);
        _version = version;
        _parameters[version] = p;
        emit ParametersChanged(version, p);
    }

    function _check(Parameters memory p) private pure {
        // A ticket locks at least one base unit for each seat.
        if (p.validatorTicket < BPS) revert ParameterOutOfRange("validatorTicket");
        if (p.challengerTicket < BPS) revert ParameterOutOfRange("challengerTicket");
        if (p.lockBps == 0 || p.lockBps > BPS) revert ParameterOutOfRange("lockBps");
        if (uint256(p.trainersBps) + p.membersBps > BPS) revert ParameterOutOfRange("membersBps");
        // All jurors of a job together take at most 93 % of the challenge pool.
        if (p.jurorFeeBps > MAX_JUROR_FEE_BPS) revert ParameterOutOfRange("jurorFeeBps");
        // Whoever sits on a committee can afford to contradict it.
        if (p.challengeBond > p.challengerTicket) revert ParameterOutOfRange("challengeBond");
    }
}
