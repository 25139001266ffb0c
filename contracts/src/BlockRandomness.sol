// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {IRandomness} from "./IRandomness.sol";

/// @title Randomness from block hashes
/// @notice A hash is known for 8,191 blocks where the chain has the EIP-2935 history contract, for 256 elsewhere. Whoever
/// makes the named block can withhold it, no more; a sequencer that chooses hashes freely needs another IRandomness.
contract BlockRandomness is IRandomness {
    /// @inheritdoc IRandomness
    function random(uint256 blockNumber, bytes32 salt) external view returns (bytes32) {
        if (blockNumber >= block.number) return 0;
        bytes32 hash = Blockhash.blockHash(blockNumber);
        return hash == 0 ? bytes32(0) : keccak256(abi.encode(hash, salt));
    }
}
