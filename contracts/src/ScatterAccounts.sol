// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Claims} from "./Claims.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Parameters} from "./ScatterTypes.sol";
import {Views} from "./Views.sol";

/// @title The second half of the protocol's code: claims and views
/// @notice ScatterProtocol deploys it and runs its code on its own storage. Called directly it knows no jobs and holds nothing.
contract ScatterAccounts is Claims, Views {
    constructor(Parameters memory parameters) ScatterStorage(parameters) {}
}
