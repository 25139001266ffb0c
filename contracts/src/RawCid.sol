// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The text of a CIDv1 of a raw block, as IPFS names it
/// @dev https://github.com/multiformats/cid: "b" for base32 (RFC 4648, lower case, no padding) of the bytes 01 55 12 20 and the
/// sha2-256 digest. The first four bytes make six letters that are always the same, and two bits that are zero.
library RawCid {
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    /// Letters for two zero bits and the digest: the last one has three bits of it.
    uint256 private constant LETTERS = 52;

    /// @param digest sha2-256 of the block
    /// @return 59 characters
    function text(bytes32 digest) internal pure returns (string memory) {
        bytes memory letters = new bytes(LETTERS);
        uint256 bits = uint256(digest);
        for (uint256 i; i < LETTERS - 1; ++i) {
            letters[i] = ALPHABET[(bits >> (253 - 5 * i)) & 31];
        }
        letters[LETTERS - 1] = ALPHABET[(bits << 2) & 31];
        return string.concat("bafkrei", string(letters));
    }
}
