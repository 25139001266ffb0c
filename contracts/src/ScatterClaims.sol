// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claims} from "./Claims.sol";
import {Module} from "./Modules.sol";
import {Parameters} from "./ScatterTypes.sol";

/// @title The module of claims
contract ScatterClaims is Module, Claims {
    constructor(Parameters memory parameters) Module("ScatterClaims", parameters) {}
}
