// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Parameters} from "./ScatterTypes.sol";

/// @title What the owner may do, which is all that it may do
interface IScatterParameters {
    /// @notice The owner sets the parameters of jobs that are posted from now on. Jobs that were posted keep theirs.
    /// @param version the number that these get: one more than the present one
    function changeParameters(uint8 version, Parameters calldata changed) external;
}
