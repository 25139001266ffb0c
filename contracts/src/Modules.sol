// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ScatterStorage} from "./ScatterStorage.sol";
import {Immutables} from "./ScatterTypes.sol";

/// @title Code of the protocol that lives at an address of its own
/// @dev It runs by delegatecall, on the protocol's storage. Called directly it finds no job in its own storage, and refuses.
abstract contract Module is ScatterStorage {
    /// @notice keccak256(abi.encode(string name, Immutables)): which module it is, and what it was deployed with.
    bytes32 public immutable fingerprint;

    constructor(string memory name, Immutables memory i) ScatterStorage(i) {
        fingerprint = keccak256(abi.encode(name, i));
    }
}

/// @title The protocol's side of its modules
abstract contract Modules is ScatterStorage {
    address internal immutable CLAIMS;
    address internal immutable DISPUTES;

    constructor(Immutables memory i, address claims, address disputes) {
        CLAIMS = _checked(claims, "ScatterClaims", i);
        DISPUTES = _checked(disputes, "ScatterDisputes", i);
    }

    function _checked(address module, string memory name, Immutables memory i) private view returns (address) {
        if (module.code.length == 0 || Module(module).fingerprint() != keccak256(abi.encode(name, i))) {
            revert ModuleMismatch(module);
        }
        return module;
    }

    /// @dev The whole call goes to the module, and its answer to the caller. Does not return.
    function _delegate(address module) internal {
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let done := delegatecall(gas(), module, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if done { return(data, returndatasize()) }
            revert(data, returndatasize())
        }
    }

    /// @dev The same for a function of the module that only reads.
    function _delegateView(address module) internal view {
        function(address) internal writing = _delegate;
        function(address) internal view reading;
        assembly ("memory-safe") {
            reading := writing
        }
        reading(module);
    }
}
