// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeatKind} from "./ScatterTypes.sol";

/// @title A Fisher–Yates shuffle of 0 … length-1 that is walked only as far as needed
/// @dev Step i swaps position i with j = i + uint(keccak256(abi.encode(seed, uint8 kind, i))) % (length - i) and yields what is
/// then at i. Positions that no swap touched hold their own number, so only swapped ones are kept, in an open-addressing
/// table in memory: an entry is (position + 1) << 128 | value, and 0 is free.
library Shuffle {
    struct Walk {
        bytes32 seed;
        SeatKind kind;
        uint256 length;
        uint256[] table;
    }

    /// @param steps most steps that will be taken; the table stays at most half full
    function begin(bytes32 seed, SeatKind kind, uint256 length, uint256 steps)
        internal
        pure
        returns (Walk memory walk)
    {
        uint256 size = 2;
        while (size < 2 * steps) size *= 2;
        walk = Walk(seed, kind, length, new uint256[](size));
    }

    /// @dev Take step i; steps are taken in order from 0, and i < length.
    function next(Walk memory walk, uint256 i) internal pure returns (uint256 index) {
        unchecked {
            uint256 j = i + _hash(walk.seed, walk.kind, i) % (walk.length - i);
            (uint256 moved,) = _find(walk.table, i);
            uint256 place;
            (index, place) = _find(walk.table, j);
            // Position i is never looked at again: only j needs its new value.
            walk.table[place] = ((j + 1) << 128) | moved;
        }
    }

    /// @dev keccak256(abi.encode(seed, kind, i)), without leaving a copy in memory at every step.
    function _hash(bytes32 seed, SeatKind kind, uint256 i) private pure returns (uint256 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, seed)
            mstore(add(free, 32), kind)
            mstore(add(free, 64), i)
            hash := keccak256(free, 96)
        }
    }

    /// @dev The value at a position, and where in the table its entry is or belongs.
    function _find(uint256[] memory table, uint256 position) private pure returns (uint256 value, uint256 place) {
        unchecked {
            uint256 last = table.length - 1;
            for (place = position & last;; place = (place + 1) & last) {
                uint256 entry;
                // table[place], which always lies inside.
                assembly ("memory-safe") {
                    entry := mload(add(table, shl(5, add(place, 1))))
                }
                if (entry == 0) return (position, place);
                if (entry >> 128 == position + 1) return (uint128(entry), place);
            }
        }
    }
}
