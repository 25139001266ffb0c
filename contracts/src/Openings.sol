// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";

/// @title Opened words, by column: columns[w][i] is word w of the i-th in a mask
/// @dev What fits one word is stored; of more only the hash, and callers pass the words back.
library Openings {
    /// @dev From storage, where they fit one word.
    function stored(bytes32[38] storage kept, uint256 mask) internal view returns (uint256[][] memory columns) {
        columns = _empty(1, Masks.size(mask));
        uint256[] memory column = columns[0];
        uint256 i;
        for (uint256 number; mask >> number != 0; ++number) {
            if (Masks.has(mask, number)) Lanes.put(column, i++, uint256(kept[number]));
        }
    }

    /// @dev From words[from …], checked against their hashes.
    function passed(bytes32[38] storage hashes, uint256 mask, uint256 width, uint256[][] calldata words, uint256 from)
        internal
        view
        returns (uint256[][] memory columns)
    {
        columns = _empty(width, Masks.size(mask));
        uint256 i;
        for (uint8 number; mask >> number != 0; ++number) {
            if (!Masks.has(mask, number)) continue;
            uint256[] calldata opened = words[from + i];
            if (_hash(opened) != hashes[number]) revert IScatterErrors.OpenedWordsMismatch(number);
            _enter(columns, i++, opened);
        }
    }

    /// @dev keccak256(abi.encodePacked(opened)), without keeping the copy.
    function _hash(uint256[] calldata opened) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, opened.offset, mul(opened.length, 32))
            hash := keccak256(free, mul(opened.length, 32))
        }
    }

    /// @dev Word w of it becomes entry i of column w. What hashes to an opening has as many words as there are columns.
    function _enter(uint256[][] memory columns, uint256 i, uint256[] calldata opened) private pure {
        assembly ("memory-safe") {
            let word := opened.offset
            let column := add(columns, 32)
            for { let end := add(column, mul(mload(columns), 32)) } lt(column, end) { column := add(column, 32) } {
                mstore(add(add(mload(column), 32), mul(i, 32)), calldataload(word))
                word := add(word, 32)
            }
        }
    }

    function _empty(uint256 width, uint256 n) private pure returns (uint256[][] memory columns) {
        columns = new uint256[][](width);
        for (uint256 w; w < width; ++w) {
            columns[w] = new uint256[](n);
        }
    }
}
