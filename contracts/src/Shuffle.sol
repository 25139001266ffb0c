// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeatKind} from "./ScatterTypes.sol";

/// @title A Fisher–Yates shuffle of 0 … length-1 that is walked only as far as needed
/// @dev Step i swaps position i with j = i + uint(keccak256(abi.encode(seed, uint8 kind, i))) % (length - i) and yields what is
/// then at i. Positions that no swap touched hold their own number, so only swapped ones are kept, in an open-addressing
/// table in memory: an entry is (position + 1) << 128 | value, and 0 is free.
library Shuffle {
    struct Walk {
        // in the order in which they are hashed
        bytes32 seed;
        SeatKind kind;
        uint256 step;
        uint256 length;
        uint256[] table;
    }

    /// @param steps most steps that will be taken; the table stays at most half full
    function begin(bytes32 seed, SeatKind kind, uint256 length, uint256 steps) internal pure returns (Walk memory walk) {
        uint256 size = 2;
        while (size < 2 * steps) size *= 2;
        walk = Walk(seed, kind, 0, length, new uint256[](size));
    }

    /// @dev Take the next step; there are `length` of them.
    function next(Walk memory walk) internal pure returns (uint256 index) {
        unchecked {
            uint256 i = walk.step;
            uint256 hash;
            assembly ("memory-safe") {
                hash := keccak256(walk, 96)
            }
            uint256 j = i + hash % (walk.length - i);
            walk.step = i + 1;
            (uint256 moved,) = _find(walk.table, i);
            uint256 place;
            (index, place) = _find(walk.table, j);
            // Position i is never looked at again: only j needs its new value.
            uint256 entry = ((j + 1) << 128) | moved;
            assembly ("memory-safe") {
                mstore(place, entry)
            }
        }
    }

    /// @dev The value at a position, and where in memory its entry is or belongs.
    function _find(uint256[] memory table, uint256 position) private pure returns (uint256 value, uint256 place) {
        assembly ("memory-safe") {
            let first := add(table, 32)
            let last := sub(mul(mload(table), 32), 32)
            let offset := and(mul(position, 32), last)
            value := position
            place := add(first, offset)
            for { let entry := mload(place) } entry { entry := mload(place) } {
                if eq(shr(128, entry), add(position, 1)) {
                    value := and(entry, 0xffffffffffffffffffffffffffffffff)
                    break
                }
                offset := and(add(offset, 32), last)
                place := add(first, offset)
            }
        }
    }
}
