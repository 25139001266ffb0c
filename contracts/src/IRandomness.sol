// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title A source of randomness that nobody knows before a named block exists
interface IRandomness {
    /// @param blockNumber a block that was named before it existed
    /// @param salt what the randomness is for; different salts give independent values
    /// @return 0 when it is not known yet, or not any more
    function random(uint256 blockNumber, bytes32 salt) external view returns (bytes32);
}
