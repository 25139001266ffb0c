// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claims} from "./Claims.sol";
import {Module} from "./Modules.sol";
import {Immutables} from "./ScatterTypes.sol";
import {Views} from "./Views.sol";

/// @title The module of claims and views
contract ScatterClaims is Module, Claims, Views {
    constructor(Immutables memory immutables_) Module("ScatterClaims", immutables_) {}
}
