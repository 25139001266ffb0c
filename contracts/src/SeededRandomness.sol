// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRandomness} from "./IRandomness.sol";

/// @title Randomness that repeats, for development chains
/// @notice keccak256(abi.encode(seed, salt)) for every past block, so that a run can be repeated. Anybody can predict it:
/// it refuses to be deployed on any chain but 31337.
contract SeededRandomness is IRandomness {
    /// SeededRandomness is for development chains (chain id 31337) only.
    error DevelopmentChainOnly(uint256 chainId);

    bytes32 public immutable seed;

    constructor(bytes32 seed_) {
        if (block.chainid != 31337) revert DevelopmentChainOnly(block.chainid);
        seed = seed_;
    }

    /// @inheritdoc IRandomness
    function random(uint256 blockNumber, bytes32 salt) external view returns (bytes32) {
        return blockNumber < block.number ? keccak256(abi.encode(seed, salt)) : bytes32(0);
    }
}
