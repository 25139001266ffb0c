// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {Masks} from "./Masks.sol";

/// @title Opened words, by column: columns[w][i] is word w of the i-th in a mask
/// @dev What fits one word is stored; of more only the hash, and callers pass the words back.
library Openings {
    /// @dev From storage, where they fit one word.
    function stored(bytes32[38] storage kept, uint256 mask) internal view returns (uint256[][] memory columns) {
        columns = _empty(1, Masks.size(mask));
        uint256 i;
        for (uint256 number; mask >> number != 0; ++number) {
            if (Masks.has(mask, number)) columns[0][i++] = uint256(kept[number]);
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
            if (keccak256(abi.encodePacked(opened)) != hashes[number]) revert IScatterErrors.OpenedWordsMismatch(number);
            for (uint256 w; w < width; ++w) {
                columns[w][i] = opened[w];
            }
            ++i;
        }
    }

    function _empty(uint256 width, uint256 n) private pure returns (uint256[][] memory columns) {
        columns = new uint256[][](width);
        for (uint256 w; w < width; ++w) {
            columns[w] = new uint256[](n);
        }
    }
}
