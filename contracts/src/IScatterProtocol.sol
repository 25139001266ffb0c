// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "./IScatterClaims.sol";
import {IScatterDisputes} from "./IScatterDisputes.sol";
import {IScatterErrors} from "./IScatterErrors.sol";
import {IScatterEvents} from "./IScatterEvents.sol";
import {IScatterJobs} from "./IScatterJobs.sol";
import {IScatterNodes} from "./IScatterNodes.sol";
import {IScatterParameters} from "./IScatterParameters.sol";
import {IScatterViews} from "./IScatterViews.sol";

/// @title The Scatter protocol: nodes with tickets, and federated jobs with escrow, committees, scores and claims
/// @notice Amounts are base units of the token (18 decimals), times are seconds, drawing blocks are block numbers. An action
/// is in time while block.timestamp <= deadline; `poke` acts once block.timestamp > deadline. Every refusal is a custom
/// error (IScatterErrors) and changes nothing.
/// @dev `multicall` (OpenZeppelin) batches calls of one sender, `permit` with what needs an allowance first.
interface IScatterProtocol is
    IScatterErrors,
    IScatterEvents,
    IScatterParameters,
    IScatterNodes,
    IScatterJobs,
    IScatterDisputes,
    IScatterClaims,
    IScatterViews
{}
