// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The protocol's owner: what is proposed can be executed after a delay, by anybody
/// @notice OpenZeppelin's TimelockController with a delay that cannot be made short, and without an administrator: only the timelock
/// itself, with the delay, can change who proposes. Proposers can also cancel.
contract ScatterTimelock is TimelockController {
    /// Delays have at least so many seconds.
    error DelayTooShort(uint256 delay, uint256 least);

    uint256 private constant DEVELOPMENT_CHAIN_ID = 31337;
    uint256 private constant LEAST_DELAY = 2 days;

    /// @param delay seconds from a proposal to its execution; on a development chain any
    constructor(uint256 delay, address[] memory proposers)
        TimelockController(_checked(delay), proposers, new address[](1), address(0))
    {}

    /// @inheritdoc TimelockController
    function updateDelay(uint256 newDelay) public override {
        super.updateDelay(_checked(newDelay));
    }

    function _checked(uint256 delay) private view returns (uint256) {
        if (delay < LEAST_DELAY && block.chainid != DEVELOPMENT_CHAIN_ID) revert DelayTooShort(delay, LEAST_DELAY);
        return delay;
    }
}
