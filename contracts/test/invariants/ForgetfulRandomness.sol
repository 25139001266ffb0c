// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRandomness} from "../../src/IRandomness.sol";

/// @title Randomness like that of block hashes, for tests: known from the next block on, and for 256 blocks
contract ForgetfulRandomness is IRandomness {
    uint256 private constant REMEMBERED = 256;

    /// @inheritdoc IRandomness
    function random(uint256 blockNumber, bytes32 salt) external view returns (bytes32) {
        if (blockNumber >= block.number || block.number - blockNumber > REMEMBERED) return 0;
        return keccak256(abi.encode(blockNumber, salt));
    }
}
