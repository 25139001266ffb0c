// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Claims} from "./Claims.sol";
import {Deadlines} from "./Deadlines.sol";
import {Nodes} from "./Nodes.sol";
import {Posting} from "./Posting.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Parameters} from "./ScatterTypes.sol";
import {Views} from "./Views.sol";

/// @title The Scatter protocol in one contract; IScatterProtocol says what it does
/// @notice Nobody owns it, nothing in it can be changed or paused. It holds stakes, escrows and the challenge pool, never more and
/// never less (tokens sent to it by mistake stay in it).
contract ScatterProtocol is Nodes, Posting, Deadlines, Claims, Views, Multicall {
    constructor(Parameters memory parameters) ScatterStorage(parameters) {}
}
