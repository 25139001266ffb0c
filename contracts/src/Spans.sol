// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Durations} from "./ScatterTypes.sol";

/// The durations of a job's states, in their order.
enum Span {
    Open,
    Keys,
    Train,
    Reveal,
    Commit,
    OpenScores,
    Aggregate,
    Challenge,
    Judge
}

/// @title Nine durations side by side, so that all terms of a job but its digests fit two words
library Spans {
    uint256 internal constant COUNT = 9;
    /// 30 days are fewer seconds than 2**22.
    uint256 private constant BITS = 22;

    function get(uint256 packed, Span span) internal pure returns (uint256) {
        unchecked {
            return (packed >> (BITS * uint256(span))) & ((1 << BITS) - 1);
        }
    }

    function pack(Durations memory d) internal pure returns (uint208 packed) {
        unchecked {
            for (uint256 i; i < COUNT; ++i) {
                packed |= uint208(at(d, i) << (BITS * i));
            }
        }
    }

    function unpack(uint256 packed) internal pure returns (Durations memory d) {
        unchecked {
            for (uint256 i; i < COUNT; ++i) {
                uint256 duration = get(packed, Span(i));
                assembly ("memory-safe") {
                    mstore(add(d, mul(i, 32)), duration)
                }
            }
        }
    }

    /// @dev The i-th. A struct in memory is its fields, one to a word.
    function at(Durations memory d, uint256 i) internal pure returns (uint256 duration) {
        assembly ("memory-safe") {
            duration := mload(add(d, mul(i, 32)))
        }
    }
}
