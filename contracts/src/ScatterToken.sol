// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title The Scatter token, SCT: 18 decimals, fixed supply
/// @notice All of it is minted once, at deployment. After that the supply changes only when somebody burns his own.
contract ScatterToken is ERC20, ERC20Permit, ERC20Burnable {
    /// The supply must be at least 1 and fit in 96 bits, as amounts do in the protocol.
    error SupplyOutOfRange(uint256 supply);

    /// @param holder who gets the whole supply
    /// @param supply base units, 1..2^96-1
    constructor(address holder, uint256 supply) ERC20("Scatter", "SCT") ERC20Permit("Scatter") {
        if (supply == 0 || supply > type(uint96).max) revert SupplyOutOfRange(supply);
        _mint(holder, supply);
    }
}
