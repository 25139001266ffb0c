// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {Deadlines} from "./Deadlines.sol";
import {Nodes} from "./Nodes.sol";
import {Posting} from "./Posting.sol";
import {ScatterAccounts} from "./ScatterAccounts.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Parameters} from "./ScatterTypes.sol";

/// @title The Scatter protocol: one address; IScatterProtocol says what it does
/// @notice Nobody owns it, nothing in it can be changed or paused. It holds stakes, escrows and the challenge pool, never more and
/// never less (tokens sent to it by mistake stay in it).
/// @dev A contract has at most 24,576 bytes of code. So there are two: actions are here, and every other call is run by
/// ScatterAccounts on this contract's storage. Both are built on ScatterStorage and nothing else has storage, so they agree on it.
contract ScatterProtocol is Nodes, Posting, Deadlines, Multicall {
    address private immutable ACCOUNTS;

    constructor(Parameters memory parameters) ScatterStorage(parameters) {
        ACCOUNTS = address(new ScatterAccounts(parameters));
    }

    /// @dev Claims and views; answers and errors come back as they are.
    fallback(bytes calldata call) external returns (bytes memory) {
        return Address.functionDelegateCall(ACCOUNTS, call);
    }
}
